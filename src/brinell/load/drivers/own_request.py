"""Connections whose requests are their own, one after the other, and not their operation's: what sessions need."""

from __future__ import annotations

from brinell.load.engine.connection import SENDING, Connection
from brinell.load.engine.poller import READ, WRITE
from brinell.load.engine.work import Operation


class OwnRequest(Connection):
    """``request`` is what it sends, set before ``begin`` or ``open``. Stands before the class that reads answers."""

    __slots__ = ()
    request: bytes

    def begin(self, operation: Operation, due: int, woken: int, now: int) -> None:
        """Send ``request`` over this open connection at ``now``."""
        self.operation, self.due, self.woken, self.started = operation, due, woken, now
        self.attempt = 0
        try:
            sent = self.send(self.request)
        except OSError as error:
            self.unsent(error)
            return
        if sent != len(self.request):
            self.send_rest(sent)

    def send_rest(self, sent: int) -> None:
        """Send what the socket did not take as soon as it takes more."""
        self.rest = memoryview(self.request)[sent:]
        self.phase = SENDING
        self.host.urgent.add(self)
        self.host.poller.change(self.fd, READ | WRITE, self._on_sending)
