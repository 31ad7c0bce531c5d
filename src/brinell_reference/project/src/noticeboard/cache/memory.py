"""The memory tier: least recently used goes first, nothing outlives its time."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from noticeboard.cache.spans import SpanIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from noticeboard.cache.entry import Entry

OVERHEAD_BYTES = 512  # of an entry beside its body: objects, key, indexes


class _Held(NamedTuple):
    entry: Entry
    expires_s: float
    size_bytes: int


class MemoryTier:
    """At most `capacity_bytes` of entries; used from one thread."""

    def __init__(self, capacity_bytes: int, clock: Callable[[], float]) -> None:
        self._capacity_bytes = capacity_bytes
        self._clock = clock
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._spans = SpanIndex()
        self.size_bytes = 0

    def get(self, key: str) -> Entry | None:
        """Return the entry unless it isn't there or its time is over."""
        held = self._held.get(key)
        if held is None:
            return None
        if held.expires_s <= self._clock():
            self._remove(key)
            return None
        self._held.move_to_end(key)
        return held.entry

    def put(self, key: str, entry: Entry, expires_s: float) -> None:
        """Hold the entry until then (on the tier's clock), in place of an older one; drop others to make room."""
        if key in self._held:
            self._remove(key)
        size_bytes = len(entry.body) + OVERHEAD_BYTES
        if size_bytes > self._capacity_bytes:
            return
        while self.size_bytes + size_bytes > self._capacity_bytes:
            self._remove(next(iter(self._held)))
        self._held[key] = _Held(entry, expires_s, size_bytes)
        self._spans.add(key, entry.span)
        self.size_bytes += size_bytes

    def invalidate(self, note_id: int) -> None:
        """Drop every entry that depends on the note."""
        for key in self._spans.covering(note_id):
            self._remove(key)

    def _remove(self, key: str) -> None:
        held = self._held.pop(key)
        self._spans.remove(key, held.entry.span)
        self.size_bytes -= held.size_bytes

    def __len__(self) -> int:
        return len(self._held)
