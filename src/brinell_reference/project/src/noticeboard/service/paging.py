"""Pages by key: newest first, each page begins below the last id of the one before.

Notes that come or go between two pages move nothing: every note that is there all the time is seen exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noticeboard.cache.entry import MAX_ID, Span
from noticeboard.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noticeboard.storage.statements import Note

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
FROM_THE_START = MAX_ID + 1


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Up to `limit` notes with ids below `before`."""

    before: int = FROM_THE_START
    limit: int = DEFAULT_LIMIT

    @property
    def key(self) -> str:
        """The page's name in the cache."""
        return f"page:{self.before}:{self.limit}"

    @property
    def scope(self) -> Span:
        """The notes the page can depend on, whatever it turns out to hold."""
        return Span(0, self.before - 1)

    def span(self, notes: Sequence[Note]) -> Span:
        """Return the notes the page depends on when it holds these: a full one on nothing below its last."""
        return Span(notes[-1].id if len(notes) == self.limit else 0, self.before - 1)

    def following(self, notes: Sequence[Note]) -> str | None:
        """Return the address of the next page; None after a page that wasn't full."""
        return f"/notes?before={notes[-1].id}&limit={self.limit}" if len(notes) == self.limit else None


def parse_page(before: str | None, limit: str | None) -> PageRequest:
    """Return the page that two query parameters ask for.

    Raises:
        Problem: invalid-parameter.
    """
    return PageRequest(
        before=FROM_THE_START if before is None else _whole("before", before, 1, MAX_ID),
        limit=parse_limit(limit),
    )


def parse_limit(limit: str | None) -> int:
    """Return how many notes a query parameter asks for.

    Raises:
        Problem: invalid-parameter.
    """
    return DEFAULT_LIMIT if limit is None else _whole("limit", limit, 1, MAX_LIMIT)


def _whole(name: str, raw: str, low: int, high: int) -> int:
    # int() alone would also take blanks, signs, underscores, other scripts' digits, and minutes for a very long one.
    if raw.isascii() and raw.isdigit() and len(raw) <= len(str(high)) and low <= int(raw) <= high:
        return int(raw)
    raise Problem("invalid-parameter", f"{name} must be a whole number from {low} to {high}")
