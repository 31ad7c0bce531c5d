"""Is memory flat? Peak memory of a worker and of the process that reads it, for 10^5 and for 10^7 requests.

    python benchmarks/load/memory.py [--most 10000000] [--connections 64]

Closed loop against nginx, each amount in processes of its own; what counts is the largest resident set (``VmHWM``).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys

from measured import ours
from peers import nginx

LEAST = 100_000


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--most", type=int, default=10_000_000)
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--one", nargs=2, metavar=("URL", "REQUESTS"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        return one(given.one[0], int(given.one[1]), given.connections)
    with nginx() as url:
        for requests in (LEAST, given.most):
            words = ["--one", url, str(requests), "--connections", str(given.connections)]
            subprocess.run([sys.executable, __file__, *words], check=True)
    return 0


def one(url: str, requests: int, connections: int) -> int:
    """Send so many, and print the peaks."""
    run = ours(url, {"kind": "closed", "duration": 7200.0}, connections=connections, max_requests=requests)
    reader = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{run.load.requests:>10} requests: worker {worker:.0f} MB, reader and judge {reader:.0f} MB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
