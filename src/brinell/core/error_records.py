"""What failed requests said, told by a worker at its end; ``brinell.core.observation`` has the rules of a record."""

from __future__ import annotations

import msgspec

from brinell.core.entry import Entry

FOLDED = "…"
"""Stands for all further texts, once a worker has seen as many as it keeps."""


class ErrorText(msgspec.Struct, frozen=True):
    """``count`` requests of one outcome said the same. The first and the last of them ended then, nanoseconds of the
    monotonic clock. ``text`` is redacted and cut.
    """

    outcome: str
    text: str
    count: int
    first_ns: int
    last_ns: int


class ErrorTexts(Entry, frozen=True):
    """All that one worker's failed requests said, but for statuses, which are outcomes of their own."""

    worker: int
    texts: tuple[ErrorText, ...]
