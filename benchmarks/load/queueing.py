"""A server whose every service is written down, and what queueing theory makes of it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

SERVER = Path(__file__).with_name("fifo_server.py")
Services = npt.NDArray[np.int64]


@contextlib.contextmanager
def server(*options: str) -> Iterator[tuple[str, Callable[[], Services]]]:
    """The server of ``fifo_server.py`` in a process of its own: its URL; and, after the block, how long each of its
    services took, in nanoseconds and in order.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "services")
        process = subprocess.Popen(
            [sys.executable, str(SERVER), "--out", str(out), *options], stdout=subprocess.PIPE, text=True
        )
        kept: list[Services] = []
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/", lambda: kept[0]
        finally:
            process.terminate()
            process.wait()
            kept.append(np.frombuffer(out.read_bytes(), dtype=np.int64))


def lindley(dues: Sequence[int], services: Services) -> npt.NDArray[np.float64]:
    """Return response times in milliseconds of a first come first served queue: request n departs at
    max(departure of n-1, due of n) + service of n (Lindley, 1952).
    """
    departure, responses = 0, np.empty(len(dues))
    for number, (due, service) in enumerate(zip(dues, services.tolist(), strict=True)):
        departure = max(departure, due) + service
        responses[number] = (departure - due) / 1e6
    return responses


def quantile(responses: npt.NDArray[np.float64], share: float) -> float:
    """Return the exact sample quantile, as HdrHistogram counts it."""
    return float(np.quantile(responses, share, method="inverted_cdf"))
