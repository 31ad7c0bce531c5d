"""Is the rate held, what are the percentiles, and what does a request cost? Beside the other tools, on one server.

Each tool gets one core and 64 connections, and takes its turn, several times (``others.py``; what is not installed is
skipped by name). Closed: as fast as it goes. Open: at each of ``--rates``. CPU per request is that of all its processes
from start to end (``wait4``); ours includes starting the interpreter, and is told once more with the process that reads
the workers. Ratios are medians of one sitting. ``brinell`` sends each request when it is due; ``brinell 1ms`` sends
what falls due within a millisecond together, as wrk2 does (``grain_s``). nginx runs with its own configuration in a
temporary folder.

    python benchmarks/load/peers.py [--seconds 10] [--rounds 3] [--server nginx|uvicorn] [--rates 1000,10000,30000]
                                    [--tools wrk,k6] [--connections 64]

Install the others with: apt install wrk hey nghttp2-client; go install go.k6.io/k6@latest and vegeta, bombardier;
cargo install oha; npm install autocannon artillery; pip install locust. wrk2 is built from its source. Name their
folders in BRINELL_PEERS (with colons) where they are not on the path.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from measured import ours
from others import TOOLS, Said, Tool, found, run

from brinell.subject.sockets import free_port

SHOWN = ("50", "90", "99", "99.9", "max")
RATES = {"nginx": "1000,10000,30000", "uvicorn": "500,1500"}
GRAIN_S = 0.001  # what falls due within it is sent together: wrk2's grain
GRAINED = "brinell 1ms"
SLOWEST = {"artillery": 500}  # a second; more it cannot begin
NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type text/plain;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "Hello, world!"; }} }}
}}
"""


class Turn(NamedTuple):
    """What one run of one tool gave."""

    said: Said
    with_reader_us: float | None = None
    note: str = ""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--server", choices=list(RATES), default="nginx")
    options.add_argument("--rates")
    options.add_argument("--tools", default=",".join(tool.name for tool in TOOLS))
    given = options.parse_args()
    tools = [tool for tool in TOOLS if tool.name in given.tools.split(",") and found(tool)]
    missing = [tool.name for tool in TOOLS if not found(tool)]
    print(f"not here: {', '.join(missing)}" if missing else "all tools are here")
    with nginx() if given.server == "nginx" else uvicorn() as url:
        table(url, [tool for tool in tools if tool.closes], None, given)
        for rate in map(int, (given.rates or RATES[given.server]).split(",")):
            table(url, [tool for tool in tools if tool.opens and rate <= SLOWEST.get(tool.name, rate)], rate, given)
    return 0


def table(url: str, tools: list[Tool], rate: int | None, given: argparse.Namespace) -> None:
    """Let everybody take their turns, and print what came of it, the cheapest first."""
    turns: dict[str, list[Turn]] = {"brinell": [], **({GRAINED: []} if rate else {}), **{t.name: [] for t in tools}}
    for _ in range(given.rounds):
        turns["brinell"].append(our_turn(url, given.seconds, given.connections, rate))
        if rate:
            turns[GRAINED].append(our_turn(url, given.seconds, given.connections, rate, grain_s=GRAIN_S))
        for tool in tools:
            try:
                turns[tool.name].append(Turn(run(tool, url, given.seconds, given.connections, rate)))
            except RuntimeError as error:
                print(f"  failed: {error}")
    how = f"{rate}/s" if rate else "closed"
    print(f"\n{given.server}, {given.connections} connections, {how}: median of {given.rounds}")
    print(f"{'':12} {'requests/s':>11} {'CPU us':>8} {'x ours':>7}   " + "".join(f"{name:>10}" for name in SHOWN))
    ours_us = cost_us(turns["brinell"])
    for name, some in sorted(turns.items(), key=lambda one: cost_us(one[1])):
        if some:
            row(name, some, ours_us)
    for name in ("brinell", GRAINED):
        for turn in turns.get(name, ()):
            if turn.note:
                print(f"  {name}: {turn.note}")
    reader = statistics.median(turn.with_reader_us or 0.0 for turn in turns["brinell"])
    print(f"  brinell with the process that reads its worker: {reader:.2f} us")


def row(name: str, turns: list[Turn], ours_us: float) -> None:
    rate = statistics.median(turn.said.rate for turn in turns)
    cells = [
        statistics.median(turn.said.ms[key] for turn in turns) if all(key in turn.said.ms for turn in turns) else None
        for key in SHOWN
    ]
    shown = "".join(f"{'-':>10}" if cell is None else f"{cell:>10.3f}" for cell in cells)
    print(f"{name:12} {rate:>11.0f} {cost_us(turns):>8.2f} {cost_us(turns) / ours_us:>7.2f}   {shown}")


def cost_us(turns: list[Turn]) -> float:
    """CPU per request; without a run, nothing that could be sorted before one."""
    return statistics.median(turn.said.cpu_s / turn.said.requests * 1e6 for turn in turns) if turns else float("inf")


def our_turn(url: str, seconds: int, connections: int, rate: int | None, grain_s: float = 0.0) -> Turn:
    """Run ours; a generator that is not to be believed is named."""
    shape: dict[str, object] = {"kind": "constant", "rate": rate} if rate else {"kind": "closed"}
    done = ours(url, {**shape, "duration": seconds}, connections=connections, grain_s=grain_s)
    load, one = done.load, done.load.response_ms
    ms = {"50": one.p50, "90": one.p90, "99": one.p99, "99.9": one.p99_9, "max": one.max}
    said = Said(
        load.requests, load.achieved_rate or 0.0, {k: v for k, v in ms.items() if v is not None}, done.workers_cpu_s
    )
    errors = sum(load.errors.values())
    note = "" if load.generator.valid else f"INVALID: {load.generator.reason}"
    whole = (done.workers_cpu_s + done.trial_cpu_s) / load.requests * 1e6
    return Turn(said, whole, note or (f"{errors} errors" if errors else ""))


@contextlib.contextmanager
def nginx() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        config = Path(folder, "nginx.conf")
        config.write_text(NGINX.format(folder=folder, port=port), encoding="ascii")
        with serving(["nginx", "-c", str(config), "-p", folder], port) as url:
            yield url


@contextlib.contextmanager
def uvicorn() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "starlette_app:app", "--port", str(port), "--log-level", "warning"]
    with serving(command, port, cwd=Path(__file__).parent) as url:
        yield url


@contextlib.contextmanager
def serving(command: list[str], port: int, cwd: Path | None = None) -> Iterator[str]:
    """Start a server, wait until it accepts, end it afterwards."""
    process = subprocess.Popen(command, cwd=cwd)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
