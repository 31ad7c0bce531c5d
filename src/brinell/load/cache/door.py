"""An endpoint asked once, or by many at the same moment: over connections of their own, before the load.

A request is sent but for its last byte over every connection; then what is left to send is one byte each, microseconds
apart.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from brinell.load.drivers.http_exchange import decoded

MOST_BYTES = 1 << 20  # of one body
_CONNECT_S = 5.0
_LATE_S = 0.5


class Got(NamedTuple):
    """One answer. ``body`` decoded, and its first ``MOST_BYTES`` only."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it has what was asked for."""
        return 200 <= self.status < 300


class Door:
    """An address, and TLS where ``context`` is."""

    def __init__(
        self, address: tuple[str, int], context: ssl.SSLContext | None = None, name: str | None = None
    ) -> None:
        self.address = address
        self._context = context
        self._name = name

    def ask(self, request: bytes, patience_s: float) -> Got:
        """Send one request and read its answer. OSError or ValueError where there is none."""
        (got,) = self.together([request], patience_s)[0]
        if isinstance(got, Exception):
            raise got
        return got

    def together(self, requests: Sequence[bytes], patience_s: float) -> tuple[list[Got | Exception], int]:
        """Send all of them at the same moment; return what came of each, and ns until the last one was there."""
        socks: list[socket.socket] = []
        late = threading.Event()
        over: threading.Timer | None = None  # an answer that comes byte by byte never runs into a socket's own limit
        try:
            for request in requests:
                sock = self._open()
                socks.append(sock)
                sock.sendall(request[:-1])
            over = threading.Timer(patience_s + _LATE_S, _cut, [socks, late])
            over.daemon = True
            over.start()
            began = time.monotonic()
            for sock, request in zip(socks, requests, strict=True):
                with contextlib.suppress(OSError):  # told where its answer is read
                    sock.sendall(request[-1:])
            found: list[Got | Exception] = []
            for sock in socks:
                try:
                    sock.settimeout(max(0.01, began + patience_s - time.monotonic()))
                    found.append(_answer(sock))
                except (OSError, ValueError, http.client.HTTPException) as error:
                    found.append(TimeoutError(f"no whole answer within {patience_s:g} s") if late.is_set() else error)
            return found, int((time.monotonic() - began) * 1e9)
        finally:
            if over is not None:
                over.cancel()
            for sock in socks:
                sock.close()

    def _open(self) -> socket.socket:
        sock = socket.create_connection(self.address, _CONNECT_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is None:
            return sock
        try:
            return self._context.wrap_socket(sock, server_hostname=self._name)
        except OSError:
            sock.close()
            raise


def _cut(socks: list[socket.socket], late: threading.Event) -> None:
    late.set()
    for sock in socks:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _answer(sock: socket.socket) -> Got:
    with http.client.HTTPResponse(sock) as answer:
        answer.begin()
        body = answer.read(MOST_BYTES)
        if answer.length and len(body) < MOST_BYTES:
            raise ValueError(f"the answer ended {answer.length} bytes too early")
        headers = tuple(
            (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in answer.getheaders()
        )
    encoding = (answer.getheader("Content-Encoding") or "").lower().encode("latin-1", "replace")
    return Got(answer.status, headers, decoded(body, encoding, MOST_BYTES)[0] if encoding else body)
