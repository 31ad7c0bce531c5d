"""How far a running suite is: tests done, failures so far, what is slow just now, and how long it may still take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brinell.core.redact import one_line
from brinell.suite.recording import Recording

_SLOW_NS = 10_000_000_000


class Pace:
    """Estimates the rest of a session from what its tests took when the baseline was blessed.

    The share of blessed seconds that are done is taken for the share of time that has passed since collection, so a
    machine that is slower, or several workers, need no allowance. Tests without a blessed duration count as the mean.
    """

    def __init__(self, durations: Mapping[str, float]) -> None:
        self._durations = durations
        self._mean = sum(durations.values()) / len(durations) if durations else 0.0
        self._counted = 0
        self._done_s = 0.0
        self._collected_ns: int | None = None

    def said(self, recording: Recording, now_ns: int) -> tuple[int, int | None, str]:
        """Return tests done, tests in all (None before collection ended) and the line to show."""
        done, total = len(recording.finished), recording.collected
        if total is None:
            return done, None, "collecting" if recording.said_hello else "starting pytest"
        if self._collected_ns is None:
            self._collected_ns = now_ns
        parts = [f"{done:,} of {total:,} tests"]
        if recording.failures:
            parts.append(f"{recording.failures:,} failed")
        left_s = self._left_s(recording, now_ns - self._collected_ns, total)
        if left_s is not None:
            parts.append(f"about {_duration(left_s)} left")
        slow = _slowest(recording, now_ns)
        if slow:
            parts.append(slow)
        return done, total, ", ".join(parts)

    def _left_s(self, recording: Recording, elapsed_ns: int, total: int) -> float | None:
        if not self._mean:
            return None
        for test in recording.finished[self._counted :]:
            self._done_s += self._durations.get(test, self._mean)
        self._counted = len(recording.finished)
        expected_s = max(total * self._mean, self._done_s)
        share = self._done_s / expected_s
        return elapsed_ns / 1e9 * (1 - share) / share if share > 0 else expected_s


def blessed_durations(baseline: Mapping[str, Any] | None) -> dict[str, float]:
    """Return seconds by test id from a baseline's content; empty where it has none or is of another shape."""
    suite = (baseline or {}).get("suite")
    tests = suite.get("tests") if isinstance(suite, dict) else None
    if not isinstance(tests, dict):
        return {}
    return {
        name: float(entry[1])
        for name, entry in tests.items()
        if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], int | float)
    }


def _slowest(recording: Recording, now_ns: int) -> str:
    """Name the test that has been running longest, if that is remarkable."""
    began = {test: start for (test, _), start in recording.running.items() if 0 < start < now_ns - _SLOW_NS}
    if not began:
        return ""
    test = min(began, key=began.__getitem__)
    return f"{one_line(test, 100)} has been running for {_duration((now_ns - began[test]) / 1e9)}"


def _duration(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60:02d} s"
