"""Processor time, memory, descriptors and threads of the subject, from outside, without its cooperation.

On Linux /proc is read directly: one pass over the process table and two looks per process of the subject, which is
cheap enough to do several times a second beside a load. Elsewhere psutil does it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types

from brinell.core.observation import Vitals
from brinell.subject import process_table

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

_Identity = tuple[int, str]  # pid and start time: a reused pid is another process


class _Reading(msgspec.Struct, frozen=True):
    cpu_ns: int  # whole: sums of fractions would go back by a rounding when their order changes
    rss_bytes: int | None
    fds: int | None
    threads: int | None


class Sampler:
    """Samples processes and their descendants. A process once seen stays followed, even if its parent ends.

    The processor time of a process that ended stays in the sum as it was last seen, so the sum never goes back; what
    it used after that last look is not in it.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._members = {(found.pid, found.started) for pid in pids if (found := process_table.find(pid)) is not None}
        self._cpu_ns: dict[_Identity, int] = {}  # of the living, as last seen
        self._ended_ns = 0

    def pids(self) -> list[int]:
        """Return the living processes of the subject, found anew, ascending."""
        return sorted(pid for pid, _ in self._discover())

    @property
    def members(self) -> list[int]:
        """The processes as the last look found them, ascending."""
        return sorted(pid for pid, _ in self._members)

    def sample(self, at_ns: int) -> Vitals:
        """Return what the subject uses now, stamped ``at_ns``. A sum is None where a part of it was not readable."""
        readings: list[_Reading] = []
        found = self._discover()
        for gone in self._cpu_ns.keys() - set(found):
            self._ended_ns += self._cpu_ns.pop(gone)
        for identity in found:
            reading = _read(identity[0])
            if reading is not None:
                readings.append(reading)
                self._cpu_ns[identity] = max(reading.cpu_ns, self._cpu_ns.get(identity, 0))
        return Vitals(
            at_ns=at_ns,
            processes=len(readings),
            cpu_s=(self._ended_ns + sum(self._cpu_ns.values())) / 1e9,
            rss_bytes=_total(reading.rss_bytes for reading in readings),
            fds=_total(reading.fds for reading in readings),
            threads=_total(reading.threads for reading in readings),
        )

    def _discover(self) -> list[_Identity]:
        processes = process_table.table()
        current = [pid for pid, started in self._members if pid in processes and processes[pid].started == started]
        found = {
            (process.pid, process.started)
            for root in current
            for process in (processes[root], *process_table.tree(root, processes))
            if process.alive
        }
        self._members = found
        return sorted(found)


def _total(parts: Iterable[int | None]) -> int | None:
    """Sum; None if there is nothing to sum or a part is missing."""
    known: list[int] = []
    for part in parts:
        if part is None:
            return None
        known.append(part)
    return sum(known) if known else None


def _read(pid: int) -> _Reading | None:
    return _read_proc(pid) if sys.platform == "linux" else _read_psutil(pid)


def _read_proc(pid: int) -> _Reading | None:
    """Read proc_pid_stat(5); None if the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - a Path costs as much as the read
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return _Reading(
        cpu_ns=(int(fields[11]) + int(fields[12])) * _TICK_NS,
        rss_bytes=int(fields[21]) * _PAGE_BYTES,
        fds=_count_fds(pid),
        threads=int(fields[17]),
    )


def _count_fds(pid: int) -> int | None:
    folder = f"/proc/{pid}/fd"
    try:
        # Since Linux 6.2 the directory's size is the number of descriptors; before, it is 0.
        return os.stat(folder).st_size or len(os.listdir(folder))  # noqa: PTH116, PTH208 - same
    except OSError:
        return None


def _read_psutil(pid: int) -> _Reading | None:
    """The same where there is no /proc. macOS shows a user the memory and descriptors of the user's processes only."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            return _Reading(
                round((times.user + times.system) * 1e9),
                process.memory_info().rss,
                process.num_fds(),
                process.num_threads(),
            )
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return _Reading(0, None, None, None)
