"""Are the delays of messages true? Against a server that wrote down when it sent each of them.

Echoes: a server that works on one message at a time, each taking 2 ms exponentially on average, at an offered load of
0.5, 0.8 and 0.95; messages come as a Poisson process, over many connections and over few, each when it is due and with
a grain. Broadcasts: a server that sends to its receivers one after the other. What the server sent, minus what the
stamp in it says, is the truth but for the way back; each of our percentiles up to p99.9 must lie within 3 %, or 0.1 ms.

    python benchmarks/websocket/accuracy.py [--seconds 20]
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from measured import ours, steadily

from brinell.core.judgement import Distribution, Generator
from brinell.core.plan import WebSocketSpec

SERVER = Path(__file__).with_name("timed_server.py")
SERVICE_MS = 2.0
RECEIVERS, GAP_US, PUBLISHED = 200, 30.0, 50
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
BOUND, BOUND_MS = 0.03, 0.1
ECHOES = [(load, connections, grain) for load in (0.5, 0.8, 0.95) for connections, grain in ((200, 0.0), (5, 0.0))]
ECHOES += [(0.8, 200, 0.01), (0.8, 5, 0.01)]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=20)
    given = options.parse_args()
    print(f"{'':44}" + "".join(f"{name:>26}" for name in SHARES))
    within = True
    for load, connections, grain_s in ECHOES:
        rate = load / SERVICE_MS * 1e3
        does = WebSocketSpec(mode="echo", codec="text", size=64)
        with server("--service-ms", str(SERVICE_MS)) as (url, sent):
            shape = {"kind": "poisson", "rate": rate, "duration": given.seconds}
            done = ours(url, "/echo", shape, does, connections=connections, grain_s=grain_s, timeout_s=60)
        words = f"echo, load {load}, {connections} connections" + (f", grain {grain_s * 1e3:g} ms" if grain_s else "")
        within &= row(words, done.entry.response_ms, sent(), done.entry.generator)
    does = WebSocketSpec(mode="broadcast", codec="text", size=64)
    with server("--gap-us", str(GAP_US)) as (url, sent):
        done = ours(url, "/room", steadily(PUBLISHED, given.seconds), does, connections=RECEIVERS)
    words = f"broadcast, {PUBLISHED}/s to {RECEIVERS}, {GAP_US:g} us apart"
    within &= row(words, done.entry.delivery_ms, sent(), done.entry.generator)
    print(f"to hold: {BOUND:.0%} or {BOUND_MS} ms: " + ("held" if within else "NOT held"))
    return 0 if within else 1


def row(words: str, said: Distribution, sent: np.ndarray, generator: Generator) -> bool:
    """Print ours beside the server's; return whether each is near enough."""
    cells, within = [], True
    for name, share in SHARES.items():
        ours_ms, true_ms = getattr(said, name), float(np.quantile(sent, share, method="inverted_cdf")) / 1e6
        off_ms = ours_ms - true_ms
        within &= abs(off_ms) <= max(BOUND_MS, BOUND * true_ms)
        cells.append(f"{ours_ms:.2f} of {true_ms:.2f} ({off_ms / true_ms:+.2%})")
    believed = "" if generator.valid else f"  INVALID: {generator.reason}"
    print(f"{words:44}" + "".join(f"{cell:>26}" for cell in cells) + believed, flush=True)
    return within


@contextlib.contextmanager
def server(*options: str) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """Start ``timed_server.py``: its address; and, after the block, how much later than due it sent each frame (ns)."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "sent")
        argv = [sys.executable, str(SERVER), "--out", str(out), *options]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        kept: list[np.ndarray] = []
        try:
            assert process.stdout is not None
            yield f"ws://127.0.0.1:{int(process.stdout.readline())}", lambda: kept[0]
        finally:
            process.terminate()
            process.wait()
            kept.append(np.frombuffer(out.read_bytes(), dtype=np.int64))


if __name__ == "__main__":
    sys.exit(main())
