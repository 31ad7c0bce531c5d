"""A new connection for every request: closed with its answer, whether or not the server would keep it open."""

from __future__ import annotations

from brinell.load.drivers.http_answer import Head
from brinell.load.drivers.http_connection import HttpConnection, HttpOperation


class OnceConnection(HttpConnection):
    """Nothing is known beforehand of its answer: there is no second one that could be the same."""

    __slots__ = ()

    def _whole(self, operation: HttpOperation, head: Head, data: bytes, ended: int) -> None:
        operation.cell(head.outcome).bytes_in += len(data)
        self.status = head.status
        self.used = True
        self.host.answered(self, ended, head.outcome, keep=False)

    def _complete(self, head: Head, ended: int, *, keep: bool) -> None:
        del keep
        super()._complete(head, ended, keep=False)
