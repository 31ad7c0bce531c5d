"""Is the rate held, what are the percentiles, and what does a request cost? Beside wrk, on nginx and uvicorn.

Open: 1,000 requests a second and a higher rate, for each server. Closed: as fast as it goes with 64 connections, wrk
and ours in turn, several times; CPU per request is that of all their processes from start to end (``wait4``; ours
includes starting the interpreter, and is told once more with the process that reads the workers). Ratios are medians
of one sitting. nginx runs with its own configuration in a temporary folder, as whoever starts this.

    python benchmarks/load/peers.py [--seconds 10] [--rounds 3] [--only nginx]
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

from measured import Ours, Wrk, ours, wrk

from brinell.core.judgement import Distribution
from brinell.subject.sockets import free_port

CONNECTIONS = 64
HIGHER = {"nginx": 10_000, "uvicorn": 2_000}
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


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", choices=list(HIGHER))
    given = options.parse_args()
    for name in [given.only] if given.only else list(HIGHER):
        print(f"== {name}")
        with nginx() if name == "nginx" else uvicorn() as url:
            for rate in (1000, HIGHER[name]):
                opened(url, rate, given.seconds)
            closed(url, given.seconds, given.rounds)
    return 0


def opened(url: str, rate: int, seconds: float) -> None:
    """Print whether a constant rate is held, and what it costs."""
    run = ours(url, {"kind": "constant", "rate": rate, "duration": seconds}, connections=CONNECTIONS)
    load = run.load
    held = (load.achieved_rate or 0) / rate
    believed = "valid" if load.generator.valid else f"INVALID: {load.generator.reason}"
    print(f"open {rate}/s: held {held:.4f}, errors {sum(load.errors.values())}, generator {believed}")
    row("  response", load.response_ms)
    row("  service", load.service_ms)
    row("  lag", load.generator.schedule_lag_ms)
    print(f"  CPU/request {run.workers_cpu_s / load.requests * 1e6:.1f} us in the worker")


def closed(url: str, seconds: float, rounds: int) -> None:
    """Print closed-loop rates, percentiles and CPU per request beside wrk's."""
    mine: list[Ours] = []
    theirs: list[Wrk] = []
    for _ in range(rounds):
        mine.append(ours(url, {"kind": "closed", "duration": seconds}, connections=CONNECTIONS))
        theirs.append(wrk(url, seconds, CONNECTIONS))
    for run, peer in zip(mine, theirs, strict=True):
        load = run.load
        row(f"closed ours {load.achieved_rate:8.0f}/s", load.response_ms)
        print(
            f"closed wrk  {peer.rate:8.0f}/s  "
            + "  ".join(f"p{k} {v:.3f}" if k != "max" else f"max {v:.3f}" for k, v in peer.ms.items())
        )
    worker = statistics.median(run.workers_cpu_s / run.load.requests for run in mine) * 1e6
    whole = statistics.median((run.workers_cpu_s + run.trial_cpu_s) / run.load.requests for run in mine) * 1e6
    peer_us = statistics.median(run.cpu_s / run.requests for run in theirs) * 1e6
    print(f"CPU/request: wrk {peer_us:.2f} us, our worker {worker:.2f} us, worker and reader {whole:.2f} us")
    print(f"ratio to wrk: {worker / peer_us:.2f} (worker), {whole / peer_us:.2f} (worker and reader)")


def row(name: str, one: Distribution) -> None:
    parts = ((part, getattr(one, part)) for part in ("p50", "p75", "p90", "p99", "p99_9", "max") if hasattr(one, part))
    print(f"{name:<24} " + "  ".join(f"{part} {value:.3f}" for part, value in parts if value is not None))


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
