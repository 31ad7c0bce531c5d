"""Stacks of a process of the subject from outside, by py-spy where it is on the path: some looks over two seconds.

py-spy reads the other process's memory and does not stop it (``--nonblocking``). It runs under the room's guard, and
nobody waits for it: ``poll`` is asked now and then.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from brinell.core.redact import one_line
from brinell.core.roles import Child, Room
from brinell.core.vitals_records import MOST_STACKS, Stack, StacksSeen
from brinell.subject.environments import own_line

PROGRAM = "py-spy"
RATE = 20
SECONDS = 2
PATIENCE_NS = 20_000_000_000  # for a process with a great deal to read
NO_PROGRAM = "py-spy is neither on the path nor beside Brinell, and shows from outside what a process does: {}"
_MOST_BYTES = 8 << 20
_MOST_FRAMES = 40
_THREAD = re.compile(r"thread \([^)]*\).*|process \d+.*")
_FRAME = re.compile(r"(?P<function>.*) \((?P<file>.*?)(?::(?P<line>\d+))?\)")
_STANDARD = re.compile(r".*/lib(?:64)?/python\d(?:\.\d+)?t?/")
_PACKAGES = re.compile(r".*/(?:site|dist)-packages/")
_PROBE = "brinell_inside/vitals/probe.py"  # our own thread
_RUNNER = "(python/asyncio/runners.py:"
_LOOP = re.compile(r"(?:\.|^)(?:run_forever|_run_once|run_until_complete)$")


def program() -> str | None:
    """Return where py-spy is: on the path, or beside the command ``brinell``, whose folder need not be on the path."""
    found, command = shutil.which(PROGRAM), Path(sys.argv[0])
    if found is None and command.name == "brinell":
        found = shutil.which(PROGRAM, path=str(command.resolve().parent))
    return found


class Spy:
    """One look of py-spy at one process. ValueError of ``start`` says why there is none."""

    def __init__(self, room: Room, pid: int, home: str) -> None:
        found = program()
        if found is None:
            raise ValueError(NO_PROGRAM.format(own_line(PROGRAM)))
        self.pid = pid
        self._home = home
        self._out = room.folder / f"stacks-{pid}.txt"
        self._log = room.folder / f"stacks-{pid}.log"
        self._begun_ns = room.clock.now_ns()
        self._child: Child = room.start(
            [
                *(found, "record", "--pid", str(pid), "--format", "raw", "--output", str(self._out)),
                *("--rate", str(RATE), "--duration", str(SECONDS)),
                *("--idle", "--threads", "--nonblocking", "--full-filenames"),
            ],
            stdout=self._log,
            stderr=self._log,
        )

    def poll(self, now_ns: int) -> StacksSeen | None:
        """Return what it saw once it is done, or why nothing; None while it looks."""
        status = self._child.poll()
        if status is None:
            if now_ns - self._begun_ns < PATIENCE_NS:
                return None
            self._child.stop(0.0)
        text, said = _read(self._out), _read(self._log)
        self.forget()
        end_ns = min(now_ns, self._begun_ns + PATIENCE_NS)
        looks, stacks = folded(text.splitlines(), self._home)
        if looks:
            return StacksSeen(self._begun_ns, end_ns, self.pid, looks, stacks)
        return StacksSeen(self._begun_ns, end_ns, self.pid, why=why(self.pid, status, said))

    def hurry(self) -> None:
        """Have it write down what it has seen so far."""
        self._child.signal(signal.SIGINT)

    def forget(self) -> None:
        """End it, and remove what it left."""
        if self._child.poll() is None:
            self._child.stop(0.0)
        for path in (self._out, self._log):
            with contextlib.suppress(OSError):
                path.unlink()


def why(pid: int, status: int | None, said: str) -> str:
    """Return why py-spy saw nothing."""
    lines = [line.removeprefix("Error: ") for line in said.splitlines() if line.strip() and "py-spy>" not in line]
    reason = one_line(lines[-1] if lines else f"status {status}", 160)
    if re.search(r"permission|not permitted|ptrace|root", said, re.IGNORECASE):
        help_ = "run as root, or allow it: sysctl kernel.yama.ptrace_scope=0 (in a container: --cap-add SYS_PTRACE)"
        return f"py-spy may not look into process {pid} ({reason}): {help_}"
    if status is None:
        return f"py-spy did not end in {PATIENCE_NS / 1e9:.0f} s"
    return f"py-spy saw nothing in process {pid}: {reason}"


def folded(lines: Iterable[str], home: str) -> tuple[int, tuple[Stack, ...]]:
    """Read py-spy's raw format; ``home`` is the folder that the project's files are named from.

    Returns the number of looks (as the thread that was seen most often counts them) and the most frequent stacks.
    """
    counts: dict[tuple[str, str], int] = {}
    threads: dict[str, int] = {}
    for line in lines:
        text, _, number = line.rpartition(" ")
        if not number.isdecimal() or not text or _PROBE in text:
            continue
        parts = text.split(";")
        named = [part for part in parts if _THREAD.fullmatch(part)]
        frames = [part for part in parts if part not in named]
        key = named[-1] if named else ""
        threads[key] = threads.get(key, 0) + int(number)
        rows = [_frame(part, home) for part in frames[-_MOST_FRAMES:]]
        of = "loop" if any(_is_loop(row) for row in rows) else "thread"
        stack = (of, ";".join(rows))
        counts[stack] = counts.get(stack, 0) + int(number)
    ranked = sorted(counts, key=lambda stack: (-counts[stack], stack))[:MOST_STACKS]
    return max(threads.values(), default=0), tuple(Stack(of, text, counts[of, text]) for of, text in ranked)


def _is_loop(row: str) -> bool:
    """Whether this frame runs an event loop; uvloop's own frames are not Python's, its runner's are."""
    return _RUNNER in row or _LOOP.search(row.partition(" (")[0]) is not None


def _frame(text: str, home: str) -> str:
    found = _FRAME.fullmatch(text)
    if found is None:
        return one_line(text, 120)
    function = found["function"].rpartition("<locals>.")[2]
    return one_line(f"{function} ({short(found['file'], home)}:{found['line'] or 0})", 240)


def short(file: str, home: str) -> str:
    """Name a file as the probe does: ``python/``, ``site-packages/``, ``./`` or absolute."""
    packages = _PACKAGES.match(file)
    if packages:
        return "site-packages/" + file[packages.end() :]
    standard = _STANDARD.match(file)
    if standard:
        return "python/" + file[standard.end() :]
    if file.startswith("<"):
        return "python/" + file
    inside = home.rstrip("/") + "/"
    return "./" + file.removeprefix(inside) if file.startswith(inside) or not file.startswith("/") else file


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode(errors="replace")
    except OSError:
        return ""
