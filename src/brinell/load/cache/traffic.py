"""Operations on a cache object as the engine's traffic: a call each, with its operation beside the due time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from brinell.core.cache_records import (
    HIT,
    MISS,
    CacheBlocking,
    CacheHeld,
    CacheHolder,
    CacheLifetime,
    CachePrepared,
    CacheTried,
    StaleProbe,
    Stampede,
)
from brinell.core.entry import Entry
from brinell.core.key_choice import BLOCK, OPERATIONS, KeyChoice, Mix, Operations, recent, sizes, stream
from brinell.core.redact import one_line, redact
from brinell.load.cache.gets import Gets
from brinell.load.calls import told
from brinell.load.calls.caller import Caller
from brinell.load.calls.traffic import CallTraffic
from brinell.load.engine.traffic import Means

_READ = OPERATIONS.index("read")
_UPDATE = OPERATIONS.index("update")
_KIND_AT, _HITS_AT, _GETS_AT = 16, 24, 32
_BYTE = 0xFF
_WHOLE = (1 << _HITS_AT) - 1  # outcome and kind
_PIECE = 256  # entries of sixteen bytes that a pipe takes whole


class CacheTraffic(CallTraffic):
    """``words`` are the operations in order. ``name`` is the cache's."""

    def __init__(
        self, means: Means, caller: Caller, name: str, users: int, words: Iterator[told.Codes], *, closed: bool
    ) -> None:
        super().__init__(means, caller, name, users, closed=closed)
        self._pieces = words
        self._words = (word for piece in words for word in piece.tolist())
        self._seen = Gets()
        self._before: list[told.OfCache | told.Held | told.Holder] = []

    def prepared(self, word: told.Word | told.Block) -> None:
        """Keep what was told of the time before the load."""
        if isinstance(word, told.OfCache):
            self._before.append(word)

    def restart(self) -> None:
        """Count from now; users in turn find operations in the pipe."""
        super().restart()
        self._keep_full()

    def tick(self, now: int, limit_ns: int) -> None:
        """As the parent, and see to it that users in turn never wait for an operation."""
        super().tick(now, limit_ns)
        self._keep_full()

    def take(self, worker: int, second: int) -> list[Entry]:
        """Return what is known since the last call, and of the time before the load, once."""
        before, self._before = self._before, []
        taken = [_record(worker, one) for one in before] + super().take(worker, second)
        seen = self._seen.take(worker, second)
        return taken if seen is None else [*taken, seen]

    def _keep_full(self) -> None:
        while self._closed and not self._over and not self._caller.backlog:
            piece = next(self._pieces)
            for begin in range(0, len(piece), _PIECE):
                self._caller.hand_over(entries(piece[begin : begin + _PIECE]))

    def _take(self, word: told.Word | told.Block) -> None:
        if isinstance(word, told.Held | told.Holder):
            self._before.append(word)
        else:
            super()._take(word)

    def _hand_over(self, due: int) -> None:
        self._caller.call(due, next(self._words))

    def _add(self, block: told.Block) -> None:
        super()._add(block)
        if not self._discarding:
            self._seen.add(block[:, 3])

    def _kinds(self, codes: told.Codes) -> told.Codes:
        kinds = codes & _WHOLE
        is_read = (codes >> _KIND_AT & _BYTE) == _READ
        return np.where(is_read, kinds | codes & (_BYTE << _HITS_AT | _BYTE << _GETS_AT), kinds)

    def _operation(self, code: int) -> str:
        name = OPERATIONS[min(code >> _KIND_AT & _BYTE, len(OPERATIONS) - 1)]
        if not code >> _GETS_AT & _BYTE or code >> _KIND_AT & _BYTE != _READ:
            return name  # an operation that did not come to an end found nothing out
        return name + (HIT if code >> _HITS_AT & _BYTE else MISS)


def words(choice: KeyChoice, mix: Mix, worker: int, workers: int) -> Iterator[told.Codes]:
    """Yield one worker's operations as numbers (``brinell_inside.cache``), in stretches."""
    for stretch in stream(choice, mix, worker, workers):
        yield packed(stretch)


def packed(several: Operations) -> told.Codes:
    """Return operations as numbers."""
    return several.kinds | several.lengths << 4 | several.sizes << 11 | several.keys << 31


def filling(choice: KeyChoice, mix: Mix, count: int) -> Iterator[bytes]:
    """Yield what a cache is filled with before the load, as entries, and an end marker."""
    keys = recent(choice, count)
    for begin in range(0, len(keys), BLOCK):
        part = keys[begin : begin + BLOCK]
        drawn = sizes(mix, choice.seed + 1, part)
        one = np.ones_like(part)
        several = packed(Operations(one * _UPDATE, part, drawn, one))
        for at in range(0, len(several), _PIECE):
            yield entries(several[at : at + _PIECE])
    yield entries(np.array([-1], dtype=np.int64))


def entries(several: told.Codes) -> bytes:
    """Return operations as the pipe has them, without a due time."""
    return np.stack([np.zeros_like(several), several], axis=1).astype(np.int64).tobytes()


def _record(worker: int, word: told.OfCache | told.Held | told.Holder) -> Entry:  # noqa: PLR0911 - one of each kind
    if isinstance(word, told.Held):
        return CacheHeld(worker, word.at_ns, word.entries)
    if isinstance(word, told.Holder):
        return CacheHolder(worker, word.at_ns, one_line(redact(word.name), 100), word.entries)
    why = one_line(redact(word.why), 200)
    match word:
        case told.Lived():
            return CacheLifetime(worker, word.stated_s, word.looked_s, word.keys, word.early, word.late, why)
        case told.Blocked():
            what, where = ", ".join(word.what[:10]), one_line(redact(word.where), 200)
            return CacheBlocking(
                worker, word.operation, one_line(redact(what), 200), where, word.times, word.of, word.longest_ns, why
            )
        case told.Filled():
            return CachePrepared(worker, word.mode, word.wanted, word.filled, word.seconds, why)
        case told.Crowd():
            return Stampede(worker, word.callers, word.loads, word.failed, word.longest_ns, why, by=word.by)
        case told.Tried():
            example = one_line(redact(word.example), 200)
            return CacheTried(worker, word.what, word.tried, word.wrong, why, example)
    example = one_line(redact(word.example), 200)
    return StaleProbe(worker, word.how, word.keys, word.reads, word.stale, why, example)
