"""Which processes of a service have taken connections: what is locked within one of them races between two."""

from __future__ import annotations

from brinell.subject import process_table
from brinell.subject.sockets import listening_pids
from brinell.subject.targets import is_loopback
from brinell.subject.vitals_detail_sockets import ESTABLISHED, inodes, sockets_in

_MOST = 20_000


class Places:
    """Processes that serve an address: those that listen there, without the parents that only watch over them."""

    def __init__(self, address: str, port: int) -> None:
        self._port = port
        pids = set(listening_pids(address, port)[0] if is_loopback(address) else [])
        table = process_table.table() if len(pids) > 1 else {}
        self._pids = [
            pid for pid in pids if not pids & {below.pid for below in process_table.tree(pid, table, pid)} - {pid}
        ]

    @property
    def number(self) -> int:
        """How many there are; 0 where it is not known."""
        return len(self._pids)

    def taken(self) -> int | None:
        """Return how many of them hold a connection now; None where that cannot be seen, or there is only one."""
        if self.number < 2:
            return None
        there = {one.inode for one in sockets_in(ESTABLISHED) or () if one.port == self._port and one.inode}
        return sum(not there.isdisjoint(inodes(pid, _MOST) or ()) for pid in self._pids) or None
