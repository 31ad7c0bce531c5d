"""What does a connection cost that rests? Of Python's own objects, and of the whole process.

    python benchmarks/websocket/memory.py [--connections 10000]

Opens so many receivers and so many askers against ``fast_server.py`` in one process: first under ``tracemalloc``, which
counts the objects a connection is made of, then without it, by resident memory. The kernel's buffers are in neither.
"""

from __future__ import annotations

import argparse
import gc
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from brinell.core.plan import WebSocketSpec
from brinell.load.engine.agenda import Schedule
from brinell.load.engine.connection import Connection
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.pacing import Pacer
from brinell.load.engine.poller import poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.traffic import Means
from brinell.load.websocket.asking import Asking
from brinell.load.websocket.broadcast import Broadcast
from brinell.load.websocket.codec import Json
from brinell.load.websocket.dialler import Part
from brinell.load.websocket.population import Population
from brinell.load.wire import WireSocket
from brinell.load.worker import allow_descriptors

SERVER = Path(__file__).with_name("fast_server.py")
RATE = 4000.0
KINDS: dict[str, type[Population]] = {"receivers": Broadcast, "askers": Asking}


def main() -> int:
    """Print a line for each kind of connection and way of counting."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--connections", type=int, default=10_000)
    options.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        return one(given.one[0], given.one[1] == "objects", given.connections)
    for kind in KINDS:
        for way in ("objects", "resident"):
            words = ["--one", kind, way, "--connections", str(given.connections)]
            subprocess.run([sys.executable, __file__, *words], check=True)
    return 0


def one(kind: str, traced: bool, connections: int) -> int:  # noqa: FBT001 - from the line above
    """Open them, and print what each of them costs."""
    allow_descriptors(connections + 64)
    server = subprocess.Popen([sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if server.stdout is None:
        return 1
    try:
        port = int(server.stdout.readline())
        population, open_all = made(KINDS[kind], port, connections)
        gc.collect()
        if traced:
            tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0] if traced else resident()
        open_all()
        gc.collect()
        after = tracemalloc.get_traced_memory()[0] if traced else resident()
        each = (after - before) / len(population.open)
        what = "bytes of objects" if traced else "bytes of resident memory"
        sys.stdout.write(f"{len(population.open):>6} {kind}: {each:.0f} {what} each\n")
        if traced:
            for stat in tracemalloc.take_snapshot().statistics("lineno")[:8]:
                place = f"{Path(stat.traceback[0].filename).name}:{stat.traceback[0].lineno}"
                sys.stdout.write(f"       {stat.size / len(population.open):7.1f}  {place}\n")
        population.give_up(record=False)
    finally:
        server.communicate()
    return 0


def made(kind: type[Population], port: int, connections: int) -> tuple[Population, Callable[[], None]]:
    """Return a population, and what opens all of its connections."""
    does = WebSocketSpec(mode="broadcast" if kind is Broadcast else "echo", connect_rate=RATE)
    wire = WireSocket(does, "/room", f"127.0.0.1:{port}", (), connections, 0)
    watch, none = poller(), Connection
    means = Means(watch, Endpoint(socket.AF_INET, ("127.0.0.1", port)), Recorder(0), none, iter(()).__next__)
    population = kind(means, Part(0, 1, wire, Json(), 1, 10_000_000_000))
    pacer: Schedule = population.agenda(Pacer(iter(()), 0, Recorder(0).cell("", "").response))

    def open_all() -> None:
        population.prepare(time.monotonic_ns())
        while len(population.members) < connections:
            assert not list(pacer.due_by(time.monotonic_ns()))
            for fd, events in watch.wait(1_000_000):
                watch.handlers[fd](events)

    return population, open_all


def resident() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


if __name__ == "__main__":
    sys.exit(main())
