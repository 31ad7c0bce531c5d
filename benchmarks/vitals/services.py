"""Small services, each with one planted bottleneck, and look-alikes without it. ``PLANT`` says which one this is.

They run as ``PLANT=json uvicorn services:app``, or as ``PLANT=sticky python services.py PORT``.
"""

from __future__ import annotations

import asyncio
import gc
import http.server
import json
import os
import resource
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import uvicorn
from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import QueuePool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PLANT = os.environ.get("PLANT", "json")
Handler = Callable[[Request], Awaitable[Response]] | Callable[[Request], Response]


def nodes(count: int) -> dict[str, Any]:
    """Something to serialise."""
    return {
        str(number): {"id": number, "name": f"node {number}", "near": [number, number + 1]} for number in range(count)
    }


def burnt(steps: int) -> int:
    """Compute for a while in pure Python."""
    return sum(step * step % 7 for step in range(steps))


def done() -> Response:
    return PlainTextResponse("done")


# --- the event loop --------------------------------------------------------------------------------------------------

BIG, SMALL = nodes(6000), nodes(20)


async def report(_: Request) -> Response:
    return Response(json.dumps(BIG), media_type="application/json")


async def small_report(_: Request) -> Response:
    return Response(json.dumps(SMALL), media_type="application/json")


async def naps(_: Request) -> Response:
    time.sleep(0.03)  # noqa: ASYNC251 - planted
    return done()


async def awaits(_: Request) -> Response:
    await asyncio.sleep(0.03)
    return done()


def written() -> None:
    """Write something to disk, for certain."""
    with tempfile.NamedTemporaryFile(dir=".") as file:
        until = time.monotonic() + 0.025
        while time.monotonic() < until:
            file.write(b"x" * 262_144)
            os.fsync(file.fileno())


async def saves(_: Request) -> Response:
    written()
    return done()


async def saves_elsewhere(_: Request) -> Response:
    await asyncio.to_thread(written)
    return done()


def slow_neighbour() -> int:
    """Serve a line after 30 ms, in a thread; return the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def answer() -> None:
        while True:
            with suppress(OSError):
                line, _ = listener.accept()
                with line:
                    time.sleep(0.03)
                    line.sendall(b"answer\n")

    threading.Thread(target=answer, daemon=True).start()
    return int(listener.getsockname()[1])


NEIGHBOUR = slow_neighbour() if PLANT == "sync-client" else 0


async def asks(_: Request) -> Response:
    with socket.create_connection(("127.0.0.1", NEIGHBOUR)) as line:
        return PlainTextResponse(line.recv(100).decode())


# --- one core --------------------------------------------------------------------------------------------------------


async def computes(_: Request) -> Response:
    for _ in range(8):
        burnt(5000)
        await asyncio.sleep(0)
    return done()


async def computes_little(_: Request) -> Response:
    burnt(2000)
    return done()


HEAP = nodes(120_000) if PLANT in {"gc", "ok-gc"} else {}


async def collects(_: Request) -> Response:
    gc.collect()
    return done()


async def allocates(_: Request) -> Response:
    return PlainTextResponse(str(len([{"number": number} for number in range(2000)])))


# --- pools -----------------------------------------------------------------------------------------------------------


def engine(size: int) -> Any:
    """A database whose queries take 40 ms, behind a pool."""
    shared = {"check_same_thread": False}
    made = create_engine(
        "sqlite:///planted.db", poolclass=QueuePool, pool_size=size, max_overflow=0, connect_args=shared
    )
    event.listen(made, "connect", lambda connection, _: connection.create_function("nap", 1, time.sleep))
    return made


ENGINE = engine(3 if PLANT == "database-pool" else 20) if "database-pool" in PLANT else None


def queries(_: Request) -> Response:
    with ENGINE.connect() as connection:
        connection.execute(text("select nap(0.04)"))
    return done()


PLACES = asyncio.Semaphore(3 if PLANT == "semaphore" else 50)


async def takes_turns(_: Request) -> Response:
    async with PLACES:
        await asyncio.sleep(0.04)
    return done()


def sits(_: Request) -> Response:
    time.sleep(0.5 if PLANT == "thread-pool" else 0.02)
    return done()


async def hands_over(_: Request) -> Response:
    await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.2 if PLANT == "executor" else 0.005)
    return done()


# --- the system ------------------------------------------------------------------------------------------------------

if PLANT == "descriptors":
    resource.setrlimit(resource.RLIMIT_NOFILE, (80, 4096))
KEPT = [open("/dev/null") for _ in range(200)] if PLANT == "ok-descriptors" else []  # noqa: SIM115, PTH123 - kept


async def holds(_: Request) -> Response:
    with open("/dev/null"):  # noqa: ASYNC230, PTH123 - opening it takes no time
        await asyncio.sleep(1.5)
    return done()


class Single(http.server.BaseHTTPRequestHandler):
    """One request at a time, each on a connection of its own."""

    def do_GET(self) -> None:
        """Answer after a while."""
        time.sleep(0.03)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Queueing(http.server.HTTPServer):
    """A short queue of connections."""

    request_queue_size = 5


async def serve(listener: socket.socket, after_s: float) -> None:
    """Begin to accept after a while."""
    await asyncio.sleep(after_s)
    await uvicorn.Server(uvicorn.Config(app, log_level="warning")).serve(sockets=[listener])


def sticky(port: int, after_s: float) -> None:
    """Two workers at one socket, the second of which begins to accept later."""
    listener = socket.create_server(("127.0.0.1", port), backlog=1000)
    second = os.fork()
    asyncio.run(serve(listener, after_s if second == 0 else 0.0))


HANDLERS: dict[str, Handler] = {
    "json": report, "ok-json": small_report, "sleep": naps, "ok-sleep": awaits, "disk": saves,
    "ok-disk": saves_elsewhere, "sync-client": asks, "cpu": computes, "ok-cpu": computes_little, "gc": collects,
    "ok-gc": allocates, "database-pool": queries, "ok-database-pool": queries, "semaphore": takes_turns,
    "ok-semaphore": takes_turns, "thread-pool": sits, "ok-thread-pool": sits, "executor": hands_over,
    "ok-executor": hands_over, "sticky": computes, "ok-workers": computes_little, "descriptors": holds,
    "ok-descriptors": small_report, "ok-accept-queue": small_report,
}  # fmt: skip


async def ready(_: Request) -> Response:
    return done()


if PLANT in HANDLERS:
    app = Starlette(routes=[Route("/", HANDLERS[PLANT]), Route("/ready", ready)])

if __name__ == "__main__":
    if PLANT == "accept-queue":
        Queueing(("127.0.0.1", int(sys.argv[1])), Single).serve_forever()
    else:
        sticky(int(sys.argv[1]), 300.0)
