"""Time as an argument: whoever waits or stamps takes a ``Clock``, so minutes are tested in milliseconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Two clocks and a sleep. Monotonic nanoseconds order events; UTC wall time only labels them."""

    def now_ns(self) -> int:
        """Return monotonic nanoseconds (CLOCK_MONOTONIC: one clock for every process of the machine)."""
        ...

    def utc(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; returns at once for zero or less."""
        ...


class SystemClock:
    """The real clock."""

    def now_ns(self) -> int:
        """Return ``time.monotonic_ns()``."""
        return time.monotonic_ns()

    def utc(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds``."""
        if seconds > 0:
            time.sleep(seconds)


class FakeClock:
    """A clock that moves only when told to, or by ``sleep``, which returns at once."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._ns = 0

    def now_ns(self) -> int:
        """Return nanoseconds since the fake start."""
        return self._ns

    def utc(self) -> datetime:
        """Return the fake start plus what has passed since."""
        return self._start + timedelta(microseconds=self._ns / 1000)

    def sleep(self, seconds: float) -> None:
        """Advance by ``seconds`` without waiting."""
        self._ns += max(0, round(seconds * 1e9))


def iso(moment: datetime) -> str:
    """Format an aware time as ISO 8601 in UTC to the second: ``2026-01-01T00:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime:
    """Parse what ``iso`` wrote."""
    return datetime.fromisoformat(text)
