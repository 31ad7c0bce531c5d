"""A server that does nothing: whatever whole request comes, it answers 200 without a body, at once.

It knows the requests that will come byte for byte, so it parses nothing; one loop over epoll, no more work for a
request than reading and writing it takes.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import Collection
from typing import NoReturn

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"  # without a body it is right for HEAD as well
_BACKLOG = 1024
_READ_BYTES = 1 << 16
_EVENTS = 256


def listener() -> socket.socket:
    """Return a socket that listens on a free port of 127.0.0.1."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.bind(("127.0.0.1", 0))
    made.listen(_BACKLOG)
    made.setblocking(False)
    return made


def serve(listening: socket.socket, requests: Collection[bytes], parent: int) -> NoReturn:
    """Answer until the pipe ``parent`` ends; then end the process, without ceremony: it is a fork."""
    whole, sizes = frozenset(requests), {len(request) for request in requests}
    longest = max(sizes)  # whoever says more than that is a stranger
    epoll = select.epoll()
    epoll.register(listening.fileno(), select.EPOLLIN)
    epoll.register(parent, select.EPOLLIN)
    open_: dict[int, socket.socket] = {}
    begun: dict[int, bytearray] = {}  # requests that have not come whole
    while True:
        for fd, _ in epoll.poll(-1, _EVENTS):
            if fd == parent:
                os._exit(0)
            if fd == listening.fileno():
                open_ |= {one.fileno(): one for one in accept(listening, epoll)}
                continue
            visitor = open_[fd]
            try:
                data = visitor.recv(_READ_BYTES)
                if data in whole:
                    visitor.send(ANSWER)
                    continue
                held = begun.setdefault(fd, bytearray())
                held += data
                if len(held) in sizes and bytes(held) in whole:
                    held.clear()
                    visitor.send(ANSWER)
                    continue
                if data and len(held) < longest:
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass  # the visitor is gone, as at its regular end
            epoll.unregister(fd)
            begun.pop(fd, None)
            open_.pop(fd).close()


def accept(listening: socket.socket, epoll: select.epoll) -> list[socket.socket]:
    """Accept whoever waits, and watch them."""
    found: list[socket.socket] = []
    with contextlib.suppress(OSError):
        while True:
            visitor, _ = listening.accept()
            visitor.setblocking(False)
            visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            epoll.register(visitor.fileno(), select.EPOLLIN)
            found.append(visitor)
    return found
