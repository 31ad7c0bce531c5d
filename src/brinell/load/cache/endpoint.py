"""An endpoint behind a cache: one request for each read, and what its answer says of where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import msgspec

from brinell.core.cache_records import CachePrepared
from brinell.core.entry import Entry
from brinell.core.key_choice import OPERATIONS, choice_of, mix_of, stream
from brinell.core.plan import CacheSpec
from brinell.load.cache.found import Aim
from brinell.load.cache.gets import Gets
from brinell.load.cache.verdicts import Verdict, stated, usual
from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.session import Answer, Send, Session, Stage

_READ = OPERATIONS[0]


class Wired(msgspec.Struct, frozen=True):
    """What a worker is given: the request's bytes before its key and after it."""

    before: bytes
    after: bytes
    cache: CacheSpec


def sessions(options: dict[str, Any], stage: Stage) -> Reads:
    """Return the sessions of what the driver made."""
    return Reads(msgspec.convert(options, Wired), stage)


class Reads:
    """All reads of one worker."""

    def __init__(self, wired: Wired, stage: Stage) -> None:
        self._worker = stage.worker
        self._before, self._after = wired.before, wired.after
        self._operation = ExchangeOperation(_READ, stage.recorder, keep_bytes=0)
        self._aim = Aim(self._operation, stage.recorder)
        self._verdict: Verdict = usual if wired.cache.hit is None else stated(wired.cache.hit)
        self._gets = Gets()
        self._is_told = False
        self._keys = _keys(wired.cache, stage)
        stage.recorder.also(cast("Any", self._take))  # any record of ours

    def begin(self, user: int) -> Session:
        """Return the session of one read. They are begun in the order of their numbers."""
        del user
        return self._one(self._before + b"%d" % next(self._keys) + self._after)

    def _one(self, request: bytes) -> Session:
        yield Send(self._operation, request, self._look)

    def _look(self, answer: Answer) -> str | None:
        is_hit = self._verdict(answer.headers)
        self._aim.found(is_hit)
        if is_hit is not None:
            self._gets.found(is_hit)
        return None

    def _take(self, second: int) -> list[Entry]:
        taken: list[Entry] = [] if self._is_told else [CachePrepared(self._worker, "HTTP")]
        self._is_told = True
        seen = self._gets.take(self._worker, second)
        return taken if seen is None else [*taken, seen]


def _keys(spec: CacheSpec, stage: Stage) -> Iterator[int]:
    for stretch in stream(choice_of(spec, stage.seed), mix_of(spec), stage.worker, stage.workers):
        yield from stretch.keys.tolist()
