"""A small service, healthy or with one planted defect: ``subject.py PORT [DEFECT]``. Standard library only.

GET / answers after ``--work-ms``; GET /big answers 200 kB. POST /orders {"key": ...} gets or creates an order, and
GET /orders?key=... counts those there are. POST /pay {"id": ...} pays once: 201, then 409; so does whatever has a
header Idempotency-Key.

Defects, each with its healthy twin (no defect, or another one of the same group):
  drain      dies (at once at SIGTERM), closes (so does it, and keeps no connection), resets (resets what it keeps),
             ignores (SIGTERM), crashes (exits with 1), turns (what is under way at SIGTERM becomes a 500; twin: busy,
             where one answer in ten is a 503 all the time), green (serves on for a while after SIGTERM, and GET /ready
             says yes; twin: red), forgets (POST /jobs is answered before it is done, and lost; twin: queues)
  lifecycle  no-reuse (its last connections keep it from its port), orphan, stale-lock (twin: checked-lock), litter,
             hangs (port taken: tries for ever), quiet (ends with 0), tramples (a second start ends the first), deaf
             (its worker ignores SIGTERM once it stands), fleeting (ends by itself soon after its first request)
  race       twice (get or create without a lock), pays (twice), breaks (5xx in a race)
  spike      metastable (what waited long is done three times; twin: queue)
  slow       single (one thread, one connection at a time), threads (16 of them, each held by a connection)
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

LOCK = Path("service.lock")
QUEUE, DONE = Path("queue.log"), Path("done.log")
JOB_S = 0.5
QUEUE_S = 0.005  # one request at a time: 200 a second
IMPATIENT_S = 0.15


class Service:
    def __init__(self, defect: str, work_s: float) -> None:
        self.defect = defect
        self.work_s = work_s
        self.orders: dict[str, list[int]] = {}
        self.paid: dict[str, int] = {}
        self.number = 0
        self.lock = asyncio.Lock()
        self.turn = asyncio.Lock()
        self.ending = asyncio.Event()
        self.leaving = False
        self.jobs: set[asyncio.Task[None]] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.writers: set[asyncio.StreamWriter] = set()
        self.resting: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            while True:
                self.resting.add(writer)
                line = await reader.readline()
                self.resting.discard(writer)
                if self.defect == "fleeting":
                    asyncio.get_running_loop().call_later(0.05, os._exit, 3)
                if not line:
                    return
                if not await self.one(line, reader, writer):
                    return
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            self.resting.discard(writer)
            self.writers.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()

    async def one(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        method, target, _ = line.decode().split()
        headers = {}
        while (header := await reader.readline()) not in {b"\r\n", b""}:
            name, _, value = header.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        key = headers.get("idempotency-key")
        status, answer = await (self.answer(method, target, body) if key is None else self.pay(key))
        keep = headers.get("connection") != "close" and not self.ending.is_set() and self.defect != "closes"
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\nContent-Type: application/json\r\n"
        head += "" if keep else "Connection: close\r\n"
        writer.write(head.encode() + b"\r\n" + answer)
        await writer.drain()
        return keep

    async def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(target)
        if parts.path == "/big":
            return 200, b"x" * 200_000
        if parts.path == "/orders" and method == "GET":
            key = parse_qs(parts.query).get("key", [""])[0]
            return 200, json.dumps({"count": len(self.orders.get(key, []))}).encode()
        if parts.path == "/orders":
            return await self.order(json.loads(body)["key"])
        if parts.path == "/pay":
            return await self.pay(json.loads(body)["id"])
        if parts.path != "/":
            return self.other(parts.path, method)
        await self.work()
        self.number += 1
        busy = self.defect == "busy" and self.number % 10 == 0
        broken = self.defect == "turns" and self.ending.is_set()
        return 503 if busy else 500 if broken else 200, b'{"ok": true}'

    async def work(self) -> None:
        if self.defect not in {"queue", "metastable"}:
            await asyncio.sleep(self.work_s)
            return
        came = time.monotonic()
        async with self.turn:
            waited = time.monotonic() - came
            times = 3 if self.defect == "metastable" and waited > IMPATIENT_S else 1
            await asyncio.sleep(QUEUE_S * times)

    def other(self, path: str, method: str) -> tuple[int, bytes]:
        if path == "/jobs":
            return self.job(method)
        if path == "/ready":
            return 503 if self.leaving and self.defect == "red" else 200, b"{}"
        return 404, b"{}"

    def job(self, method: str) -> tuple[int, bytes]:
        if method == "GET":
            return 200, json.dumps({"done": lines(DONE)}).encode()
        if self.defect == "queues":
            note(QUEUE)
        self.start_job()
        return 202, b"{}"

    def start_job(self) -> None:
        task = asyncio.create_task(do_job())
        self.jobs.add(task)
        task.add_done_callback(self.jobs.discard)

    async def order(self, key: str) -> tuple[int, bytes]:
        async with contextlib.AsyncExitStack() as stack:
            if self.defect != "twice":
                await stack.enter_async_context(self.lock)
            found = self.orders.get(key)
            await asyncio.sleep(0.002)  # the database is asked
            if found:
                return 200, json.dumps({"id": found[0]}).encode()
            self.number += 1
            self.orders.setdefault(key, []).append(self.number)
            return 201, json.dumps({"id": self.number}).encode()

    async def pay(self, key: str) -> tuple[int, bytes]:
        before = self.paid.get(key, 0)
        if self.defect in {"pays", "breaks"}:
            await asyncio.sleep(0.002)
        if self.defect == "breaks" and self.paid.get(key, 0) != before:
            return 500, b'{"error": "duplicate key"}'
        if before:
            return 409, b"{}"
        self.paid[key] = self.paid.get(key, 0) + 1
        return 201, b"{}"

    async def run(self, port: int) -> int:
        loop = asyncio.get_running_loop()
        for attempt in range(10_000):
            try:
                listening = listen(port) if self.defect != "no-reuse" else listen(port, reuse=0)
                break
            except OSError as error:
                if self.defect == "quiet":
                    return 0
                if self.defect != "hangs" or attempt == 9_999:
                    print(f"cannot listen on port {port}: {error.strerror}", file=sys.stderr)
                    return 1
                await asyncio.sleep(0.1)
        asked = asyncio.Event()
        if self.defect == "ignores":
            loop.add_signal_handler(signal.SIGTERM, lambda: None)
        elif self.defect not in {"dies", "closes"}:
            loop.add_signal_handler(signal.SIGTERM, asked.set)
        listening.setblocking(False)
        loop.add_reader(listening, self.accept, listening)  # no task, which may be cancelled with a connection in hand
        for _ in range(lines(QUEUE) - lines(DONE)):
            self.start_job()
        await asked.wait()
        if self.defect in {"green", "red"}:
            self.leaving = True
            await asyncio.sleep(1.5)
        loop.remove_reader(listening)
        await self.end(listening)
        return 1 if self.defect == "crashes" else 0

    def accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = listening.accept()
                connection.setblocking(False)
                self.begin(connection)

    def begin(self, connection: socket.socket) -> None:
        task = asyncio.create_task(self.connected(connection))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def connected(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self.serve(*await asyncio.open_connection(sock=connection))

    async def end(self, listening: socket.socket) -> None:
        self.accept(listening)  # whoever has connected is let in: closing the port would reset them
        listening.close()
        self.ending.set()
        await asyncio.sleep(0.05)
        if self.defect == "resets":
            for writer in self.writers:
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            return
        # Who rests for a moment is closed; who has sent anything is answered.
        deadline = time.monotonic() + 3.0
        resting: set[asyncio.StreamWriter] = set()
        while self.tasks and time.monotonic() < deadline:
            for writer in resting & self.resting:
                writer.close()
            resting = set(self.resting)
            await asyncio.sleep(0.1)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.send_response(200)
        body = b"x" * 200_000 if self.path == "/big" else b"ok"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Pooled(HTTPServer):
    """Sixteen threads accept; each serves one connection at a time."""

    def pooled(self) -> None:
        for _ in range(15):
            threading.Thread(target=self.serve_forever, daemon=True).start()
        self.serve_forever()


def prepare(defect: str) -> None:
    if defect == "orphan":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"], start_new_session=True)
    if defect == "litter":
        descriptor, _ = tempfile.mkstemp(prefix="session-")
        os.close(descriptor)
    if defect in {"stale-lock", "checked-lock"}:
        if LOCK.exists() and (defect == "stale-lock" or is_alive(int(LOCK.read_text() or "0"))):
            sys.exit(f"already running: {LOCK} is there")
        LOCK.write_text(str(os.getpid()))
    if defect == "tramples":
        if LOCK.exists() and is_alive(int(LOCK.read_text() or "0")):
            os.kill(int(LOCK.read_text()), signal.SIGKILL)
        LOCK.write_text(str(os.getpid()))


def listen(port: int, *, reuse: int = 1) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
    listening.bind(("127.0.0.1", port))
    listening.listen(1024)
    return listening


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def note(path: Path) -> None:
    with path.open("a") as file:
        file.write("job\n")


async def do_job() -> None:
    await asyncio.sleep(JOB_S)
    note(DONE)


def is_alive(pid: int) -> bool:
    return pid > 0 and Path(f"/proc/{pid}").exists()


DEAF = "import signal, time; time.sleep(0.2); signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(120)"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("defect", nargs="?", default="healthy")
    parser.add_argument("--work-ms", type=float, default=10.0)
    given = parser.parse_args()
    prepare(given.defect)
    if given.defect in {"single", "threads"}:
        with (HTTPServer if given.defect == "single" else Pooled)(("127.0.0.1", given.port), Handler) as server:
            server.pooled() if isinstance(server, Pooled) else server.serve_forever()
        return 0
    worker = subprocess.Popen([sys.executable, "-S", "-c", DEAF]) if given.defect == "deaf" else None
    try:
        return asyncio.run(Service(given.defect, given.work_ms / 1000).run(given.port))
    finally:
        if worker is not None:
            worker.terminate()
        if given.defect in {"stale-lock", "checked-lock", "tramples"}:
            LOCK.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
