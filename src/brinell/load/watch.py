"""Watching the subject from outside while it is under load: which processes, and a sample of them twice a second."""

from __future__ import annotations

from brinell.core.plan import LoadSpec
from brinell.core.roles import Room
from brinell.subject.sockets import listening_pids
from brinell.subject.targets import Target, is_loopback
from brinell.subject.vitals import Sampler

EVERY_NS = 500_000_000


class SubjectWatch:
    """``pids`` are the subject's roots; where there are none, ``reason`` says why there are no numbers."""

    def __init__(self, room: Room, spec: LoadSpec, target: Target, address: str) -> None:
        self._room = room
        self.pids, self.reason = _find(room, spec, target, address)
        self._sampler = Sampler(self.pids)
        if self.pids and not self._sampler.pids():
            gone = ", ".join(str(pid) for pid in self.pids)
            self.pids, self.reason = [], f"there is no process {gone}"
        self._next_ns = 0

    def look(self, now_ns: int) -> None:
        """Sample if it is time to. A subject that is gone has no vitals."""
        if not self.pids or now_ns < self._next_ns:
            return
        self._next_ns = now_ns + EVERY_NS
        vitals = self._sampler.sample(now_ns)
        if vitals.processes:
            self._room.emit(vitals)


def _find(room: Room, spec: LoadSpec, target: Target, address: str) -> tuple[list[int], str]:
    """The process that was named, else the service of this run, else who owns the listening socket."""
    if spec.pid is not None:
        return [spec.pid], ""
    if spec.url is None:
        return [room.service().pid], ""
    if not is_loopback(address):
        return [], f"{target.host} is another machine"
    return listening_pids(address, target.port)
