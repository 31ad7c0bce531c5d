"""Watching the subject while it is under load: which processes, a sample of them twice a second, and each in detail."""

from __future__ import annotations

from pathlib import Path

from brinell.core.plan import LoadSpec
from brinell.core.redact import one_line
from brinell.core.roles import Room
from brinell.subject import process_table
from brinell.subject.probe import ProbeLine
from brinell.subject.sockets import listening_pids
from brinell.subject.targets import Target, is_loopback
from brinell.subject.vitals import Sampler
from brinell.subject.vitals_detail_watch import DetailWatch

EVERY_NS = 500_000_000


class SubjectWatch:
    """``pids`` are the subject's roots; where there are none, ``reason`` says why there are no numbers.

    ``others`` are the processes that listen, where the one that was named is neither above nor below any of them.
    Whoever knows that the subject falls behind sets ``strained``.
    """

    strained = False

    def __init__(self, room: Room, spec: LoadSpec, target: Target, address: str) -> None:
        self._room = room
        self.pids, self.reason = _find(room, spec, target, address)
        self._sampler = Sampler(self.pids)
        if self.pids and not self._sampler.pids():
            gone = ", ".join(str(pid) for pid in self.pids)
            self.pids, self.reason = [], f"there is no process {gone}"
        self.others = _others(spec, self.pids, target, address)
        self._next_ns = 0
        self._detail = DetailWatch(room, _line(room, spec) if self.pids else None, _log(room, spec))

    @property
    def members(self) -> list[int]:
        """The subject's processes as the last look found them."""
        return self._sampler.members

    def look(self, now_ns: int) -> None:
        """Sample if it is time to. A subject that is gone has no vitals."""
        if not self.pids:
            return
        self._detail.listen(now_ns, strained=self.strained)
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + EVERY_NS
        vitals = self._sampler.sample(now_ns)
        if vitals.processes:
            self._room.emit(vitals)
            self._detail.look(now_ns, self._sampler.members)

    def close(self, now_ns: int) -> None:
        """Take what was said until now, and end what still looks."""
        self._detail.close(now_ns)


class CallWatch(SubjectWatch):
    """The subject is what the workers themselves started: interpreters in which a function is called."""

    def __init__(self, room: Room, pids: list[int]) -> None:
        self._room = room
        self.pids, self.reason, self.others = pids, "", ()
        self._sampler = Sampler(pids)
        self._next_ns = 0
        self._detail = DetailWatch(room)


def _find(room: Room, spec: LoadSpec, target: Target, address: str) -> tuple[list[int], str]:
    """The process that was named, else the service of this run, else who owns the listening socket."""
    if spec.pid is not None:
        return [spec.pid], ""
    if spec.url is None:
        return [room.service().pid], ""
    if not is_loopback(address):
        return [], f"{target.host} is not loopback: if its process is on this machine, name it (pid)"
    return listening_pids(address, target.port)


def _line(room: Room, spec: LoadSpec) -> ProbeLine | None:
    """The line to the probe, where this run started the service with one."""
    line = None if spec.url is not None else getattr(room.service(), "probe", None)
    return line if isinstance(line, ProbeLine) else None


def _log(room: Room, spec: LoadSpec) -> Path | None:
    """Where the service writes, where this run started it."""
    log = None if spec.url is not None else getattr(room.service(), "log", None)
    return log if isinstance(log, Path) else None


def _others(spec: LoadSpec, pids: list[int], target: Target, address: str) -> tuple[str, ...]:
    """Whom one would have to watch instead of the process that was named; nobody where that cannot be told."""
    if spec.pid is None or not pids or not is_loopback(address):
        return ()
    owners, _ = listening_pids(address, target.port)
    processes = process_table.table()
    kin = {spec.pid, *(one.pid for one in process_table.tree(spec.pid, processes))}
    if any(owner in kin or _is_below(spec.pid, owner, processes) for owner in owners):
        return ()
    return tuple(f"pid {owner} ({one_line(process_table.name(owner), 40)})" for owner in owners)


def _is_below(pid: int, root: int, processes: dict[int, process_table.Process]) -> bool:
    return any(one.pid == pid for one in process_table.tree(root, processes))
