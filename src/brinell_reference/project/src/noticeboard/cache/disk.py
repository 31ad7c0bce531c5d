"""The disk tier: what it holds is known in memory, so a miss costs nothing; files are touched by one thread only.

Writing is behind: `put` returns at once, and what is invalidated before its turn is never written. Every failure of
the file system is a miss and a pause, never an error of a request.
"""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from noticeboard.cache import codec
from noticeboard.cache.entry import Span
from noticeboard.cache.files import CacheFiles, IndexRow
from noticeboard.cache.spans import SpanIndex
from noticeboard.workers import RefusedError, UnfinishedError, Workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from noticeboard.cache.entry import Entry

log = logging.getLogger(__name__)

_BLOCK_BYTES = 4096  # what a file takes up at least
_HEADER_BYTES = 512
_BACKLOG = 512
_READ_TIMEOUT_S = 0.25  # a disk that is slower than that is slower than the database
_OPEN_TIMEOUT_S = 5.0
_PAUSE_S = 2.0  # after a failure: nothing is written for so long


@dataclass(eq=False, slots=True)
class _Slot:
    """An entry on disk, or on its way there."""

    size_bytes: int
    expires_s: float
    span: Span
    written: bool = False


class Found(NamedTuple):
    """An entry that was on disk, and until when it may be used."""

    entry: Entry
    expires_s: float


class DiskTier:
    """At most `capacity_bytes` of files in the folder; used from one event loop.

    `clock` is monotonic and decides what has expired; `wall` is the time of day, which is only asked at a start and a
    stop, to carry expiry times over.
    """

    def __init__(
        self, folder: Path, capacity_bytes: int, *, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._capacity_bytes = capacity_bytes
        self._clock = clock
        self._wall = wall
        self._files = CacheFiles(folder)
        self._worker = Workers("cache-disk", 1, _BACKLOG)
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._spans = SpanIndex()
        self._unwritten: dict[str, tuple[_Slot, Entry]] = {}
        self._unremoved: set[str] = set()
        self._paused_until_s = -math.inf
        self.size_bytes = 0
        self.failures = 0
        self.failing = False

    async def open(self, fingerprint: str | None, ttl_s: float) -> None:
        """Take over what a clean stop left, if the database is what it was then; start empty otherwise."""
        if not self._capacity_bytes:
            return
        self._worker.start()
        try:
            rows = await self._worker.run(lambda: self._files.open(fingerprint), timeout_s=_OPEN_TIMEOUT_S)
        except (RefusedError, UnfinishedError, OSError) as error:
            self._failed(error)
            return
        now_s, wall_s = self._clock(), self._wall()
        for row in rows:
            left_s = min(row.expires_wall_s - wall_s, ttl_s)  # the time of day may have been set back since
            self._add(row.key, _Slot(row.size_bytes, now_s + left_s, Span(row.low, row.high), written=True))
        self._make_room(0)

    def holds(self, key: str) -> bool:
        """Tell whether it is worth asking for the key."""
        slot = self._slots.get(key)
        if slot is None:
            return False
        if slot.expires_s <= self._clock():
            self._remove(key)
            return False
        return True

    async def get(self, key: str) -> Found | None:
        """Return the entry, unless it isn't there, its time is over, it is damaged, or the disk is too slow."""
        if not self.holds(key):
            return None
        slot = self._slots[key]
        try:
            entry = await self._worker.run(lambda: self._read(key), timeout_s=_READ_TIMEOUT_S)
        except (RefusedError, UnfinishedError):
            return None
        except OSError as error:
            self._failed(error)
            entry = None
        if self._slots.get(key) is not slot:
            return None  # it was invalidated meanwhile
        if entry is None:
            self._remove(key)
            return None
        self._slots.move_to_end(key)
        return Found(entry, slot.expires_s)

    def put(self, key: str, entry: Entry, expires_s: float) -> None:
        """Have the entry written, in place of an older one; delete others to make room."""
        if key in self._slots:
            self._remove(key)
        size_bytes = -(-(len(entry.body) + _HEADER_BYTES) // _BLOCK_BYTES) * _BLOCK_BYTES
        if size_bytes > self._capacity_bytes or self._clock() < self._paused_until_s:
            return
        self._make_room(size_bytes)
        slot = _Slot(size_bytes, expires_s, entry.span)
        self._add(key, slot)
        self._unwritten[key] = slot, entry
        self._unremoved.discard(key)  # it will be overwritten
        if not self._later(lambda: self._write(key), lambda error: self._written(key, slot, error)):
            self._remove(key)

    def invalidate(self, note_id: int) -> None:
        """Drop every entry that depends on the note."""
        for key in self._spans.covering(note_id):
            self._remove(key)

    async def writable(self, timeout_s: float) -> bool:
        """Tell whether the folder takes a file now; always true of a tier that is turned off."""
        if not self._capacity_bytes:
            return True
        try:
            await self._worker.run(self._probe, timeout_s=timeout_s)
        except (RefusedError, UnfinishedError):
            return False
        except OSError as error:
            self._failed(error)
            return False
        self._recovered()
        return True

    async def close(self, fingerprint: str | None, timeout_s: float) -> None:
        """Finish writing; vouch for what was written if the database's state is known."""
        if not self._capacity_bytes:
            return
        now_s, wall_s = self._clock(), self._wall()
        if fingerprint is not None:
            self._later(lambda: self._save_index(fingerprint, wall_s - now_s), self._noted)
        self._later(self._files.close, self._noted)
        await self._worker.close(timeout_s)

    # In the worker's thread:

    def _read(self, key: str) -> Entry | None:
        content = self._files.read(key)
        return None if content is None else codec.decode(key, content)

    def _write(self, key: str) -> None:
        slot, entry = self._unwritten.pop(key, (None, None))
        if slot is not None and entry is not None:  # else it was invalidated before its turn
            self._files.open()
            self._files.write(key, codec.encode(key, entry))
            slot.written = True

    def _sweep(self) -> None:
        with suppress(KeyError):  # none is left; asking first would race with the event loop
            while True:
                self._files.remove(self._unremoved.pop())

    def _probe(self) -> None:
        self._files.open()
        self._files.probe()

    def _save_index(self, fingerprint: str, wall_offset_s: float) -> None:
        # Nothing is put or invalidated after close() was called, so the slots are at rest. One whose write failed may
        # have an older file of the same name, which must not be vouched for.
        rows = [
            IndexRow(key, slot.size_bytes, slot.expires_s + wall_offset_s, slot.span.low, slot.span.high)
            for key, slot in self._slots.items()
            if slot.written
        ]
        self._files.save_index(fingerprint, rows)

    # In the event loop:

    def _add(self, key: str, slot: _Slot) -> None:
        self._slots[key] = slot
        self._spans.add(key, slot.span)
        self.size_bytes += slot.size_bytes

    def _remove(self, key: str) -> None:
        slot = self._slots.pop(key)
        self._spans.remove(key, slot.span)
        self.size_bytes -= slot.size_bytes
        self._unwritten.pop(key, None)
        self._unremoved.add(key)
        self._later(self._sweep, self._noted)  # if that is refused, the next one takes this key along

    def _make_room(self, size_bytes: int) -> None:
        while self.size_bytes + size_bytes > self._capacity_bytes:
            self._remove(next(iter(self._slots)))

    def _later(self, work: Callable[[], None], outcome: Callable[[BaseException | None], None]) -> bool:
        try:
            future = self._worker.submit(work)
        except RefusedError:
            return False
        future.add_done_callback(lambda done: outcome(done.exception()))
        return True

    def _written(self, key: str, slot: _Slot, error: BaseException | None) -> None:
        if error is None:
            self._recovered()
            return
        self._failed(error)
        if self._slots.get(key) is slot:
            self._remove(key)

    def _noted(self, error: BaseException | None) -> None:
        if error is not None:  # success proves nothing: a full disk deletes gladly
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        self.failures += 1
        self._paused_until_s = self._clock() + _PAUSE_S
        if not self.failing:
            log.warning("disk cache fails, serving without it: %s", error)
        self.failing = True

    def _recovered(self) -> None:
        if self.failing:
            log.warning("disk cache works again")
        self.failing = False
        self._paused_until_s = -math.inf

    def __len__(self) -> int:
        return len(self._slots)
