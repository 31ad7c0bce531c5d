"""The line to the probe inside the service's processes: its environment, its socket, and what it says as records.

What comes is the subject's word: sizes are bounded, what is not understood is counted and left out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from brinell.core.errors import BrinellError
from brinell.core.redact import one_line
from brinell.core.vitals_records import MOST_BUSIEST, MOST_POOLS, MOST_STACKS, BusyThread, Pool, ProbeLook, Stack
from brinell.subject.inside import inside

VARIABLE = "BRINELL_VITALS"
VERSION = 1
_MOST_BYTES = 1 << 17
_MOST_AT_ONCE = 2000  # datagrams in one look
_MOST_LAGS = 64
_MOST_FRAMES = 40  # of a stack
_BUFFER_BYTES = 1 << 20
_MOST_FOLDER_BYTES = 70  # a socket's path has room for 104 to 108, of which our own part takes about 25


class _Told(msgspec.Struct):
    """A datagram (``brinell_inside/vitals/__init__.py``)."""

    v: int
    pid: int
    at_ns: int
    span_ns: int
    cpu_ns: int = 0
    looks: int = 0
    busy: int = 0
    long: int = 0
    loop_cpu_ns: int | None = None
    lag: list[int] | None = None
    gc: tuple[int, int, int] = (0, 0, 0)
    tasks: int | None = None
    queued: int | None = None
    pool_threads: int | None = None
    threads: int | None = None
    pools: list[tuple[str, int, int | None]] = []
    frames: list[str] = []
    stacks: list[tuple[str, list[int], int, int]] = []
    busiest: list[tuple[str, int, list[int]]] = []
    stack_looks: int = 0
    task_looks: int = 0
    loop: str | None = None


_decoder = msgspec.json.Decoder(_Told)


class ProbeLine:
    """The tool's end. ``close`` it: a probe that finds nobody there ends."""

    def __init__(self) -> None:
        self.malformed = 0
        self._folder = tempfile.mkdtemp(prefix="brinell-", dir=_short_folder())  # only this user may enter it
        self._path = str(Path(self._folder) / "vitals")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._socket.setblocking(False)
        try:
            self._socket.bind(self._path)
        except OSError as error:
            self.close()
            why = f"the probe has no line: {self._path}: {error.strerror or error}"
            raise BrinellError(f"{why}; name another folder for temporary files (TMPDIR)") from None

    def environment(self, before: Mapping[str, str]) -> dict[str, str]:
        """Return what a process must be started with, beside ``before``, to speak on this line."""
        path = before.get("PYTHONPATH")
        folder = str(door())
        return {VARIABLE: self._path, "PYTHONPATH": os.pathsep.join((folder, path)) if path else folder}

    def read(self) -> list[ProbeLook]:
        """Return what has come since the last time, without waiting."""
        found: list[ProbeLook] = []
        for _ in range(_MOST_AT_ONCE):
            try:
                data = self._socket.recv(_MOST_BYTES)
            except OSError:
                break
            try:
                found.append(_look(_decoder.decode(data)))
            except (msgspec.DecodeError, ValueError):
                self.malformed += 1
        return found

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _short_folder() -> str | None:
    """Return a folder for temporary files whose path is short enough for a socket's; None: the usual one is."""
    return None if len(os.fsencode(tempfile.gettempdir())) <= _MOST_FOLDER_BYTES else "/tmp"  # noqa: S108 - see mkdtemp


def door() -> Path:
    """Return the folder whose ``sitecustomize.py`` starts the probe."""
    return inside("vitals/door/sitecustomize.py").parent


def _look(told: _Told) -> ProbeLook:
    """ValueError for what cannot be."""
    if told.v != VERSION or told.pid <= 0 or told.span_ns <= 0:
        raise ValueError("no look of a known version")
    lags = sorted(max(0, one) for one in (told.lag or ())[:_MOST_LAGS])
    frames = [one_line(text, 240).replace(";", ",") for text in told.frames[:2000]]
    collections, total_ns, longest_ns = told.gc
    return ProbeLook(
        at_ns=told.at_ns,
        pid=told.pid,
        span_ns=told.span_ns,
        cpu_s=told.cpu_ns / 1e9,
        looks=told.looks,
        busy=told.busy,
        long=told.long,
        loop_cpu_s=None if told.loop_cpu_ns is None else told.loop_cpu_ns / 1e9,
        lag_max_ms=lags[-1] / 1e6 if lags else None,
        gc_s=total_ns / 1e9,
        gc_longest_ms=longest_ns / 1e6,
        gc_count=collections,
        tasks=told.tasks,
        threads=told.threads,
        queued=told.queued,
        pools=tuple(Pool(one_line(kind, 40), out, most) for kind, out, most in told.pools[:MOST_POOLS]),
        stacks=tuple(_stack(frames, *row) for row in told.stacks[:MOST_STACKS]),
        stack_looks=told.stack_looks,
        task_looks=told.task_looks,
        pool_threads=told.pool_threads,
        busiest=tuple(_busy(frames, *row) for row in told.busiest[:MOST_BUSIEST]),
        loop=one_line(told.loop or "", 80),
        lags_us=tuple(one // 1000 for one in lags),
    )


def _busy(frames: list[str], name: str, used_ns: int, numbers: list[int]) -> BusyThread:
    return BusyThread(one_line(name, 80), used_ns / 1e9, _folded(frames, numbers))


def _stack(frames: list[str], of: str, numbers: list[int], count: int, long: int) -> Stack:
    if of not in ("loop", "thread", "task"):
        raise ValueError("no stack of a known sort")
    return Stack(of, _folded(frames, numbers), count, long)


def _folded(frames: list[str], numbers: list[int]) -> str:
    if not all(0 <= number < len(frames) for number in numbers):
        raise ValueError("no such frame")
    return ";".join(frames[number] for number in numbers[-_MOST_FRAMES:])
