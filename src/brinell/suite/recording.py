"""One session of pytest, from the wire's lines to the journal's records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from brinell.core.observation import (
    Collected,
    CollectError,
    Frame,
    Further,
    Phase,
    Raised,
    Record,
    SeenTest,
    SuiteEnded,
    SuiteStarted,
    WarningSeen,
)
from brinell.suite import times
from brinell.suite import wire_lines as wire
from brinell.suite.untrusted import Names, clean, identity

OUTCOMES = frozenset({"passed", "failed", "skipped", "error", "xfailed", "xpassed"})
_PHASES = ("setup", "call", "teardown", "crash")
_TEXT_BUDGET = 20_000_000  # characters of longrepr and captured output in one session; beyond, only the last lines
_POOR_TEXT = 2000
_MOST_OWN_ERRORS = 20
_MOST_FURTHER = 10
_MOST_NAMED = 1000  # tests of one warning
_MOST_WARNINGS = 1000  # they are held to the end; the recorder writes 200, more is none of its doing


class Recording:
    """Turns lines into records and keeps what only the end of the session can say.

    ``argv``, ``interpreter`` and ``chosen_because`` are what the caller knows before pytest has said a word.
    """

    def __init__(self, argv: Sequence[str], interpreter: str, chosen_because: str, repeat: int = 0) -> None:
        self.started = SuiteStarted(tuple(argv), interpreter, chosen_because, repeat=repeat)
        self.said_hello = False
        self.no_pytest: wire.NoPytest | None = None
        self.done: wire.Done | None = None
        self.collected: int | None = None
        self.finished: list[str] = []  # ids of tests that are over, in order
        self.failures = 0
        self.malformed = 0  # lines that could not be understood
        self.running: dict[tuple[str, str | None], int] = {}  # (id, worker) -> start, monotonic ns
        self._repeat = repeat
        self._internal = ""
        self._own_errors: list[str] = []
        self._warnings: dict[int, wire.Warned] = {}
        self._text_left = _TEXT_BUDGET
        self._names = Names()
        self._times = times.Bounds()

    def feed(self, raw: bytes) -> Iterator[Record]:
        """Yield the records one line gives: none or one. Never raises for what the line holds."""
        try:
            line = wire.decode(raw)
            record = self._take(line) if line is not None else None
        except wire.MalformedError:
            self.malformed += 1
            return
        if record is not None:
            yield record

    def end(
        self,
        exit_status: int | None,
        seconds: float,
        *,
        cpu_s: float | None = None,
        signal: str | None = None,
        timed_out: bool = False,
        stderr_tail: Sequence[str] = (),
    ) -> Iterator[Record]:
        """Yield what is left once the process is gone; the last record is ``SuiteEnded``."""
        if not self.said_hello:
            yield self.started
        totals = self.done.warnings if self.done else wire.WarningTotals()
        for number, warning in self._warnings.items():
            yield self._warning(warning, str(number), totals)
        done = self.done
        yield SuiteEnded(
            exit_status,
            seconds,
            cpu_s,
            # Without hello pytest gave up before it could count: its empty summary says nothing.
            summary=dict(done.summary) if done and self.said_hello else None,
            signal=signal,
            timed_out=timed_out,
            running=tuple(self._names.of(test) for test, _ in self.running),
            stderr_tail=tuple(stderr_tail),
            repeat=self._repeat,
            stopped_by=clean(done.interrupted or "", 500) if done else "",
            internal_error=self._internal,
            malformed=self.malformed,
            recorder_errors=tuple(self._own_errors),
        )

    def _take(self, line: wire.Line) -> Record | None:
        match line:
            case wire.Start():
                self.running[line.id, line.worker] = line.t_ns
            case wire.TestLine():
                return self._test(line)
            case wire.Hello() if not self.said_hello:
                self.said_hello = True
                self.started = self._hello(line)
                return self.started
            case wire.CollectedLine():
                self.collected = line.count
                return Collected(line.count, line.deselected or 0, line.seconds, self._repeat)
            case wire.CollectErrorLine():
                self.failures += 1
                return self._collect_error(line)
            case wire.CollectSkip():
                module, reason = identity(line.nodeid), clean(line.reason, 2048)
                return SeenTest(module, "skipped", {}, path=module, reason=reason, repeat=self._repeat)
        return self._note(line)

    def _note(self, line: wire.Line) -> Record | None:
        """Keep what only the end can tell; times become records at once."""
        match line:
            case wire.Warned():
                if len(self._warnings) >= _MOST_WARNINGS:
                    raise wire.MalformedError("too many warnings")
                self._warnings[line.n] = line
            case wire.InternalError():
                self._internal = clean(line.text, 16_384)
            case wire.RecorderError() if len(self._own_errors) < _MOST_OWN_ERRORS:
                last = line.exc[-1] if line.exc else None
                self._own_errors.append(
                    clean(f"{line.where}: {last.type}: {last.message}" if last else line.where, 500)
                )
            case wire.NoPytest():
                self.no_pytest = line
            case wire.Done():
                self.done = line
            case wire.FixtureTimeLine() | wire.ImportTimeLine() | wire.SessionTimeLine():
                return times.record(line, self._repeat, self._times)
        return None

    def _hello(self, hello: wire.Hello) -> SuiteStarted:
        before = self.started
        return SuiteStarted(
            before.argv or ("pytest", *(clean(arg) for arg in hello.args)),
            clean(hello.executable) or before.interpreter,
            before.chosen_because,
            python=clean(hello.python, 100),
            pytest=clean(hello.pytest, 100),
            rootdir=clean(hello.rootdir),
            cwd=clean(hello.cwd),
            prefix=clean(hello.prefix),
            stdlib=tuple(map(clean, hello.stdlib)),
            site=tuple(map(clean, hello.site)),
            plugins={clean(name, 200): clean(version, 100) for name, version in hello.plugins.items()},
            repeat=self._repeat,
            xdist_workers=hello.xdist_workers,
        )

    def _collect_error(self, line: wire.CollectErrorLine) -> CollectError:
        return CollectError(identity(line.nodeid), _chain(line.exc), self._long(line.longrepr), self._repeat)

    def _warning(self, line: wire.Warned, number: str, totals: wire.WarningTotals) -> WarningSeen:
        tests = tuple(self._names.of(one) for one in totals.tests.get(number, ())[:_MOST_NAMED])
        return WarningSeen(
            clean(line.message, 2048),
            clean(line.category or "", 200),
            clean(line.file or "", 4096),
            line.line or 0,
            self._names.of(line.nodeid or ""),
            1 + max(0, totals.repeats.get(number, 0)),
            self._repeat,
            tests,
            max(0, totals.touched.get(number, 0)),
        )

    def _test(self, line: wire.TestLine) -> SeenTest:
        if line.outcome not in OUTCOMES:
            raise wire.MalformedError(f"no such outcome: {line.outcome[:50]!r}")
        self.running.pop((line.id, line.worker), None)
        outcome, teardown_error, counted = counting(line.outcome, line.counted, line.failed_phase)
        if line.final:
            self.finished.append(line.id)
            self.failures += teardown_error or outcome in ("failed", "error")
        phases = {
            name: Phase(state, seconds)
            for name, (seconds, state) in line.phases.items()
            if name in _PHASES and state in OUTCOMES
        }
        seen = SeenTest(
            self._names.of(line.id),
            outcome,
            phases,
            path=identity(line.path),
            line=line.line,
            markers=tuple(mark if mark.isidentifier() else clean(mark, 200) for mark in line.markers),
            worker=clean(line.worker or "", 100),
            attempt=max(0, line.attempt - 1),
            final=line.final,
            reason=clean(line.reason or "", 2048),
            teardown_error=teardown_error,
            start_ns=line.start_ns,
            repeat=self._repeat,
            counted=counted,
            cpu_s=times.seconds(line.cpu),
            fixtures_s=times.seconds(line.fixtures[0] if line.fixtures else None),
            fixtures_cpu_s=times.seconds(line.fixtures[1] if line.fixtures else None),
            starved_s=times.seconds(line.starved),
            fixtures_starved_s=times.seconds(line.fixtures[2] if line.fixtures else None),
        )
        return self._failed(seen, line) if line.failed_phase or line.subtests else seen

    def _failed(self, seen: SeenTest, line: wire.TestLine) -> SeenTest:
        """Add what is known about a failure; where only subtests failed, the first of them speaks for the test."""
        exc, longrepr, failed_phase = line.exc, line.longrepr, line.failed_phase
        parts = line.subtests or wire.Subtests()
        if failed_phase is None and parts.failures:
            failed_phase, exc, longrepr = "call", parts.failures[0].exc, parts.failures[0].longrepr
        elif exc is None and parts.failures:
            exc, longrepr = parts.failures[0].exc, parts.failures[0].longrepr or longrepr
        further, left_out = _further(line, exc)
        return SeenTest(
            **{name: getattr(seen, name) for name in seen.__struct_fields__ if name not in _FAILURE_FIELDS},
            failed_phase=failed_phase,
            chain=_chain(exc),
            fixture=clean(line.fixture.name or "", 512) or None if line.fixture else None,
            longrepr=self._long(longrepr),
            sections={clean(title, 256): kept for title, text in line.sections if (kept := self._long(text))},
            further=further,
            further_left_out=left_out,
            subtests_failed=parts.failed,
        )

    def _long(self, text: str | None) -> str:
        text = text or ""
        if self._text_left <= 0:
            text = _end_of(text)
        text = clean(text, 16_400)
        self._text_left -= len(text)
        return text


def _end_of(text: str) -> str:
    """The last lines: there pytest says what failed and a log its traceback. Never the end of a line, which a secret's
    name may begin.
    """
    if len(text) <= _POOR_TEXT:
        return text
    begin = text.find("\n", len(text) - _POOR_TEXT) + 1
    return text[begin:] if begin else text[:_POOR_TEXT]


_FAILURE_FIELDS = frozenset(
    {"failed_phase", "chain", "fixture", "longrepr", "sections", "further", "further_left_out", "subtests_failed"}
)


def counting(
    outcome: str, counted: Sequence[str] | None, failed_phase: str | None
) -> tuple[str, bool, tuple[str, ...]]:
    """Return a test's outcome in the journal's terms, whether its teardown failed as well, and what to keep of
    ``counted``: nothing, where outcome and teardown error already say it.

    The wire calls a test with a failing teardown ``error``; pytest counts its call first, and so does the journal.
    """
    if counted is None:
        return outcome, False, ()
    counts = tuple(clean(word, 100) for word in counted) or ("",)
    main = [word for word in counts if word in OUTCOMES]
    teardown_error = False
    if main and main[-1] == "error" and (failed_phase == "teardown" or len(main) > 1):
        teardown_error = True
        if outcome == "error" and failed_phase == "teardown":
            outcome = main[0] if len(main) > 1 else "passed"
    told = (outcome, "error") if teardown_error else (outcome,)
    return outcome, teardown_error, () if counts == told else counts


def _chain(exc: Iterable[wire.Exc] | None) -> tuple[Raised, ...]:
    """The journal's chain: what was reported first, its causes after it; of a group's members, the first one's."""
    out: list[Raised] = []
    for entry in reversed(tuple(exc or ())):
        out.append(_raised(entry))
        members = _chain(entry.children[0]) if entry.children else ()
        out += [msgspec.structs.replace(first, link="member") for first in members[:1]]
        out += members[1:]
    return tuple(out[:10])


def _further(line: wire.TestLine, exc: Sequence[wire.Exc] | None) -> tuple[tuple[Further, ...], int]:
    """What failed beside ``exc``, which speaks for the test; and how many more there were than are kept."""
    found = [Further(clean(one.phase, 20), _chain(one.exc)) for one in line.also_failed]
    found += _members(exc)
    parts = line.subtests or wire.Subtests()
    others = parts.failures[1:] if parts.failures and parts.failures[0].exc is exc else parts.failures
    found += [Further(clean(f"subtest {one.description}", 200), _chain(one.exc)) for one in others]
    unseen = _unseen(exc) + max(0, parts.failed - len(parts.failures))
    return tuple(found[:_MOST_FURTHER]), unseen + max(0, len(found) - _MOST_FURTHER)


def _members(exc: Iterable[wire.Exc] | None) -> Iterator[Further]:
    """Members of exception groups but those whose chain ``_chain`` follows, groups inside groups included."""
    for entry in reversed(tuple(exc or ())):
        children = entry.children or ()
        for number, child in enumerate(children, 1):
            if number > 1 and child:
                yield Further(f"member {number} of {max(entry.children_count, len(children))}", _chain(child))
            yield from _members(child)


def _unseen(exc: Iterable[wire.Exc] | None) -> int:
    """How many members of exception groups the recorder had no room for."""
    return sum(
        max(0, entry.children_count - len(entry.children or ())) + sum(map(_unseen, entry.children or ()))
        for entry in exc or ()
    )


def _raised(entry: wire.Exc) -> Raised:
    frames = [Frame(clean(f.file), clean(f.function, 512), f.line or 0, clean(f.text, 200)) for f in entry.frames]
    if entry.syntax and entry.syntax.file:  # the file that does not parse has no frame of its own
        text = clean((entry.syntax.text or "").strip(), 200)
        frames.append(Frame(clean(entry.syntax.file), "<module>", entry.syntax.line or 0, text))
    return Raised(
        clean(entry.type or "?", 512),
        clean(entry.message, 2048),
        clean(entry.module or "", 512),
        tuple(frames),
        clean(entry.import_name, 512) if entry.import_name and entry.type == "ModuleNotFoundError" else None,
        clean(entry.link or "", 20),
    )


def read_recording(path: Path, chosen_because: str) -> Iterator[Record]:
    """Yield the records of a file that ``pytest --brinell`` wrote; exit status and seconds are what pytest said itself.

    A file that ends without ``done`` is a session that was killed: its exit status is None.
    """
    recording = Recording((), "", chosen_because)
    with path.open("rb") as file:
        for raw in iter(lambda: file.readline(wire.MAX_LINE_BYTES), b""):
            if raw.strip() and (raw.endswith(b"\n") or len(raw) == wire.MAX_LINE_BYTES):  # no torn last line
                yield from recording.feed(raw)
    done = recording.done
    yield from recording.end(done.exitstatus if done else None, (done.seconds if done else None) or 0.0)
