"""What the probe costs a service: its processor time per request at 1,000 requests a second, with it and without.

Starlette on uvicorn answers a small JSON document. Rounds are ABBA, each a fresh process; A/A rounds beside them say
what this machine does by itself. The interval is a bootstrap over the pairs. To hold: below 1 %.

    python benchmarks/vitals/overhead.py [--pairs 10] [--seconds 10] [--rate 1000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import psutil

from brinell.subject.probe import ProbeLine
from brinell.subject.sockets import free_port

HERE = Path(__file__).parent
BOUND = 0.01


def cpu_us(rate: int, seconds: float, *, probe: bool) -> tuple[float, int]:
    """Return microseconds of processor time per request, and how often the probe was heard."""
    line = ProbeLine()
    port = free_port("127.0.0.1")
    env = os.environ | {"PLANT": "ok-json"}
    if probe:
        env |= line.environment(env)
    command = [sys.executable, "-m", "uvicorn", "services:app", "--port", str(port), "--log-level", "warning"]
    heard = 0
    with subprocess.Popen(command, cwd=HERE, env=env) as service:
        try:
            url = f"http://127.0.0.1:{port}"
            _await_ready(f"{url}/ready")
            process = psutil.Process(service.pid)
            load(url, rate, 2.0)  # warm
            heard -= len(line.read())
            before = sum(process.cpu_times()[:2])
            load(url, rate, seconds)
            used = sum(process.cpu_times()[:2]) - before
            heard = len(line.read())
        finally:
            service.terminate()
    line.close()
    return used / (rate * seconds) * 1e6, heard


def load(url: str, rate: int, seconds: float) -> None:
    """Press on it."""
    arguments = ["--rate", str(rate), "--duration", f"{seconds}s", "--connections", "32", "--no-calibrate", "--quiet"]
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "brinell", "load", url, *arguments, "--out", str(Path(folder) / "out")],
            check=False,
            stdout=subprocess.DEVNULL,
        )
    if done.returncode not in {0, 3}:
        raise SystemExit(f"the load ended with {done.returncode}")


def _await_ready(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - its own service
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the service did not get ready")


def interval(pairs: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the ratio's median over the pairs, minus one, and a 95 % bootstrap interval."""
    ratios = np.array([late / early for early, late in pairs])
    random = np.random.default_rng(1)
    drawn = np.median(random.choice(ratios, (10_000, len(ratios))), axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(np.median(ratios)) - 1, float(low) - 1, float(high) - 1


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=10)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--rate", type=int, default=1000)
    given = options.parse_args()
    with_it: list[tuple[float, float]] = []
    without: list[tuple[float, float]] = []
    for number in range(given.pairs):
        order = (False, True) if number % 2 == 0 else (True, False)
        found = {probe: cpu_us(given.rate, given.seconds, probe=probe) for probe in order}
        again, _ = cpu_us(given.rate, given.seconds, probe=False)
        with_it.append((found[False][0], found[True][0]))
        without.append((found[False][0], again))
        print(
            f"{number + 1}/{given.pairs}: {found[False][0]:.1f} us a request, with the probe {found[True][0]:.1f} "
            f"(heard {found[True][1]} times), without it again {again:.1f}",
            flush=True,
        )
    for name, pairs in (("A/A", without), ("probe", with_it)):
        middle, low, high = interval(pairs)
        print(f"{name:>6}: {middle:+.2%} [{low:+.2%}, {high:+.2%}]")
    return 0 if interval(with_it)[0] <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
