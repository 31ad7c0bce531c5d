"""How long a step will still take, from how far it is: an exponentially weighted rate, so that a slow start or a slow
stretch is forgotten, and a stall shows as a growing remainder.
"""

from __future__ import annotations

import math

_MEMORY_S = 20.0
_FIRST_S = 1.0
_LONGEST_S = 1e9  # a rate that would take thirty years says that nothing is moving


class Estimate:
    """Fed with ``done`` of ``total`` at monotonic seconds; never negative, None while nothing can be said."""

    def __init__(self, started_s: float) -> None:
        self._started_s = started_s
        self._last_s = started_s
        self._done = 0.0
        self._weight = 0.0
        self._rate = 0.0

    def update(self, done: float, now_s: float) -> None:
        """Take the progress at ``now_s``. Less than before means it began anew: what was learnt is kept."""
        if not self._done and not done:
            self._started_s = self._last_s = now_s  # what comes before the first of anything says nothing of its pace
            return
        passed = now_s - self._last_s
        if passed <= 0:
            self._done = max(self._done, done)
            return
        fresh = max(0.0, done - self._done) / passed if done >= self._done else self._rate_now()
        keep = math.exp(-passed / _MEMORY_S)
        self._rate = keep * self._rate + (1 - keep) * fresh
        self._weight = keep * self._weight + (1 - keep)
        self._done, self._last_s = done, now_s

    def remaining_s(self, total: float | None) -> float | None:
        """Return the expected seconds to ``total``; None without a total, or before there is anything to go by."""
        if total is None or self._last_s - self._started_s < _FIRST_S:
            return None
        left = total - self._done
        if left <= 0:
            return 0.0
        rate = self._rate_now()
        expected = left / rate if rate > 0 else math.inf
        return expected if expected < _LONGEST_S else None

    def _rate_now(self) -> float:
        return self._rate / self._weight if self._weight else 0.0
