"""Is memory flat? Peak memory of ``brinell load`` with workers, reports and all, for 10^5 and for 10^7 requests.

    python benchmarks/load/memory.py [--most 10000000] [--connections 64]

Against nginx, from the command line as a user types it: 10^5 as fast as it goes, 10^7 so, and 10^5 over as many seconds
as those took, because what is kept by the second (up to 300 columns of charts) is no matter of requests. The largest
resident set of each process is read while it runs (``VmHWM``): the tool reads the workers, keeps the journal, judges
and renders.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
from peers import nginx

LEAST = 100_000
EVERY_S = 0.02


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--most", type=int, default=10_000_000)
    options.add_argument("--connections", type=int, default=64)
    given = options.parse_args()
    with nginx() as url:
        fast = ["--model", "closed", "--duration", "2h"]
        one(url, LEAST, given.connections, fast)
        took_s = round(one(url, given.most, given.connections, fast))
        one(url, LEAST, given.connections, ["--rate", str(LEAST / took_s), "--duration", f"{took_s}s"])
    return 0


def one(url: str, requests: int, connections: int, words: list[str]) -> float:
    """Send so many, print the peaks, and return the seconds."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        words = [*words, "--max-requests", str(requests), "--connections", str(connections)]
        words += ["--out", str(Path(folder, "run"))]
        with Path(folder, "said").open("wb") as said:
            tool = subprocess.Popen(
                [sys.executable, "-m", "brinell", "load", url, *words], cwd=folder, stdout=said, stderr=said
            )
            peaks: dict[str, int] = {}
            while tool.poll() is None:
                look(tool.pid, peaks)
                time.sleep(EVERY_S)
        if tool.returncode not in {0, 3}:
            print(Path(folder, "said").read_text(encoding="utf-8"))
            sys.exit(tool.returncode)
    told = ", ".join(f"{name} {kilobytes / 1024:.0f} MB" for name, kilobytes in sorted(peaks.items()))
    seconds = time.monotonic() - began
    print(f"{requests:>10} requests in {seconds:3.0f} s: {told}", flush=True)
    return seconds


def look(pid: int, peaks: dict[str, int]) -> None:
    """Take the peaks of the tool and of everything below it."""
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in processes:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            name = _name(process)
        except (OSError, psutil.Error):
            continue
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                peaks[name] = max(peaks.get(name, 0), int(line.split()[1]))


def _name(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    return "worker" if "load.worker" in words else "tool" if " load http" in words else "guard and others"


if __name__ == "__main__":
    sys.exit(main())
