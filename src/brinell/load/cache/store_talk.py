"""A store spoken to over a connection that waits: to fill it before the load, and to ask how full it is meanwhile."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from brinell.core.cache_records import CacheHeld, CachePrepared
from brinell.core.redact import one_line, redact
from brinell.load.cache.protocols import Dialect

FILL_S = 30.0
WAIT_S = 5.0
_PIECE = 500  # sets that are sent before their answers are read, and
_PIECE_BYTES = 1 << 20  # bytes of them
_EVERY_S = 1.0
_ASK_S = 1.0


def fill(
    address: tuple[str, int],
    dialect: Dialect,
    sets: Iterable[tuple[int, Callable[[], bytes]]],
    wanted: int,
    acknowledged: Callable[[int], None],
) -> CachePrepared:
    """Carry out ``sets``, each a key and what makes its request; say how many were. It takes ``FILL_S`` at most."""
    began, filled, why = time.monotonic(), 0, ""
    try:
        with socket.create_connection(address, WAIT_S) as sock:
            for keys, data in _pieces(sets):
                sock.sendall(data)
                _read(sock, dialect, keys, acknowledged)
                filled += len(keys)
                if time.monotonic() - began > FILL_S and filled < wanted:
                    why = f"it took longer than {FILL_S:g} s"
                    break
    except (OSError, ValueError) as error:
        why = one_line(redact(str(error)), 200)
    return CachePrepared(0, dialect.name, wanted, filled, time.monotonic() - began, why)


def _pieces(sets: Iterable[tuple[int, Callable[[], bytes]]]) -> Iterator[tuple[list[int], bytes]]:
    keys: list[int] = []
    data = bytearray()
    for key, request in sets:
        keys.append(key)
        data += request()
        if len(keys) >= _PIECE or len(data) >= _PIECE_BYTES:
            yield keys, bytes(data)
            keys, data = [], bytearray()
    if keys:
        yield keys, bytes(data)


def _read(sock: socket.socket, dialect: Dialect, keys: list[int], acknowledged: Callable[[int], None]) -> None:
    """Read an answer for each set. ValueError at one that is an error."""
    held = bytearray()
    for key in keys:
        while (reply := dialect.reply(held)) is None:
            data = sock.recv(1 << 16)
            if not data:
                raise ValueError("the connection was closed")
            held += data
        if reply.error:
            raise ValueError(reply.error)
        del held[: reply.end]
        acknowledged(key)


class Fullness(threading.Thread):
    """Asks once a second how many entries there are and how many were evicted. A store that does not say is asked no
    more.
    """

    def __init__(self, address: tuple[str, int], dialect: Dialect) -> None:
        super().__init__(name="brinell-fullness", daemon=True)
        self._address, self._dialect = address, dialect
        self._found: deque[CacheHeld] = deque()
        self._first: int | None = None

    def take(self) -> list[CacheHeld]:
        """Return what was found since the last call."""
        return [self._found.popleft() for _ in range(len(self._found))]

    def run(self) -> None:
        """Look until the process ends."""
        with (
            contextlib.suppress(OSError, ValueError, KeyError),
            socket.create_connection(self._address, _ASK_S) as sock,
        ):
            while True:
                counts = self._counts(sock)
                first = self._first = counts[1] if self._first is None else self._first
                self._found.append(CacheHeld(0, time.monotonic_ns(), counts[0], counts[1] - first))
                time.sleep(_EVERY_S)

    def _counts(self, sock: socket.socket) -> tuple[int, int]:
        """Return entries, and evictions since it was started."""
        held = bytearray()
        sock.sendall(self._dialect.ask_fullness())
        while (counts := self._dialect.fullness(held)) is None:
            data = sock.recv(1 << 16)
            if not data:
                raise ValueError("the connection was closed")
            held += data
        return counts
