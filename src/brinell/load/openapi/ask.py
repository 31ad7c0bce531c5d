"""One request at a time, before the run: bounded in time and size, on a connection of its own kind and no other's.

Used for the document itself and for trying what was prepared. Nothing is retried and no redirect is followed.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from brinell.core.redact import one_line
from brinell.load import tls
from brinell.load.drivers.http_connection import ANNOUNCEMENTS
from brinell.load.drivers.http_exchange import decoded
from brinell.load.openapi.document import MOST_BYTES
from brinell.subject.targets import Target

MOST_ANSWER_BYTES = 4 << 20  # of an answer that is only tried
_SLICE_S = 0.3  # between two ticks while nothing comes


class NoAnswer(Exception):  # noqa: N818 - something that is told, and no fault of ours
    """What came instead of an answer."""


class Reply(NamedTuple):
    """``headers`` by lower-case name; ``body`` unpacked where it came packed. ``whole``: not cut at the limit."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool


class Asker:
    """Asks ``target`` at ``address``; ``tick`` is called while it waits."""

    def __init__(
        self, target: Target, address: str, tick: Callable[[], None], *, timeout_s: float = 5.0, verify: bool = True
    ) -> None:
        self._target = target
        self._address = address
        self._tick = tick
        self._timeout_s = timeout_s
        self._verify = verify
        self.asked = 0

    def ask(self, request: bytes, *, method: str = "GET", most: int = MOST_ANSWER_BYTES) -> Reply:
        """Send the bytes and return the answer. NoAnswer says what came instead."""
        self.asked += 1
        self._tick()
        until = time.monotonic() + self._timeout_s
        try:
            with self._connected() as sock:
                sock.settimeout(self._timeout_s)
                sock.sendall(request)
                return self._reply(sock, method, most, until)
        except TimeoutError:
            raise NoAnswer(f"no complete answer within {self._timeout_s:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(one_line(f"{type(error).__name__}: {error}", 160)) from None

    def document(self, head: bytes, path: str) -> bytes:
        """Return what stands at ``path`` (percent-encoded). NoAnswer where that is no document."""
        reply = self.ask(b"GET " + path.encode("ascii") + b" HTTP/1.1\r\n" + head, most=MOST_BYTES + 1)
        if 300 <= reply.status < 400:
            where = one_line(reply.headers.get("location", "somewhere else"), 100)
            raise NoAnswer(f"it says {reply.status}, see {where}: give that address")
        if reply.status != 200:
            raise NoAnswer(f"it says {reply.status}")
        return reply.body

    def _connected(self) -> socket.socket:
        sock = socket.create_connection((self._address, self._target.port), timeout=self._timeout_s)
        if self._target.scheme != "https":
            return sock
        return tls.context(verify=self._verify).wrap_socket(sock, server_hostname=self._target.host)

    def _reply(self, sock: socket.socket, method: str, most: int, until: float) -> Reply:
        stream = _Socket(_Reading(sock, until, self._tick))
        heads: list[http.client.HTTPResponse] = []  # kept: one that is let go of closes the stream
        while not heads or 100 < heads[-1].status < 200:  # announcements (103); the library passes over 100 only
            if len(heads) > ANNOUNCEMENTS:
                raise NoAnswer(f"more than {ANNOUNCEMENTS} announcements (1xx) and no answer")
            heads.append(http.client.HTTPResponse(stream, method=method))  # type: ignore[arg-type]  # only makefile
            heads[-1].begin()
        answer = heads[-1]
        body = answer.read(most)
        whole = answer.isclosed() or not answer.read(1)
        headers = {name.lower(): value for name, value in answer.getheaders()}
        if encoding := headers.pop("content-encoding", ""):
            body, said = decoded(body, encoding.lower().encode("latin-1", "replace"), most)
            whole = whole and not said
        return Reply(answer.status, headers, body, whole=whole)


class _Socket:
    """What ``HTTPResponse`` wants of a socket."""

    def __init__(self, reading: _Reading) -> None:
        self._stream: io.BufferedReader = io.BufferedReader(reading)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return self._stream


class _Reading(io.RawIOBase):
    """Reads until a moment and not after it, however slowly the bytes drip."""

    def __init__(self, sock: socket.socket, until: float, tick: Callable[[], None]) -> None:
        self._sock = sock
        self._until = until
        self._tick = tick

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            pending = isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()
            if pending or select.select([self._sock], [], [], min(left, _SLICE_S))[0]:
                self._sock.settimeout(max(0.001, left))
                return self._sock.recv_into(buffer)
            self._tick()
