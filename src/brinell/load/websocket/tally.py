"""What happened on all connections of a worker since the last second was told."""

from __future__ import annotations

from brinell.core.socket_records import SocketSecond


class Tally:
    """Counts as ``SocketSecond`` has them; bytes are those on the wire, handshakes left out."""

    __slots__ = (
        "after_close",
        "again",
        "changed",
        "closes",
        "failed",
        "foreign",
        "longest_ping_ns",
        "opened",
        "own_closes",
        "peer_pings",
        "pings",
        "pongs",
        "received",
        "received_bytes",
        "retyped",
        "sent",
        "sent_bytes",
        "served",
        "short",
        "strays",
        "unserved",
    )  # fmt: skip

    def __init__(self) -> None:
        self._restart()

    def close(self, code: int, *, own: bool) -> None:
        """A connection ended."""
        counts = self.own_closes if own else self.closes
        counts[str(code)] = counts.get(str(code), 0) + 1

    def take(self, worker: int, second: int, held: int, connecting: int) -> SocketSecond:
        """Return the second, and count anew. ``held`` connections are open, ``connecting`` not yet."""
        told = SocketSecond(
            worker=worker,
            second=second,
            open=held,
            connecting=connecting,
            opened=self.opened,
            failed=self.failed,
            sent=self.sent,
            received=self.received,
            sent_bytes=self.sent_bytes,
            received_bytes=self.received_bytes,
            closes=self.closes,
            own_closes=self.own_closes,
            pings=self.pings,
            pongs=self.pongs,
            max_ping_ns=self.longest_ping_ns,
            peer_pings=self.peer_pings,
            strays=self.strays,
            foreign=self.foreign,
            again=self.again,
            changed=self.changed,
            retyped=self.retyped,
            served=self.served,
            short=self.short,
            unserved=self.unserved,
            after_close=self.after_close,
        )
        self._restart()
        return told

    def _restart(self) -> None:
        self.opened = self.failed = 0
        self.sent = self.received = self.sent_bytes = self.received_bytes = self.strays = 0
        self.foreign = self.again = self.changed = self.retyped = 0
        self.served = self.short = self.unserved = self.after_close = 0
        self.pings = self.pongs = self.longest_ping_ns = self.peer_pings = 0
        self.closes: dict[str, int] = {}
        self.own_closes: dict[str, int] = {}
