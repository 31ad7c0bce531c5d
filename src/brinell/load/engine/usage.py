"""What the worker costs and what it is denied: CPU, time spent runnable without a core, garbage collection."""

from __future__ import annotations

import gc
import time
from pathlib import Path

_SCHEDSTAT = Path("/proc/self/schedstat")


class Usage:
    """Differences since the last ``take``."""

    def __init__(self) -> None:
        self._cpu_s = 0.0
        self._starved_s = 0.0
        self.restart()

    def restart(self) -> None:
        """Count from now."""
        self._cpu_s = time.process_time()
        self._starved_s = _starved_s()

    def take(self) -> tuple[float, float, float]:
        """Return CPU seconds, seconds in the run queue and seconds of garbage collection, and count anew.

        The collector is off while requests are under way and runs here, once a second, over what is new: its pause has
        a known place and is told.
        """
        began = time.perf_counter()
        gc.collect(0)
        collected_s = time.perf_counter() - began
        cpu_s, starved_s = time.process_time(), _starved_s()
        taken = cpu_s - self._cpu_s, starved_s - self._starved_s, collected_s
        self._cpu_s, self._starved_s = cpu_s, starved_s
        return taken


def _starved_s() -> float:
    """Seconds this process waited in the run queue while it could have run; 0 where the system does not say."""
    try:
        return int(_SCHEDSTAT.read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
