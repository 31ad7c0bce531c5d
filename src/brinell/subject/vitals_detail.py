"""The subject in detail, from outside: each of its processes, each core, the queue of connections, memory.

On Linux three small files per process and five of the machine are read at each look; what costs more (descriptor
tables) is looked at every fourth time, and not at all where a process has thousands of descriptors.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types

from brinell.core.redact import one_line, redact
from brinell.core.vitals_records import MOST_PROCESSES, ProcessLook, VitalsDetail
from brinell.subject import process_table
from brinell.subject import vitals_detail_sockets as tcp

MOST_DESCRIPTORS = 4096
SLOW_EVERY = 4
MOST_THREADS = 32  # of a process, each of which is looked at
_LINUX = sys.platform == "linux"
_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


class DetailSampler:
    """Looks at the processes that it is given. What is looked at now and then is kept in between."""

    def __init__(self) -> None:
        self._looks = 0
        self._names: dict[int, str] = {}
        self._limits: dict[int, int | None] = {}
        self._sockets: dict[int, set[int]] = {}
        self._ports: set[int] = set()
        self._listening: dict[int, bool] = {}
        self._connections: dict[int, int | None] = {}
        self._waited: dict[
            int, tuple[int, dict[str, int]]
        ] = {}  # nanoseconds in all, and of each thread when last seen

    def look(self, at_ns: int, pids: Sequence[int]) -> VitalsDetail:
        """Return one look at these processes and their machine."""
        slow = self._looks % SLOW_EVERY == 0
        self._looks += 1
        if not _LINUX:
            return _elsewhere(at_ns, pids)
        for known in (self._names, self._limits, self._listening, self._connections, self._sockets, self._waited):
            for gone in known.keys() - set(pids):
                del known[gone]
        queue, most = self._queues(pids, slow=slow)
        processes = [one for one in (self._process(pid, slow=slow) for pid in pids) if one is not None]
        processes.sort(key=lambda one: (-one.cpu_s, one.pid))
        busy, steal, running = _cores(_text(_PROC / "stat"))
        memory, available = _memory(_text(_PROC / "meminfo"))
        return VitalsDetail(
            at_ns=at_ns,
            processes=tuple(processes[:MOST_PROCESSES]),
            left_out=max(0, len(processes) - MOST_PROCESSES),
            busy_s=busy,
            running=running,
            steal_s=steal,
            accept_queue=queue,
            accept_limit=most,
            refused=tcp.overflows(),
            memory_bytes=memory,
            available_bytes=available,
            swapped_in=_number(_text(_PROC / "vmstat"), "pswpin "),
        )

    def _queues(self, pids: Sequence[int], *, slow: bool) -> tuple[int | None, int | None]:
        """The fullest queue of the subject's sockets that listen, and what it may hold."""
        listening = tcp.sockets_in(tcp.LISTEN)
        if listening is None:
            return None, None
        if slow:
            for pid in pids:
                found = tcp.inodes(pid, MOST_DESCRIPTORS)
                if found is not None:
                    self._sockets[pid] = found
            self._count(listening)
        own = set().union(*self._sockets.values())
        queues = [(one.queue, one.most) for one in listening if one.inode in own]
        return max(queues, key=lambda pair: pair[0] / max(1, pair[1])) if queues else (None, None)

    def _count(self, listening: list[tcp.Socket]) -> None:
        """Which processes listen, and how many connections to these ports each has."""
        numbers = {one.inode: one.port for one in listening}
        own = set().union(*self._sockets.values())
        ports = {port for inode, port in numbers.items() if inode in own}
        established = {one.inode for one in tcp.sockets_in(tcp.ESTABLISHED) or () if one.port in ports}
        for pid, inodes in self._sockets.items():
            self._listening[pid] = not numbers.keys().isdisjoint(inodes)
            self._connections[pid] = len(established & inodes) if ports else None

    def _process(self, pid: int, *, slow: bool) -> ProcessLook | None:
        told = process_table.stat(pid)
        if told is None:
            return None
        name, fields = told
        status = _text(_PROC / str(pid) / "status")
        if slow or pid not in self._names:
            self._limits[pid] = _limit(_text(_PROC / str(pid) / "limits"))
            self._names[pid] = called(pid, name)
        return ProcessLook(
            pid=pid,
            name=self._names[pid],
            parent=int(fields[1]),
            cpu_s=(int(fields[11]) + int(fields[12])) * _TICK_S,
            rss_bytes=int(fields[21]) * _PAGE_BYTES,
            fds=_descriptors(pid),
            fd_limit=self._limits.get(pid),
            threads=int(fields[17]),
            voluntary=_number(status, "voluntary_ctxt_switches:"),
            involuntary=_number(status, "nonvoluntary_ctxt_switches:"),
            starved_s=self._starved(pid, int(fields[17])),
            major_faults=int(fields[9]),
            connections=self._connections.get(pid),
            listens=self._listening.get(pid, False),
        )

    def _starved(self, pid: int, threads: int) -> float | None:
        """How long its threads were ready to run without a core, added up; of very many threads, the first one only."""
        folder = _PROC / str(pid) / "task"
        try:
            names = os.listdir(folder) if threads <= MOST_THREADS else [str(pid)]  # noqa: PTH208 - no Path objects
        except OSError:
            return None
        total, before = self._waited.get(pid, (0, {}))
        now = {name: waited for name in names if (waited := _waited(folder / name / "schedstat")) is not None}
        if not now:
            return None
        total += sum(max(0, waited - before.get(name, 0 if before else waited)) for name, waited in now.items())
        self._waited[pid] = total, now
        return total / 1e9


def _waited(schedstat: Path) -> int | None:
    words = _text(schedstat).split()
    return int(words[1]) if len(words) > 1 and words[1].isdecimal() else None


def _text(path: Path) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def _number(text: str, name: str) -> int | None:
    """Read ``name 123`` at a line's beginning."""
    for line in text.splitlines():
        if line.startswith(name):
            words = line[len(name) :].split()
            return int(words[0]) if words and words[0].isdecimal() else None
    return None


def _cores(stat: str) -> tuple[tuple[float, ...], float | None, int | None]:
    """Read proc_stat(5): seconds each core was busy (or taken by a hypervisor), steal of all, tasks that run."""
    busy: list[float] = []
    steal = None
    for line in stat.splitlines():
        words = line.split()
        if line.startswith("cpu") and len(words) > 8:
            if words[0] == "cpu":
                steal = int(words[8]) * _TICK_S
            else:
                user, nice, system, _, _, irq, soft, stolen = map(int, words[1:9])
                busy.append((user + nice + system + irq + soft + stolen) * _TICK_S)
    return tuple(busy), steal, _number(stat, "procs_running")


def _memory(meminfo: str) -> tuple[int | None, int | None]:
    total, available = _number(meminfo, "MemTotal:"), _number(meminfo, "MemAvailable:")
    return None if total is None else total * 1024, None if available is None else available * 1024


def _limit(limits: str) -> int | None:
    return _number(limits, "Max open files")


def _descriptors(pid: int) -> int | None:
    folder = f"/proc/{pid}/fd"
    try:
        # Since Linux 6.2 the directory's size is the number of descriptors; before, it is 0.
        return os.stat(folder).st_size or len(os.listdir(folder))  # noqa: PTH116, PTH208 - costs less
    except OSError:
        return None


def called(pid: int, comm: str) -> str:
    """Name a process as people do: the program, and of a Python the script or module that it runs."""
    words = _text(_PROC / str(pid) / "cmdline").split("\0")
    program = os.path.basename(words[0]) if words[0] else comm  # noqa: PTH119 - text of the subject, no path of ours
    if not program.startswith(("python", "pypy")):
        return one_line(redact(comm if " " in program else program), 40) or comm
    arguments = words[1:]
    for index, word in enumerate(arguments):
        if word in ("-m", "-c"):
            if word == "-c":
                return "a worker" if "multiprocessing" in " ".join(arguments) else "python -c"
            return one_line(redact(arguments[index + 1]), 40) if index + 1 < len(arguments) else program
        if word and not word.startswith("-"):
            return one_line(redact(os.path.basename(word)), 40)  # noqa: PTH119 - as above
    return one_line(program, 40)


def _elsewhere(at_ns: int, pids: Sequence[int]) -> VitalsDetail:
    """The same where there is no /proc; a user may see less of other users' processes."""
    processes = [one for one in map(_psutil, pids) if one is not None]
    processes.sort(key=lambda one: (-one.cpu_s, one.pid))
    memory = psutil.virtual_memory()
    return VitalsDetail(
        at_ns=at_ns,
        processes=tuple(processes[:MOST_PROCESSES]),
        left_out=max(0, len(processes) - MOST_PROCESSES),
        busy_s=tuple(one.user + one.system + getattr(one, "nice", 0.0) for one in psutil.cpu_times(percpu=True)),
        memory_bytes=memory.total,
        available_bytes=memory.available,
    )


def _psutil(pid: int) -> ProcessLook | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times, switches = process.cpu_times(), process.num_ctx_switches()
            return ProcessLook(
                pid=pid,
                name=one_line(process.name(), 40),
                parent=process.ppid(),
                cpu_s=times.user + times.system,
                rss_bytes=process.memory_info().rss,
                fds=process.num_fds(),
                threads=process.num_threads(),
                voluntary=switches.voluntary,
                involuntary=switches.involuntary,
                listens=any(one.status == psutil.CONN_LISTEN for one in process.net_connections("tcp")),
            )
    except psutil.Error:
        return None
