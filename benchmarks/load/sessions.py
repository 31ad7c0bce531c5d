"""What does it cost to make each request, and to read each answer? CPU per request of sessions beside the static path.

One server answers every request with the same few bytes of JSON; one worker presses on it in a closed loop. Each
variant is run several times in turn, so that whatever else the machine does falls on all of them. Printed: the median.

    python benchmarks/load/sessions.py [--seconds 4] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import socket
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measured import ours

from brinell.core.plan import DataSpec, RequestSpec, SessionSpec

BODY = b'{"id": 12345, "state": "open", "items": [{"sku": "a-17", "count": 3}]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: sid=1\r\nContent-Length: %d\r\n\r\n" % len(
    BODY
)
CONNECTIONS = 16


def variants(data: str) -> dict[str, dict[str, object]]:
    users = (DataSpec(data, "user"),)
    get = RequestSpec(path="/orders/12345", name="get")
    create = RequestSpec(
        method="POST", path="/orders", name="create", json={"id": "{{uuid}}", "by": "{{user.id}}", "n": "{{int(1, 9)}}"}
    )
    read = RequestSpec(path="/orders/{{id}}", name="read", check={"json": {"$.state": "open"}})
    first = RequestSpec(method="POST", path="/orders", name="create", json=create.json, extract={"id": "$.id"})
    return {
        "static": {"requests": (get,)},
        "path from data": {"requests": (RequestSpec(path="/users/{{user.id}}", name="get"),), "data": users},
        "JSON body, three templates": {"requests": (create,), "data": users},
        "one check of the body": {"requests": (RequestSpec(path="/x", check={"json": {"$.state": "open"}}),)},
        "two requests, extraction, check": {"sessions": (SessionSpec("buy", (first, read)),), "data": users},
        "the same with cookies": {"sessions": (SessionSpec("buy", (first, read)),), "data": users, "cookies": True},
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    shape = {"kind": "closed", "duration": given.seconds}
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, server() as url:
        data = Path(folder) / "users.csv"
        data.write_text("id,name\n" + "".join(f"{number},user-{number}\n" for number in range(1000)), encoding="utf-8")
        for _ in range(given.rounds):
            for name, fields in variants(str(data)).items():
                load = ours(url, shape, connections=CONNECTIONS, **fields).load
                assert set(load.errors) <= {"unfinished"}, load.errors
                assert load.generator.cpu is not None
                assert load.achieved_rate
                taken.setdefault(name, []).append(load.generator.cpu / load.achieved_rate * 1e6)
    static = statistics.median(taken["static"])
    print(f"{'CPU per request':34} {'µs':>7} {'ratio':>7}   (median of {given.rounds}, {given.seconds:g} s each)")
    for name, found in taken.items():
        print(f"{name:34} {statistics.median(found):>7.1f} {statistics.median(found) / static:>7.2f}")
    return 0


@contextmanager
def server() -> Iterator[str]:
    """A process that answers whatever comes in one piece."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    child = os.fork()
    if not child:
        try:
            serve(listening)
        finally:
            os._exit(0)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        listening.close()


def serve(listening: socket.socket) -> None:
    epoll = select.epoll()
    epoll.register(listening.fileno(), select.EPOLLIN)
    visitors: dict[int, socket.socket] = {}
    while True:
        for fd, _ in epoll.poll():
            if fd == listening.fileno():
                visitor, _ = listening.accept()
                visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                visitors[visitor.fileno()] = visitor
                epoll.register(visitor.fileno(), select.EPOLLIN)
                continue
            try:
                data = visitors[fd].recv(65536)
            except OSError:
                data = b""
            if data:
                visitors[fd].send(HEAD + BODY)
            else:
                epoll.unregister(fd)
                visitors.pop(fd).close()


if __name__ == "__main__":
    sys.exit(main())
