"""An endpoint behind a cache: one request for each read or change, and what answers say of where they came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import msgspec

from brinell.core import outcomes
from brinell.core.cache_records import STALE, CachePrepared
from brinell.core.entry import Entry
from brinell.core.key_choice import OPERATIONS, choice_of, mix_of, stream
from brinell.core.plan import CacheSpec
from brinell.load import tls
from brinell.load.cache.changing import Change, Marks
from brinell.load.cache.door import Door
from brinell.load.cache.endpoint_probe import DELETED, Counter, EndpointProbe, keys_needed
from brinell.load.cache.found import Aim
from brinell.load.cache.gets import Gets
from brinell.load.cache.variants import Variants
from brinell.load.cache.verdicts import Verdict, stated, usual
from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.session import Answer, Send, Session, Stage, Wrong

_READ, _UPDATE = OPERATIONS[:2]
_UPDATE_AT = OPERATIONS.index(_UPDATE)
_KEPT_BYTES = 1 << 16  # of a body in which a mark is looked for


class Wired(msgspec.Struct, frozen=True):
    """What a worker is given: the request's bytes before its key and after it, and what probes need.

    ``head`` are the header lines of every request; ``counter`` is the request of the page and the name in it.
    """

    before: bytes
    after: bytes
    cache: CacheSpec
    address: tuple[str, int]
    tls_name: str | None = None
    head: bytes = b""
    counter: tuple[bytes, str] | None = None
    change: Change | None = None
    delete: Change | None = None


def sessions(options: dict[str, Any], stage: Stage) -> Reads:
    """Return the sessions of what the driver made. The first worker asks as many at once before it is ready."""
    return Reads(msgspec.convert(options, Wired), stage)


class Reads:
    """All reads and changes of one worker."""

    def __init__(self, wired: Wired, stage: Stage) -> None:
        self._wired = wired
        self._worker = stage.worker
        keep_bytes = 0 if wired.change is None else min(_KEPT_BYTES, stage.keep_bytes)
        self._operation = ExchangeOperation(_READ, stage.recorder, keep_bytes=keep_bytes)
        self._update = ExchangeOperation(_UPDATE, stage.recorder, keep_bytes=0)
        self._aim = Aim(self._operation, stage.recorder)
        self._verdict: Verdict = usual if wired.cache.hit is None else stated(wired.cache.hit)
        self._gets = Gets()
        self._marks = Marks()
        self._told: list[Entry] = [CachePrepared(self._worker, "HTTP")]
        self._next = _one_by_one(wired.cache, stage)
        self._gone = range(_first_probed(wired.cache), _first_probed(wired.cache) + DELETED)
        self._gone = self._gone if wired.delete is not None and wired.cache.probe else range(0)
        if wired.cache.probe and stage.worker == 0:
            self._told += self._probed(stage)
        stage.recorder.also(cast("Any", self._take))  # any record of ours

    def begin(self, user: int) -> Session:
        """Return the session of one operation. They are begun in the order of their numbers."""
        del user
        kind, key = next(self._next)
        if key in self._gone:  # deleted before the load, by the first worker
            key -= DELETED if key >= DELETED else -DELETED
        return self._change(key) if kind == _UPDATE_AT else self._read(key)

    def _read(self, key: int) -> Session:
        if self._wired.change is None:
            yield Send(self._operation, self._request(key), self._look)
            return
        floor = self._marks.floor(key)

        def look(answer: Answer) -> str | None:
            wrong = self._marks.wrong(key, answer.body, floor)
            return self._look(answer) if wrong is None else Wrong(wrong, STALE)

        yield Send(self._operation, self._request(key), look)

    def _change(self, key: int) -> Session:
        answer = yield Send(self._update, self._changing(key, self._marks.begin(key)))
        if answer is not None and answer.outcome == outcomes.OK:
            self._marks.acknowledged(key)

    def _request(self, key: int) -> bytes:
        return self._wired.before + b"%d" % key + self._wired.after

    def _changing(self, key: int, stamp: str) -> bytes:
        return self._filled(self._wired.change, key, stamp)

    def _deleting(self, key: int) -> bytes:
        return self._filled(self._wired.delete, key, "")

    def _filled(self, change: Change | None, key: int, stamp: str) -> bytes:
        if change is None:
            raise TypeError("nothing was named that changes it")
        path, body = change.filled(key, stamp)
        named = b"\r\ncontent-type:" in b"\r\n" + self._wired.head.lower()
        type_ = b"" if named or not body else b"Content-Type: %b\r\n" % change.content_type.encode()
        line = f"{change.method} {path} HTTP/1.1\r\n".encode("latin-1")
        return b"%b%b%bContent-Length: %d\r\n\r\n%b" % (line, self._wired.head, type_, len(body), body)

    def _look(self, answer: Answer) -> str | None:
        is_hit = self._verdict(answer.headers)
        self._aim.found(is_hit)
        if is_hit is not None:
            self._gets.found(is_hit)
        return None

    def _probed(self, stage: Stage) -> list[Entry]:
        """Ask for the last keys of the range, before anything else is asked for."""
        wired, spec = self._wired, self._wired.cache
        context = None if wired.tls_name is None else tls.context(verify=stage.verify_tls)
        door = Door(wired.address, context, wired.tls_name)
        numbers = iter(range(_first_probed(spec), spec.keys))
        probe = EndpointProbe(door, self._request, self._verdict, numbers)
        counter = None if wired.counter is None else Counter(door, *wired.counter)
        told: list[Entry] = [] if wired.delete is None else [probe.deletes(self._deleting)]
        told += probe.crowds(counter, spec.callers, spec.cold_keys)
        if wired.change is not None:
            told.append(probe.changes(self._changing, self._marks))
        told.append(probe.unasked())
        varied = Variants(door, self._request, self._verdict, numbers)
        return [*told, *filter(None, (probe.private(), varied.tried()))]

    def _take(self, second: int) -> list[Entry]:
        taken, self._told = self._told, []
        seen = self._gets.take(self._worker, second)
        return taken if seen is None else [*taken, seen]


def _first_probed(spec: CacheSpec) -> int:
    return max(0, spec.keys - keys_needed(spec.cold_keys))


def _one_by_one(spec: CacheSpec, stage: Stage) -> Iterator[tuple[int, int]]:
    for stretch in stream(choice_of(spec, stage.seed), mix_of(spec), stage.worker, stage.workers):
        yield from zip(stretch.kinds.tolist(), stretch.keys.tolist(), strict=True)
