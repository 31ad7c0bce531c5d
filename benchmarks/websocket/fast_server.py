"""A WebSocket server that does as little as possible, so that what is measured in front of it is the tool.

One process, one epoll, frames made once and handed to every socket as they are. What a connection does follows from its
path: on ``/echo`` it hears itself, on any other everybody on the same path hears it.

    python benchmarks/websocket/fast_server.py [--port 0] [--limit N]

The port is the first line on standard output. It ends with its standard input.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import os
import resource
import select
import socket
import struct
import sys

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy"
MOST_OUT = 4 << 20  # bytes that a socket did not take; more and it is dropped
ECHO = b"/echo"
READ, WRITE, GONE = select.EPOLLIN, select.EPOLLOUT, select.EPOLLERR | select.EPOLLHUP


class Client:
    """A connection. ``out`` waits to be sent; ``room`` is None until it was upgraded."""

    __slots__ = ("fd", "held", "out", "recv", "room", "send", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.recv, self.send = sock.recv, sock.send
        self.held = b""
        self.out = b""
        self.room: dict[int, Client] | None = None


class Server:
    """Everybody who is connected, by descriptor, and by the path they came for."""

    def __init__(self, port: int, limit: int | None) -> None:
        self.limit = limit
        self.listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.epoll = select.epoll()
        self.epoll.register(self.listener.fileno(), READ)
        self.epoll.register(sys.stdin.fileno(), READ | select.EPOLLHUP)
        self.clients: dict[int, Client] = {}
        self.rooms: dict[bytes, dict[int, Client]] = {}
        self.echoing: dict[int, Client] = {}

    def serve(self) -> None:
        """Serve until standard input ends."""
        listener, stdin = self.listener.fileno(), sys.stdin.fileno()
        while True:
            for fd, events in self.epoll.poll(-1, 256):
                client = self.clients.get(fd)
                if client is not None:
                    if events & WRITE:
                        self._drain(client)
                    if events & (READ | GONE):
                        self._read(client)
                elif fd == listener:
                    self._accept()
                elif fd == stdin and not os.read(stdin, 4096):
                    return

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(64):
                sock, _ = self.listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client = self.clients[sock.fileno()] = Client(sock)
                self.epoll.register(client.fd, READ)

    def _read(self, client: Client) -> None:
        try:
            data = client.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        if client.held:
            data = client.held + data
            client.held = b""
        if client.room is None:
            self._upgrade(client, data)
        else:
            self._frames(client, data)

    def _upgrade(self, client: Client, data: bytes) -> None:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            client.held = data
            return
        if self.limit is not None and sum(map(len, self.rooms.values())) + len(self.echoing) >= self.limit:
            self._put(client, BUSY)
            self._drop(client)
            return
        head, path = data[:end], data.split(b" ", 2)[1]
        key = next(
            line.split(b":", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key.strip() + GUID, usedforsecurity=False).digest())
        client.room = self.echoing if path == ECHO else self.rooms.setdefault(path, {})
        client.room[client.fd] = client
        lines = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._put(client, lines + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        if len(data) > end + 4:
            self._frames(client, data[end + 4 :])

    def _frames(self, client: Client, data: bytes) -> None:
        at, end = 0, len(data)
        while end - at >= 6:
            size, head = data[at + 1] & 127, 2
            if size > 125:
                head = 4 if size == 126 else 10
                size = int.from_bytes(data[at + 2 : at + head], "big")
            start = at + head + 4
            if end < start + size or end - at < head:
                break
            key = int.from_bytes(data[start - 4 : start], "little")
            words = (size + 3) >> 2
            plain = int.from_bytes(data[start : start + size], "little") ^ key * ones(words)
            payload = plain.to_bytes(words << 2, "little")[:size]
            opcode = data[at] & 15
            at = start + size
            if opcode in {1, 2}:
                self._message(client, opcode, payload)
            elif opcode == 9:
                self._put(client, bytes((0x8A, size)) + payload)
            elif opcode == 8:
                self._put(client, bytes((0x88, size)) + payload)
                self._drop(client)
                return
        client.held = data[at:]

    def _message(self, client: Client, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            frame = bytes((0x80 | opcode, size)) + payload
        elif size < 1 << 16:
            frame = struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
        else:
            frame = struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload
        if client.room is self.echoing:
            self._put(client, frame)
            return
        whole = len(frame)
        gone = []
        for one in list((client.room or {}).values()):
            if one.out:
                gone += [] if self._queue(one, frame) else [one]
                continue
            try:
                sent = one.send(frame)
            except BlockingIOError:
                sent = 0
            except OSError:
                gone.append(one)
                continue
            if sent != whole:
                self._queue(one, frame[sent:])
        for one in gone:
            self._drop(one)

    def _put(self, client: Client, data: bytes) -> None:
        sent = 0
        if not client.out:
            try:
                sent = client.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._drop(client)
                return
        if sent != len(data) and not self._queue(client, data[sent:]):
            self._drop(client)

    def _queue(self, client: Client, data: bytes) -> bool:
        if not client.out:
            self.epoll.modify(client.fd, READ | WRITE)
        client.out += data
        return len(client.out) <= MOST_OUT

    def _drain(self, client: Client) -> None:
        try:
            client.out = client.out[client.send(client.out) :]
        except BlockingIOError:
            return
        except OSError:
            self._drop(client)
            return
        if not client.out:
            self.epoll.modify(client.fd, READ)

    def _drop(self, client: Client) -> None:
        if self.clients.pop(client.fd, None) is not None:
            if client.room is not None:
                client.room.pop(client.fd, None)
            self.epoll.unregister(client.fd)
            client.sock.close()


def ones(words: int, known: dict[int, int] = {}) -> int:  # noqa: B006 - a memory on purpose
    found = known.get(words)
    if found is None:
        found = known[words] = int.from_bytes(b"\1\0\0\0" * words, "little")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--limit", type=int, help="connections that are accepted; further ones get 503")
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = Server(given.port, given.limit)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    main()
