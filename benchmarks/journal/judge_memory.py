"""How much memory and time does judging a long load run take? Prints both for two sizes of the same run.

The journal is written by the real writer: one scenario, three operations, two outcomes, two workers, one slice a second
each, with log-normal latencies, up to 10,000,000 requests (about 2.8 h at 1,000 a second). The
judge runs in a fresh process; its peak resident set is read from the kernel. To hold: under 300 MB at 10^7 requests.

    python benchmarks/journal/judge_memory.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np

from brinell.core.clock import FakeClock
from brinell.core.histogram import Histogram
from brinell.core.load_records import LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import RunEnded, StepFinished, StepStarted
from brinell.core.plan import LoadSpec, Plan, Step
from brinell.journal.reader import PLAN_FILE
from brinell.journal.store import Journal

RATE = 1000
WORKERS = 2
OPERATIONS = ("list", "read", "write")
JUDGE = """
import sys, time
from pathlib import Path
from brinell.judge import judge
from brinell.journal.reader import read
began = time.process_time()
judgement = judge(read(Path(sys.argv[1])))
print(judgement.load[0].requests, judgement.load[0].response_ms.p99, time.process_time() - began)
"""


def write(folder: Path, requests: int) -> int:
    """Write the journal of a run of that many requests; return its size in bytes."""
    seconds = requests // RATE
    spec = LoadSpec("browse", {"kind": "constant", "rate": RATE, "duration_s": seconds}, url="http://127.0.0.1:1/")
    plan = Plan(name="long", root=str(folder), steps=(Step("load:browse", "load", spec),))
    (folder / PLAN_FILE).write_bytes(msgspec.json.encode(plan))
    random = np.random.default_rng(1)
    clock = FakeClock()
    per_slice = RATE // (WORKERS * len(OPERATIONS))
    sent = 0
    with Journal.create(folder, clock) as journal:
        journal.emit("load:browse", StepStarted("load:browse"))
        journal.emit(
            "load:browse",
            LoadStarted("browse", "open", "http://127.0.0.1:1/", 0, float(seconds), float(RATE), 64, WORKERS, 5.0),
        )
        for second in range(seconds):
            clock.sleep(1)
            for worker in range(WORKERS):
                for operation in OPERATIONS:
                    histogram = Histogram()
                    for value in (random.lognormal(15, 0.8, per_slice)).astype(int).tolist():
                        histogram.record(value)
                    sparse, most = histogram.sparse(), histogram.max_ns
                    journal.emit(
                        "load:browse",
                        LoadSlice(worker, second, operation, "ok", per_slice, sparse, sparse, most, most),
                    )
                    sent += per_slice
        journal.emit("load:browse", LoadEnded(sent, sent, 0, float(seconds)))
        journal.emit("load:browse", StepFinished("load:browse"))
        journal.emit("run", RunEnded("complete"))
    return (folder / "journal.jsonl").stat().st_size


def main() -> None:
    """Print a row per size."""
    print(f"{'requests':>12} {'journal MB':>11} {'peak RSS MB':>12} {'judge CPU s':>12}")
    for requests in (100_000, 10_000_000):
        with tempfile.TemporaryDirectory() as name:
            size = write(Path(name), requests)
            child = subprocess.Popen([sys.executable, "-c", JUDGE, name], stdout=subprocess.PIPE, text=True)
            assert child.stdout is not None
            answer = child.stdout.read().split()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = status
            assert status == 0, "the judge failed"
            print(f"{int(answer[0]):>12,} {size / 1e6:>11.1f} {usage.ru_maxrss / 1e3:>12.0f} {float(answer[2]):>12.1f}")


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"({time.monotonic() - began:.0f} s in all)")
