"""A server that does nothing: whatever whole request comes, it answers 200 without a body, at once.

It knows the requests that will come byte for byte, so it parses nothing; one loop over epoll, no more work for a
request than reading and writing it takes. What visitors say is for a ``Talk``; how it comes here, TLS or not, is the
same for all of them.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
from collections.abc import Callable, Collection
from typing import NoReturn, Protocol

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"  # without a body it is right for HEAD as well
_BACKLOG = 1024
_READ_BYTES = 1 << 16
_EVENTS = 256
_PATIENCE_S = 5.0  # with a visitor whose socket takes no more: whoever is meant reads whatever comes
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Talk(Protocol):
    """One visitor's conversation."""

    def take(self, data: bytes) -> bytes | None:
        """Return what to answer to these bytes, nothing perhaps; None: the visitor is a stranger, or is done."""
        ...


Say = Callable[[bytes], bool]
"""Send to one visitor; False: it is gone."""


class Requests:
    """One visitor's requests of HTTP/1.1, one after the other."""

    __slots__ = ("_held", "_longest", "_sizes", "_whole")

    def __init__(self, whole: frozenset[bytes], sizes: frozenset[int]) -> None:
        self._whole = whole
        self._sizes = sizes
        self._longest = max(sizes)  # whoever says more than that is a stranger
        self._held = bytearray()  # of a request that has not come whole

    @classmethod
    def knowing(cls, requests: Collection[bytes]) -> Callable[[Say], Talk]:
        """Return what makes conversations in which these requests come."""
        whole, sizes = frozenset(requests), frozenset(map(len, requests))
        return lambda _: cls(whole, sizes)

    def take(self, data: bytes) -> bytes | None:
        """Answer a request that is whole."""
        if data in self._whole:
            return ANSWER
        held = self._held
        held += data
        if len(held) in self._sizes and bytes(held) in self._whole:
            held.clear()
            return ANSWER
        return b"" if len(held) < self._longest else None


def listener() -> socket.socket:
    """Return a socket that listens on a free port of 127.0.0.1."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.bind(("127.0.0.1", 0))
    made.listen(_BACKLOG)
    made.setblocking(False)
    return made


def serve(
    listening: socket.socket, talks: Callable[[Say], Talk], parent: int, secure: ssl.SSLContext | None = None
) -> NoReturn:
    """Answer until the pipe ``parent`` ends; then end the process, without ceremony: it is a fork."""
    epoll = select.epoll()
    epoll.register(listening.fileno(), select.EPOLLIN)
    epoll.register(parent, select.EPOLLIN)
    visitors: dict[int, _Visitor] = {}
    while True:
        for fd, _ in epoll.poll(-1, _EVENTS):
            if fd == parent:
                os._exit(0)
            if fd == listening.fileno():
                for sock in _accept(listening, secure):
                    visitors[sock.fileno()] = _Visitor(sock, talks)
                    epoll.register(sock.fileno(), select.EPOLLIN)
                continue
            if not visitors[fd].come():
                epoll.unregister(fd)
                visitors.pop(fd).leave()


def _accept(listening: socket.socket, secure: ssl.SSLContext | None) -> list[socket.socket]:
    """Accept whoever waits."""
    found: list[socket.socket] = []
    with contextlib.suppress(OSError):
        while True:
            visitor, _ = listening.accept()
            visitor.setblocking(False)
            visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure is not None:
                visitor = secure.wrap_socket(visitor, server_side=True, do_handshake_on_connect=False)
            found.append(visitor)
    return found


class _Visitor:
    """One connection: its socket and its conversation."""

    __slots__ = ("_secure", "_shaking", "_sock", "_talk")

    def __init__(self, sock: socket.socket, talks: Callable[[Say], Talk]) -> None:
        self._sock = sock
        self._secure = sock if isinstance(sock, ssl.SSLSocket) else None
        self._shaking = self._secure is not None
        self._talk: Talk | None = talks(self._say)

    def come(self) -> bool:
        """Read once, and answer; False: the visitor is gone."""
        try:
            if self._shaking and self._secure is not None:
                self._secure.do_handshake()
                self._shaking = False
            heard = self._hear()
            while heard and self._secure is not None and self._secure.pending():
                heard = self._hear()
        except _LATER:
            return True
        except OSError:
            return False
        return heard

    def leave(self) -> None:
        """Close it, and drop what its conversation holds of it."""
        self._talk = None
        self._sock.close()

    def _hear(self) -> bool:
        data = self._sock.recv(_READ_BYTES)
        answer = self._talk.take(data) if data and self._talk is not None else None
        return answer is not None and (not answer or self._say(answer))

    def _say(self, data: bytes) -> bool:
        sock = self._sock
        try:
            sent = sock.send(data)
        except _LATER:
            sent = 0
        except OSError:
            return False
        return sent == len(data) or self._say_rest(memoryview(data)[sent:])

    def _say_rest(self, data: memoryview) -> bool:
        """Wait for the visitor to read: moments, because it does."""
        try:
            self._sock.settimeout(_PATIENCE_S)
            self._sock.sendall(data)
            self._sock.setblocking(False)
        except OSError:
            return False
        return True
