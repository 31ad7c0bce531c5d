"""What a request costs over HTTP/2, beside h2load and our own HTTP/1.1, on one nginx.

Closed: ``--sockets`` times ``--streams`` requests at once, as fast as they come back. Everybody takes turns; CPU per
request is that of the workers (ours) or of the process (h2load), from start to end; ratios are medians of one sitting.
The mean time of a request checks both sides: by Little's law it is requests at once over the rate. Then open, at
``--rates``: whether the rate is held and the run can be believed.

    python benchmarks/load/http2.py [--seconds 10] [--rounds 3] [--sockets 7] [--streams 10] [--rates 1000,3000]

h2load: apt install nghttp2-client; without it only ours is shown.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from measured import ours
from others import Asked, Said, Tool, found, run
from peers import NGINX, serving

from brinell.subject.sockets import free_port

_UNITS_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


class Turn(NamedTuple):
    """One run: requests a second, CPU and mean time of a request."""

    rate: float
    cpu_us: float
    mean_ms: float
    note: str = ""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--sockets", type=int, default=7)
    options.add_argument("--streams", type=int, default=10)
    options.add_argument("--rates", default="1000,3000")
    given = options.parse_args()
    at_once = given.sockets * given.streams
    h2load = Tool("h2load", "h2load", opens=False, closes=True, command=_command(given.streams), read=_said)
    with nginx() as (plain, two):
        turns: dict[str, Callable[[], Turn]] = {
            "brinell, HTTP/2": lambda: our_turn(two, given.seconds, at_once, None, version="2", streams=given.streams),
            "brinell, HTTP/1.1": lambda: our_turn(plain, given.seconds, at_once, None),
        }
        if found(h2load):
            turns["h2load, HTTP/2"] = lambda: their_turn(h2load, two, given.seconds, given.sockets)
        else:
            print("not here: h2load")
        done = {name: [turn() for _ in range(given.rounds)] for name, turn in turns.items()}
        print(f"nginx, {given.sockets} sockets x {given.streams} streams, closed: median of {given.rounds}")
        print(f"{'':18} {'requests/s':>11} {'CPU us':>8} {'mean ms':>9} {'at once / rate':>15}")
        for name, some in done.items():
            rate, cpu, mean = (statistics.median(column) for column in zip(*(one[:3] for one in some), strict=True))
            print(f"{name:18} {rate:>11.0f} {cpu:>8.1f} {mean:>9.3f} {at_once / rate * 1e3:>15.3f}  {some[-1].note}")
        for rate in map(int, given.rates.split(",")):
            one = our_turn(two, given.seconds, at_once, rate, version="2", streams=given.streams)
            print(
                f"open, {rate}/s: {one.rate:.0f}/s answered, mean {one.mean_ms:.3f} ms, {one.cpu_us:.1f} us  {one.note}"
            )
    return 0


def our_turn(url: str, seconds: int, at_once: int, rate: int | None, **fields: object) -> Turn:
    """Run ours; a generator that is not to be believed is named."""
    shape: dict[str, object] = {"kind": "constant", "rate": rate} if rate else {"kind": "closed"}
    done = ours(url, {**shape, "duration": seconds}, connections=at_once, calibrate=False, **fields)
    load = done.load
    notes = [] if load.generator.valid else [f"INVALID: {load.generator.reason}"]
    notes += [f"{sum(load.errors.values())} errors"] if load.errors else []
    return Turn(
        load.achieved_rate or 0.0,
        done.workers_cpu_s / load.requests * 1e6,
        load.service_ms.mean or 0.0,
        "; ".join(notes),
    )


def their_turn(tool: Tool, url: str, seconds: int, sockets: int) -> Turn:
    """Run h2load; ``connections`` are sockets there."""
    said = run(tool, url, seconds, sockets)
    return Turn(said.rate, said.cpu_s / said.requests * 1e6, said.ms["mean"])


def _command(streams: int) -> Callable[[str, Asked], list[str]]:
    def command(program: str, asked: Asked) -> list[str]:
        return [program, f"-c{asked.connections}", f"-m{streams}", "-t1", "-D", str(asked.seconds), asked.url]

    return command


def _said(text: str, asked: Asked) -> Said:  # noqa: ARG001 - a reader
    requests = int(re.search(r"requests: \d+ total.* (\d+) succeeded", text)[1])  # type: ignore[index]
    rate = float(re.search(r"finished in \S+, ([\d.]+) req/s", text)[1])  # type: ignore[index]
    mean = re.search(r"time for request:\s+\S+\s+\S+\s+(?:\S+\s+\S+\s+)?([\d.]+)(us|ms|s)\s", text)
    return Said(requests, rate, {"mean": float(mean[1]) * _UNITS_MS[mean[2]]})  # type: ignore[index]


@contextlib.contextmanager
def nginx() -> Iterator[tuple[str, str]]:
    """One nginx with two ports: HTTP/1.1 and HTTP/2 from the first byte on."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = free_port(), free_port()
        text = NGINX.format(folder=folder, port=first)
        inner = f'server {{ listen 127.0.0.1:{second} http2; location / {{ return 200 "Hello, world!"; }} }}\n}}'
        config = Path(folder, "nginx.conf")
        config.write_text(text.rstrip().removesuffix("}") + inner, encoding="ascii")
        with serving(["nginx", "-c", str(config), "-p", folder], first) as url:
            yield url, f"http://127.0.0.1:{second}/"


if __name__ == "__main__":
    sys.exit(main())
