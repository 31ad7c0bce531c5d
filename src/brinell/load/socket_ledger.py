"""The ledger of a WebSocket scenario: connections and deliveries are told, and counted as no requests."""

from __future__ import annotations

from brinell.core.histogram import Histogram
from brinell.core.load_records import LoadSlice
from brinell.core.plan import WebSocketSpec
from brinell.core.socket_records import ASIDE, DELIVERY, SocketSecond
from brinell.core.socket_view import as_load
from brinell.load.ledger import Ledger
from brinell.load.wire import FromWorker

_MS_NS = 1e6


class SocketLedger(Ledger):
    """Adds up messages of workers whose connections stay open. ``connections``: how many are to be made; 0: unknown."""

    def __init__(self, start_ns: int, span_s: float, does: WebSocketSpec, connections: int = 0) -> None:
        super().__init__(start_ns, span_s)
        self._does = does
        self._connections = connections
        self._opened = self._failed = 0
        self._now: dict[int, SocketSecond] = {}  # the last second of each worker
        self._delivered = Histogram()

    def add(self, message: FromWorker) -> None:
        """Count one message."""
        if isinstance(message, SocketSecond):
            self._now[message.worker] = message
            self._opened += message.opened
            self._failed += message.failed
        elif isinstance(message, LoadSlice) and message.operation in ASIDE:
            if message.operation == DELIVERY:
                self._delivered.add_sparse(message.response, message.max_response_ns)
        elif not isinstance(message, LoadSlice) or as_load(message, self._does.mode) is not None:
            super().add(message)

    @property
    def in_vain(self) -> bool:
        """Whether every connection came to nothing, and none will be made again."""
        is_all = 0 < self._connections <= self._failed
        return is_all and not self._opened and self._does.reconnect_s is None

    def line(self) -> str:
        """Return, for example, ``2000 open, 20000/s received, p99 3.1 ms``."""
        rows = self._now.values()
        if not rows:
            return "making connections"
        told = f"{sum(one.open for one in rows)} open"
        connecting = sum(one.connecting for one in rows)
        told += f", {connecting} connecting" if connecting else ""
        if max(one.second for one in rows) < 0:
            return told
        told += f", {sum(one.received for one in rows)}/s received"
        if self._does.mode != "broadcast":
            return f"{told}, {super().line()}"
        (p99,) = self._delivered.quantiles_ns([0.99])
        return f"{told}, delivery p99 {(p99 or 0) / _MS_NS:.3g} ms"
