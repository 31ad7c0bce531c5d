"""A service on a machine that other programs use: is a good one excused, and a bad one not?

Each service is pressed on at 100 requests a second for some seconds, alone and beside programs that compute (so many a
core). Alone, what is said must be the truth. In the crowd a sound service may pass or be unknown, and must not fail; a
bad one (slow, short of processor time, behind its own database) must fail, and must not be unknown. The crowd and the
services are of one hand with the rules: not blind.

    python benchmarks/load/crowded.py [--only NAME ...] [--seconds 10] [--crowds 0 2 6]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

RATE = 100
SERVICE = """
import asyncio, sys, time

turn = asyncio.Lock()

def compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

async def ask():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[3]))
    writer.write(b"?")
    await reader.read(1)
    writer.close()

async def serve(name):
    now = time.monotonic()
    if name in ("light", "half"):
        compute(0.002 if name == "light" else 0.004)
    elif name == "waits":
        await asyncio.sleep(0.02)
    elif name == "slow":
        await asyncio.sleep(0.6)
    elif name == "slow-tail":
        await asyncio.sleep(0.6 if now * 1e6 % 100 < 9 else 0.0)
    elif name == "busy":
        compute(0.012)
    elif name == "turns":
        async with turn:
            await asyncio.sleep(0.015)
    elif name == "stalls" and now % 3 < 0.02:
        time.sleep(1.2)
    elif name == "database":
        await ask()

async def handle(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            await serve(sys.argv[1])
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", int(sys.argv[2]), backlog=1000)
    await server.serve_forever()

asyncio.run(main())
"""
DATABASE = """
import socket, sys, time
from multiprocessing import Process

def serve(server):
    while True:
        client, _ = server.accept()
        if client.recv(1):
            end = time.thread_time() + 0.03
            while time.thread_time() < end:
                pass
            client.send(b"!")
        client.close()

with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1000) as server:
    others = [Process(target=serve, args=(server,), daemon=True) for _ in range(3)]
    for one in others:
        one.start()
    time.sleep(float(sys.argv[2]))
"""
COMPUTES = "import sys, time\nend = time.time() + float(sys.argv[1])\nwhile time.time() < end: pass"


class Case(NamedTuple):
    """``sound``: nothing is wrong with it, and alone it meets the limit of its p95."""

    name: str
    limit_ms: float
    sound: bool


CASES = (
    Case("light", 50, sound=True),
    Case("half", 100, sound=True),
    Case("waits", 100, sound=True),
    Case("slow", 500, sound=False),
    Case("slow-tail", 500, sound=False),
    Case("busy", 100, sound=False),
    Case("turns", 100, sound=False),
    Case("stalls", 500, sound=False),
    Case("database", 100, sound=False),
)


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def process(*arguments: str) -> Iterator[None]:
    """Run a Python program meanwhile."""
    one = subprocess.Popen([sys.executable, *arguments], start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        os.killpg(one.pid, signal.SIGKILL)  # a session of its own: with its children
        one.wait()


@contextmanager
def crowd(number: int, seconds: float) -> Iterator[None]:
    """Have so many programs compute, which end by themselves."""
    ones = [subprocess.Popen([sys.executable, "-c", COMPUTES, str(seconds)]) for _ in range(number)]
    try:
        yield
    finally:
        for one in ones:
            one.kill()
            one.wait()


def examine(case: Case, beside: int, seconds: float, folder: Path) -> tuple[str, str]:
    """Return what is said of it (pass, fail, or why it is unknown), and the detail."""
    for name, text in (("service.py", SERVICE), ("database.py", DATABASE)):
        (folder / name).write_text(text, encoding="utf-8")
    port, database = free_port(), free_port()
    with (
        process(str(folder / "database.py"), str(database), str(seconds * 3 + 60)),
        process(str(folder / "service.py"), case.name, str(port), str(database)),
    ):
        time.sleep(1.0)
        with crowd(beside, seconds * 3 + 60):
            command = [sys.executable, "-m", "brinell", "load", f"http://127.0.0.1:{port}/", "--rate", str(RATE)]
            command += ["--duration", f"{seconds:g}s", "--slo", f"p95_ms={case.limit_ms:g}", "--json"]
            command += ["--connections", "800", "--no-calibrate", "--out", str(folder / "run")]
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    findings = {one["id"].rpartition(".")[2]: one for one in json.loads(done.stdout)["findings"]}
    one = findings["p95_ms"]
    return one["reason"] or one["verdict"], f"{one['title'].partition(': ')[2]}. {one['detail']}"


def right(case: Case, beside: int, said: str) -> bool:
    """Whether it is true, or honestly unknown."""
    if not beside:
        return said == ("pass" if case.sound else "fail")
    return said in {"pass", "invalid"} if case.sound else said == "fail"


def main() -> int:
    """Examine all; return 1 if anything was said wrongly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", metavar="NAME")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--crowds", type=int, nargs="*", default=[0, 2, 6], help="programs that compute, a core")
    chosen = parser.parse_args()
    wrong = done = 0
    for case in CASES:
        if chosen.only and case.name not in chosen.only:
            continue
        for number in chosen.crowds:
            with tempfile.TemporaryDirectory() as folder:
                beside = number * (os.cpu_count() or 1)
                said, detail = examine(case, beside, chosen.seconds, Path(folder))
            done, good = done + 1, right(case, beside, said)
            wrong += not good
            kind = "sound" if case.sound else "bad"
            print(f"{'' if good else 'WRONG '}{case.name} ({kind}), {number} a core: {said}", flush=True)
            print(f"    {detail}", flush=True)
    print(f"{done - wrong} of {done} right")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
