"""Commands a person can type, run as they would run them: what the last word is based on."""

from __future__ import annotations

import contextlib
import os
import select
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from brinell.core.roles import Room
from brinell.subject.wire_pipe import LineReader
from brinell.suite import wire_lines
from brinell.suite.lab.server import Command
from brinell.suite.session import launcher
from brinell.suite.untrusted import clean

_WAIT_MS = 50
_CHUNK_BYTES = 65_536
_READS = 16
TWICE = """\
import copy, pytest, sys
class Twice:
    def pytest_collection_modifyitems(self, items):
        items += list(map(copy.copy, items))
        [item._initrequest() for item in items[len(items) // 2:] if hasattr(item, "_initrequest")]
sys.exit(pytest.main(sys.argv[1:], plugins=[Twice()]))"""
"""Runs a test twice in one process: pytest itself drops an id that it is given twice."""
TYPED = """\
import pytest, sys
class Typed:
    bad = set()
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        yield
        items.sort(key=lambda item: sys.argv.index(item.nodeid))
    def pytest_runtest_logreport(self, report):
        self.bad |= {report.nodeid} if report.failed else set()
status = pytest.main(sys.argv[1:], plugins=[Typed()])
sys.exit(status if Typed.bad <= {sys.argv[-1]} else 7)"""
"""Runs tests in the order in which they are typed, where a conftest would put them in another one. Status 1: the last
one failed, and no other.
"""
_LETTERS = {"passed": "p", "failed": "f", "error": "e", "skipped": "s", "xfailed": "x", "xpassed": "X"}


class Asked(msgspec.Struct, frozen=True):
    """``pytest options ids`` in a process of its own; ``env`` is added to the command's.

    ``twice``: its one test runs twice there; that the second time fails is the exit status.
    """

    ids: tuple[str, ...]
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = {}
    deadline_s: float = 60.0
    prefix: tuple[str, ...] = ()  # words before the interpreter: ``faketime …``, ``prlimit …``
    key: int = 0  # the asker's
    twice: bool = False
    typed: bool = False  # the order counts, whatever the project's conftest makes of it: the exit status says the rest


class Answer(msgspec.Struct, frozen=True):
    """One letter for each id (as in ``Exam``; d: it never ended), and what the last failure said."""

    asked: Asked
    outcomes: str
    exit_status: int | None
    seconds: float
    message: str = ""
    in_order: bool = True  # those that began are the first of those asked for, one after the other


class PlainRuns:
    """Runs such commands, ``at_once`` side by side, with the recorder in them."""

    def __init__(self, room: Room, command: Command, at_once: int = 1) -> None:
        self._room = room
        self._command = command
        self._at_once = at_once

    def run(self, asked: Iterable[Asked]) -> Iterator[Answer]:
        """Yield answers as they come in; ticks. ``Interrupted`` passes through once nothing runs any more."""
        waiting = deque(asked)
        running: list[_Run] = []
        try:
            while waiting or running:
                while waiting and len(running) < self._at_once:
                    running.append(_Run(self._room, self._command, waiting.popleft()))
                poll = select.poll()
                for fd in (fd for run in running for fd in run.open_fds()):
                    poll.register(fd, select.POLLIN)
                poll.poll(_WAIT_MS)
                self._room.tick()
                for run in list(running):
                    if run.look(self._room.clock.now_ns()):
                        running.remove(run)
                        yield run.answer()
        finally:
            for run in running:
                run.end()


class _Run:
    def __init__(self, room: Room, command: Command, asked: Asked) -> None:
        self._asked = asked
        self._begun_ns = self._ended_ns = room.clock.now_ns()
        self._outcomes: dict[str, str] = {}
        self._message = ""
        self._out_ended = False
        wire, wire_end = os.pipe()
        self._out, out_end = os.pipe()
        os.set_blocking(self._out, False)
        script = TWICE if asked.twice else TYPED if asked.typed else ""
        how = ["-c", script] if script else [str(launcher()), "--fd", str(wire_end), "--"]
        try:
            self._child = room.start(
                [*asked.prefix, command.python, *how, *command.args, *asked.options, *asked.ids],
                cwd=command.cwd, env={**command.env, **asked.env}, stdout=out_end, stderr=out_end, pass_fds=(wire_end,),
            )  # fmt: skip
        finally:
            os.close(wire_end)
            os.close(out_end)
        self.lines = LineReader(wire, wire_lines.MAX_LINE_BYTES)

    def open_fds(self) -> list[int]:
        """Return what more may come from: a process that prints a lot must not wait for our next look."""
        ends = ((self.lines.fileno(), self.lines.ended), (self._out, self._out_ended))
        return [fd for fd, over in ends if not over]

    def look(self, now_ns: int) -> bool:
        """Read; whether the process is gone and everything it said is read."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(_READS):
                if not os.read(self._out, _CHUNK_BYTES):
                    self._out_ended = True
                    break
        gone = self._child.poll() is not None
        for raw in self.lines.read():
            with contextlib.suppress(wire_lines.MalformedError):
                self._take(wire_lines.decode(raw))
        self._ended_ns = now_ns
        if not gone and now_ns - self._begun_ns > self._asked.deadline_s * 1e9:
            self._child.stop(0.0)
        return gone

    def _take(self, line: wire_lines.Line | None) -> None:
        match line:
            case wire_lines.Start():
                self._outcomes.setdefault(line.id, "d")
            case wire_lines.TestLine() if line.final:
                self._outcomes[line.id] = _LETTERS.get(line.outcome, "f")
                if line.exc:
                    raised = line.exc[-1]
                    first = raised.message.strip().splitlines()[:1]
                    self._message = clean(": ".join(filter(None, (raised.type, *first))), 300)
            case _:
                pass

    def answer(self) -> Answer:
        """Return what came out; the descriptors are closed."""
        status = self._child.poll()
        self.end()
        outcomes = "".join(self._outcomes.get(name, "") for name in dict.fromkeys(self._asked.ids))
        if self._asked.twice:
            outcomes = {0: "pp", 1: "pf"}.get(-1 if status is None else status, "")
        elif self._asked.typed:
            good = "p" * (len(self._asked.ids) - 1)
            outcomes = {0: good + "p", 1: good + "f"}.get(-1 if status is None else status, "")
        in_order = tuple(self._outcomes) == tuple(dict.fromkeys(self._asked.ids))[: len(self._outcomes)]
        seconds = (self._ended_ns - self._begun_ns) / 1e9
        return Answer(self._asked, outcomes, status, seconds, self._message, in_order)

    def end(self) -> None:
        """End the process if it runs; close what was opened."""
        if self._child.poll() is None:
            self._child.stop(0.0)
        os.close(self.lines.fileno())
        os.close(self._out)


def quiet_options(plugins: Sequence[str]) -> tuple[str, ...]:
    """Return the options that keep the order as typed and every test run once, for the plug-ins that are there.

    Plug-ins stay: options for them may stand in the project's addopts.
    """
    known = {
        "pytest-randomly": ("--randomly-dont-reorganize",),
        "pytest-random-order": ("-p", "no:random_order"),
        "pytest-rerunfailures": ("--reruns", "0"),
        "pytest-xdist": ("-n", "0"),
    }
    return tuple(option for name, options in known.items() if name in plugins for option in options)
