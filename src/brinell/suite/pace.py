"""How far a suite is, over all its runs: how much is done, failures so far, what is slow just now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brinell.core.redact import one_line
from brinell.suite.recording import Recording

_SLOW_NS = 10_000_000_000


class Pace:
    """Measures the progress of ``runs`` runs by what the tests took when the baseline was blessed.

    A test weighs its blessed seconds; one that has none weighs the mean of the blessed ones still to come. Without a
    baseline every test weighs the same. What a unit takes here, on this machine and with these workers, is for those
    to learn who are told.
    """

    def __init__(self, durations: Mapping[str, float], runs: int = 1) -> None:
        self._durations = durations if any(durations.values()) else {}
        self._runs_left = runs  # with this one
        self._behind = 0.0  # of the runs that are over
        self._whole: float | None = None  # of one run, as far as that is known
        self._begin()

    def _begin(self) -> None:
        self._done = 0.0
        self._counted = 0
        self._to_come = dict(self._durations)
        self._to_come_s = sum(self._durations.values())

    def next_run(self) -> None:
        """Go on with the next run: what the last one weighed is what to expect of it."""
        self._runs_left -= 1
        self._behind += self._done
        self._whole = self._done
        self._begin()

    def said(self, recording: Recording, now_ns: int) -> tuple[float, float | None, str]:
        """Return how much is done, how much there is in all (None before the first collection ended) and the line."""
        tests = recording.collected
        if tests is not None:
            self._take(recording)
            self._whole = self._done + max(0, tests - self._counted) * self._mean()
        total = None if self._whole is None else self._behind + self._whole * self._runs_left
        return self._behind + self._done, total, _line(recording, now_ns)

    def _take(self, recording: Recording) -> None:
        for test in recording.finished[self._counted :]:
            seconds = self._to_come.pop(test, None)
            self._done += self._mean() if seconds is None else seconds
            self._to_come_s -= seconds or 0.0
        self._counted = len(recording.finished)

    def _mean(self) -> float:
        if self._to_come:
            return max(0.0, self._to_come_s / len(self._to_come))
        return sum(self._durations.values()) / len(self._durations) if self._durations else 1.0


def blessed_durations(baseline: Mapping[str, Any] | None) -> dict[str, float]:
    """Return seconds by test id from a baseline's content; empty where it has none or is of another shape."""
    suite = (baseline or {}).get("suite")
    tests = suite.get("tests") if isinstance(suite, dict) else None
    if not isinstance(tests, dict):
        return {}
    return {
        name: float(entry[1])
        for name, entry in tests.items()
        if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], int | float) and entry[1] >= 0
    }


def _line(recording: Recording, now_ns: int) -> str:
    if recording.collected is None:
        return "collecting" if recording.said_hello else "starting pytest"
    parts = [f"{len(recording.finished):,} of {recording.collected:,} tests"]
    if recording.failures:
        parts.append(f"{recording.failures:,} failed")
    return ", ".join(filter(None, (*parts, _slowest(recording, now_ns))))


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
