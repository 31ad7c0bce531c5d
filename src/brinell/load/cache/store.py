"""Redis and memcached under a workload: sessions of one operation each, over the engine's own connections.

A get that misses is followed by a set in the same session (``load``), so that a read's own time is the get's alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import msgspec

from brinell.core import outcomes
from brinell.core.cache_records import CachePrepared
from brinell.core.entry import Entry
from brinell.core.key_choice import OPERATIONS, KeyChoice, Mix, choice_of, mix_of, prefilled, recent, sizes, stream
from brinell.core.plan import CacheSpec
from brinell.load.cache.found import Aim
from brinell.load.cache.gets import Gets
from brinell.load.cache.protocols import DIALECTS
from brinell.load.cache.store_talk import Fullness, fill
from brinell.load.engine.session import Answer, Pause, Send, Session, Stage, Wrong
from brinell.load.engine.work import Operation
from brinell_inside.cache.stamps import StaleRead, Stamps, WrongValue

READ, UPDATE, INSERT, SCAN, MODIFY, DELETE = range(len(OPERATIONS))
LOAD = "load"


class Wired(msgspec.Struct, frozen=True):
    """What a worker is given."""

    scheme: str
    address: tuple[str, int]
    cache: CacheSpec


def sessions(options: dict[str, Any], stage: Stage) -> Store:
    """Return the sessions of what the driver made. The first worker fills the store before it is ready."""
    return Store(msgspec.convert(options, Wired), stage)


class Store:
    """All operations of one worker."""

    def __init__(self, wired: Wired, stage: Stage) -> None:
        spec = wired.cache
        self._spec = spec
        self._stage = stage
        self._dialect = DIALECTS[wired.scheme]
        stamps: Any = Stamps  # of the side that has no annotations
        self._stamps = stamps("bytes")
        self._gets = Gets()
        self._operations = {name: Operation(name, 1.0, b"", stage.recorder) for name in (*OPERATIONS, LOAD)}
        self._aim = Aim(self._operations["read"], stage.recorder)
        choice, mix = choice_of(spec, stage.seed), mix_of(spec)
        self._next = _one_by_one(choice, mix, stage)
        self._options = int(spec.set_options.get("ttl", 0))
        self._prepared: list[Entry] = [
            _fill(wired, choice, mix, self) if stage.worker == 0 else CachePrepared(stage.worker, self._dialect.name)
        ]
        self._fullness: Fullness | None = None
        if stage.worker == 0:
            self._fullness = Fullness(wired.address, self._dialect)
            self._fullness.start()
        stage.recorder.also(cast("Any", self._take))  # any record of ours

    def begin(self, user: int) -> Session:
        """Return the session of one operation. They are begun in the order of their numbers."""
        del user
        kind, key, size, length = next(self._next)
        if kind == READ:
            return self._read(key, size)
        if kind == SCAN:
            return self._scan(key, length)
        if kind == DELETE:
            return self._delete(key)
        return self._modify(key, size) if kind == MODIFY else self._write(OPERATIONS[kind], key, size)

    def put(self, key: int, size: int) -> bytes:
        """Return the request that sets a key, stamped; its acknowledgement is to be told to ``acknowledged``."""
        return self._dialect.put(self._name(key), bytes(self._stamps.begin(key, size)), self._options)

    def acknowledged(self, key: int) -> None:
        """A set was acknowledged."""
        self._stamps.acknowledged(key)

    def _name(self, key: int) -> bytes:
        return self._spec.key.replace("{key}", str(key)).encode()

    def _read(self, key: int, size: int) -> Session:
        answer = yield from self._get("read", key)
        if not (self._spec.loads and answer.outcome == outcomes.OK and answer.status == 1):
            return
        if self._spec.loader_s:
            yield Pause(self._spec.loader_s)
        self._gets.loaded()
        yield from self._write(LOAD, key, size)

    def _get(self, name: str, key: int) -> Any:
        """Yield the get; return its answer. What was there is looked at."""
        floor = self._stamps.floor(key)

        def look(answer: Answer) -> str | None:
            is_hit = answer.status > 1
            wrong = self._wrong(key, answer.body, floor) if is_hit else None
            if wrong is None:
                self._gets.found(is_hit)
                if name == OPERATIONS[READ]:
                    self._aim.found(is_hit)
            return wrong

        return (yield Send(self._operations[name], self._dialect.get([self._name(key)]), look))

    def _wrong(self, key: int, body: bytes, floor: int) -> Wrong | None:
        try:
            self._stamps.check(key, body, floor)
        except (StaleRead, WrongValue) as error:
            return Wrong(str(error), outcomes.of_exception(type(error).__name__))
        return None

    def _scan(self, key: int, length: int) -> Session:
        def look(answer: Answer) -> str | None:
            hits = min(answer.status - 1, length)
            for number in range(length):
                self._gets.found(number < hits)
            return None

        names = [self._name(number) for number in range(key, key + length)]
        yield Send(self._operations["scan"], self._dialect.get(names), look)

    def _write(self, name: str, key: int, size: int) -> Session:
        answer = yield Send(self._operations[name], self.put(key, size))
        if answer is not None and answer.outcome == outcomes.OK:
            self._stamps.acknowledged(key)

    def _modify(self, key: int, size: int) -> Session:
        answer = yield from self._get(OPERATIONS[MODIFY], key)
        if answer.outcome == outcomes.OK:
            yield from self._write(OPERATIONS[UPDATE], key, size)

    def _delete(self, key: int) -> Session:
        floor = self._stamps.deleting(key)
        answer = yield Send(self._operations["delete"], self._dialect.delete(self._name(key)))
        if answer is not None and answer.outcome == outcomes.OK:
            self._stamps.deleted(key, floor)

    def _take(self, second: int) -> list[Entry]:
        taken, self._prepared = self._prepared, []
        taken += self._fullness.take() if self._fullness is not None else []
        seen = self._gets.take(self._stage.worker, second)
        return taken if seen is None else [*taken, seen]


def _one_by_one(choice: KeyChoice, mix: Mix, stage: Stage) -> Iterator[tuple[int, int, int, int]]:
    for stretch in stream(choice, mix, stage.worker, stage.workers):
        columns = (stretch.kinds, stretch.keys, stretch.sizes, stretch.lengths)
        yield from zip(*(column.tolist() for column in columns), strict=True)


def _fill(wired: Wired, choice: KeyChoice, mix: Mix, store: Store) -> CachePrepared:
    """Put in what the workload would have asked for last."""
    dialect, count = DIALECTS[wired.scheme], prefilled(wired.cache)
    if not count:
        return CachePrepared(0, dialect.name)
    keys = recent(choice, count)
    drawn = sizes(mix, choice.seed + 1, keys).tolist()
    sets = ((key, partial(store.put, key, size)) for key, size in zip(keys.tolist(), drawn, strict=True))
    return fill(wired.address, dialect, sets, len(keys), store.acknowledged)
