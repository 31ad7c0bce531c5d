"""How long garbage collections take: nothing of the process runs meanwhile. PYTEST_DONT_REWRITE.

Processor time of the thread that collects: between the end of a collection and our being told of it, other threads may
have their turn.
"""

import gc
import time

_now = time.thread_time_ns


class Pauses:
    """Counts collections since the last ``take``. One collection at a time: the collector sees to that."""

    def __init__(self):
        self._began = 0
        self._count = self._total = self._longest = 0

    def install(self):
        """Be told of every collection from now on."""
        if hasattr(gc, "callbacks"):  # CPython
            gc.callbacks.append(self._told)

    def remove(self):
        """Not any more."""
        if self._told in getattr(gc, "callbacks", ()):
            gc.callbacks.remove(self._told)

    def _told(self, phase, _info):
        if phase == "start":
            self._began = _now()
        elif self._began:
            passed = _now() - self._began
            self._began = 0
            self._count += 1
            self._total += passed
            self._longest = max(self._longest, passed)

    def take(self):
        """``[count, total_ns, longest_ns]`` since the last time."""
        found = [self._count, self._total, self._longest]
        self._count = self._total = self._longest = 0
        return found
