"""One GET of the ready path, over a plain socket: bounded in time and size, and never silent for long."""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable
from typing import cast

import msgspec

from brinell.core.clock import Clock
from brinell.core.redact import one_line, redact

_SLICE_S = 0.2
_MOST_BYTES = 65536
_BODY_BYTES = 2048


class Answer(msgspec.Struct, frozen=True):
    """What came back: a status with the start of the body, or (status None) ``said`` tells what happened instead."""

    status: int | None
    said: str
    refused: bool = False  # nobody listens there

    @property
    def ready(self) -> bool:
        """Whether the status is 2xx."""
        return self.status is not None and 200 <= self.status < 300


def get(address: str, port: int, path: str, *, timeout_s: float, clock: Clock, tick: Callable[[], None]) -> Answer:
    """Ask ``http://address:port/path``; ``tick`` is called several times a second. Network failures are answers."""
    host = f"[{address}]" if ":" in address else address
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: brinell\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    deadline_ns = clock.now_ns() + round(timeout_s * 1e9)
    try:
        with socket.create_connection((address, port), timeout=_SLICE_S) as connection:
            connection.sendall(request.encode())
            received, complete = _receive(connection, deadline_ns, clock, tick)
    except ConnectionRefusedError:
        return Answer(None, "the connection was refused", refused=True)
    except OSError as error:
        return Answer(None, f"the connection failed: {one_line(str(error))}")
    if not received:
        return Answer(
            None,
            "it closed the connection without an answer"
            if complete
            else f"it took the connection and gave no answer within {timeout_s:.0f} s",
        )
    return _parse(received)


def _receive(connection: socket.socket, deadline_ns: int, clock: Clock, tick: Callable[[], None]) -> tuple[bytes, bool]:
    """Read until the end, enough of the body, or the deadline; return what came and whether it ended by itself."""
    received = b""
    while clock.now_ns() < deadline_ns and len(received) < _MOST_BYTES:
        tick()
        try:
            data = connection.recv(4096)
        except TimeoutError:
            continue
        except ConnectionResetError:
            return received, True
        received += data
        _, blank, body = received.partition(b"\r\n\r\n")
        if not data or (blank and (len(body) >= _BODY_BYTES or received[9:10] == b"2")):
            return received, True
    return received, False


class _Received:
    """As much of a socket as ``http.client`` needs to parse what was read from one."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)


def _parse(received: bytes) -> Answer:
    response = http.client.HTTPResponse(cast("socket.socket", _Received(received)))
    try:
        response.begin()
        body = b""
        if not 200 <= response.status < 300:
            body = _body(response)
        location = response.headers.get("Location")
    except (http.client.HTTPException, ValueError):
        start = one_line(redact(received[:80].decode(errors="replace")))
        return Answer(None, f"what it answers is not HTTP: {start!r}")
    said = f"to {location}" if location and 300 <= response.status < 400 else body.decode(errors="replace")
    return Answer(response.status, one_line(redact(said), 300))


def _body(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(_BODY_BYTES)
    except http.client.IncompleteRead as error:
        return error.partial
