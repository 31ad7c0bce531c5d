"""What is cached, and which notes it depends on."""

from __future__ import annotations

from dataclasses import dataclass

MAX_ID = 2**63 - 2  # one less than the databases can hold, so that there is a number above every id


@dataclass(frozen=True, slots=True)
class Span:
    """The notes an entry depends on: every id from low to high, both included, whether it exists yet or not."""

    low: int
    high: int

    def covers(self, note_id: int) -> bool:
        """Tell whether a change of this note makes the entry wrong."""
        return self.low <= note_id <= self.high


@dataclass(frozen=True, slots=True)
class Entry:
    """A rendered answer."""

    body: bytes
    etag: str
    span: Span
