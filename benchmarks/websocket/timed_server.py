"""A WebSocket server that writes down when it sent what, so that what a tool says of delays can be held against it.

It works on one message at a time, first come first served. On ``/echo`` a message takes ``--service-ms`` exponentially
on average and goes back; on any other path everybody hears it, one after the other, ``--gap-us`` apart. Of every frame
that it sends it writes down the moment minus the ``due`` of the stamp in it (nanoseconds; all processes of a machine
share the clock), to ``--out`` on SIGTERM. The port is the first line on standard output.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import random
import re
import select
import signal
import socket
import time
from array import array
from collections import deque
from pathlib import Path

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
DUE = re.compile(rb"bn[0-9a-f]{8}[0-9a-f]{4}[0-9a-f]{8}([0-9a-f]{16})[0-9a-f]{8}")  # load/websocket/stamps.py
CLOSE = 8


class Client:
    """A connection; ``path`` is empty until it was upgraded."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.held = b""
        self.path = b""


class Server:
    """Everybody who is connected, and the messages that wait."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.listener.setblocking(False)
        self.epoll = select.epoll()
        self.epoll.register(self.listener.fileno(), select.EPOLLIN)
        self.clients: dict[int, Client] = {}
        self.queue: deque[tuple[Client, bytes]] = deque()
        self.sent: array[int] = array("q")
        self.draw = random.Random(given.seed).expovariate  # noqa: S311 - service times, no secret

    def finish(self, *_: object) -> None:
        """Write down what was sent when, and end."""
        self.given.out.write_bytes(self.sent.tobytes())
        raise SystemExit(0)

    def serve(self) -> None:
        """Serve until SIGTERM. It never sleeps while it knows of work: being woken would be a delay of its own."""
        while True:
            for fd, _ in self.epoll.poll(0 if self.clients else 1):
                if fd == self.listener.fileno():
                    self.accept()
                else:
                    self.read(self.clients[fd])
            if self.queue:
                self.answer(*self.queue.popleft())

    def accept(self) -> None:
        """Take everybody who waits at the door."""
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _ = self.listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.clients[sock.fileno()] = Client(sock)
                self.epoll.register(sock.fileno(), select.EPOLLIN)

    def read(self, client: Client) -> None:
        """Upgrade it, or queue its messages."""
        data = client.held + client.sock.recv(65536)
        if data == client.held:
            self.drop(client)
            return
        client.held = b""
        if client.path:
            self.frames(client, data)
            return
        client.path = data.split(b" ", 2)[1]
        key = re.search(rb"(?i)sec-websocket-key: *(\S+)", data)
        assert key is not None
        accept = base64.b64encode(hashlib.sha1(key[1] + GUID, usedforsecurity=False).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        client.sock.sendall(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")

    def frames(self, client: Client, data: bytes) -> None:
        """Queue the messages of up to 125 bytes that are whole."""
        at = 0
        while len(data) - at >= 6 and len(data) - at >= 6 + (data[at + 1] & 127):
            size, key = data[at + 1] & 127, data[at + 2 : at + 6]
            payload = bytes(byte ^ key[place & 3] for place, byte in enumerate(data[at + 6 : at + 6 + size]))
            if data[at] & 15 == CLOSE:
                client.sock.sendall(bytes((0x88, size)) + payload)
                self.drop(client)
                return
            self.queue.append((client, bytes((data[at], size)) + payload))
            at += 6 + size
        client.held = data[at:]

    def answer(self, client: Client, frame: bytes) -> None:
        """Work on a message, and send it to whom it goes."""
        found = DUE.search(frame)
        due = int(found[1], 16) if found else 0
        if client.path == b"/echo":
            spend(self.given.service_ms / 1e3 * self.draw(1.0))
            self.send(client, frame, due)
            return
        for one in [*self.clients.values()]:
            if one.path == client.path:
                spend(self.given.gap_us / 1e6)
                self.send(one, frame, due)

    def send(self, client: Client, frame: bytes, due: int) -> None:
        """Send a frame, and write down when, if it has a stamp and the connection still is."""
        with contextlib.suppress(OSError):
            client.sock.sendall(frame)
            if due:
                self.sent.append(time.monotonic_ns() - due)

    def drop(self, client: Client) -> None:
        """Forget a connection."""
        if self.clients.pop(client.sock.fileno(), None) is not None:
            self.epoll.unregister(client.sock.fileno())
        client.sock.close()


def spend(seconds: float) -> None:
    """Be busy for so long."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--service-ms", type=float, default=2.0)
    options.add_argument("--gap-us", type=float, default=20.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path, required=True)
    server = Server(options.parse_args())
    signal.signal(signal.SIGTERM, server.finish)
    print(server.listener.getsockname()[1], flush=True)
    server.serve()


if __name__ == "__main__":
    main()
