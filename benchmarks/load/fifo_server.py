"""A server that serves one request at a time, first come first served, and may stop once.

One loop over all connections. A service takes ``--service-ms``, or exponentially so much on average. At ``--stall-at``
seconds after the first request it stands still for ``--stall`` seconds. On SIGTERM it writes how long each service
really took (nanoseconds, in order, the standstill part of the request it fell into) to ``--out``. The port is printed
at the start.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import select
import signal
import socket
import time
from array import array
from collections import deque
from pathlib import Path

SPIN_S = 0.0003
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--service-ms", type=float, default=0.5)
    options.add_argument("--exponential", action="store_true", help="services with that mean, else all alike")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--stall-at", type=float, default=8.0)
    options.add_argument("--stall", type=float, default=0.0)
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    took: array[int] = array("q")
    signal.signal(signal.SIGTERM, lambda *_: finish(given.out, took))
    serve(given, took)


def finish(out: Path, took: array[int]) -> None:
    out.write_bytes(took.tobytes())
    raise SystemExit(0)


def serve(given: argparse.Namespace, took: array[int]) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    connections: dict[int, socket.socket] = {}
    print(listener.getsockname()[1], flush=True)
    first, stalled, mark = 0, not given.stall, 0
    draw = random.Random(given.seed).expovariate  # noqa: S311 - service times, no secret
    queue: deque[int] = deque()
    while True:
        # Edge-triggered and asked before every service: everybody is queued once, in the order of arrival.
        ready = poll.poll(0)
        if not ready and not queue:  # idle: the next service begins when something comes, not when the last one ended
            while not ready:  # never asleep: being woken is a delay that is neither service nor waiting in line
                ready = poll.poll(0)
            mark = time.monotonic_ns()
        for fd, _ in ready:
            if fd == listener.fileno():
                accept(listener, poll, connections)
            else:
                queue.append(fd)
        if not queue:
            continue
        fd = queue.popleft()
        asked = request_of(connections.get(fd))
        if asked is None:
            continue
        if not asked:
            connections.pop(fd).close()
            continue
        connection = connections[fd]
        first = first or mark
        serve_for(given.service_ms / 1e3 * (draw(1.0) if given.exponential else 1.0))
        if not stalled and mark - first >= given.stall_at * 1e9:
            stalled = True
            time.sleep(given.stall)
        connection.send(ANSWER)
        ended = time.monotonic_ns()
        took.append(ended - mark)
        mark = ended


def serve_for(seconds: float) -> None:
    """Be busy: sleep most of it, and spin the rest, because a sleep ends late by a tenth of a millisecond."""
    until = time.perf_counter() + seconds
    if seconds > SPIN_S:
        time.sleep(seconds - SPIN_S)
    while time.perf_counter() < until:
        pass


def request_of(connection: socket.socket | None) -> bytes | None:
    """Return what a connection asks, nothing where it hung up; None for a second event of what was served already."""
    try:
        return connection.recv(65536) if connection else None
    except BlockingIOError:
        return None
    except ConnectionResetError:
        return b""


def accept(listener: socket.socket, poll: select.epoll, connections: dict[int, socket.socket]) -> None:
    """Take everybody who waits at the door: one a turn would put those who came first behind those who came last."""
    with contextlib.suppress(BlockingIOError):
        while True:
            made, _ = listener.accept()
            made.setblocking(False)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connections[made.fileno()] = made
            poll.register(made.fileno(), select.EPOLLIN | select.EPOLLET)


if __name__ == "__main__":
    main()
