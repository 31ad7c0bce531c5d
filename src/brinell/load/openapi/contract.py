"""What answers have to look like, as it travels to the workers, and the judge that compares them with it.

A judge is asked about every answer that is not the last one again, so it must cost little and bounded time: an answer
whose bytes were judged before is known by their hash, and new ones are looked at only while that took less than
``SHARE`` of the time since the first. What was not looked at is counted and told, never called right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs
import msgspec

from brinell.core.redact import one_line, redact
from brinell.load.drivers.http_exchange import decoded
from brinell.load.openapi.dialect import Schema
from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.kept import MOST_BYTES
from brinell.load.openapi.serialise import is_json
from brinell.load.openapi.values import validator

SHARE = 0.05  # of a worker's time that goes into answers it has not seen before
AT_ONCE_NS = 20_000_000  # beside that share, so that the first answers are looked at too
REMEMBERED = 4096  # answers known by their hash, per operation
MOST_COMPILING_S = 5.0  # for the schemas of all operations, before the run
_BODILESS = frozenset({204, 205, 304})
_LONGEST_KIND = 200  # characters of a content type: it is remembered with the answer

_now = time.monotonic_ns


class Expected(msgspec.Struct, frozen=True):
    """One operation's documented answers: status (``200``, ``2XX``, ``DEFAULT``), media type, schema (None: any)."""

    responses: dict[str, dict[str, Any]]
    bodiless: bool = False  # HEAD


class Contract(msgspec.Struct, frozen=True):
    """Every operation's answers by its name, and the definitions that their schemas share."""

    operations: dict[str, Expected]
    definitions: dict[str, Any] = {}


class NotJson(ValueError):  # noqa: N818 - what a server sent, and no error of ours
    """A body is no JSON; the text says why."""


def plain(body: bytes) -> Any:
    """Return the plain values of an answer's body. NotJson for whatever else a server may send."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson(one_line(str(error), 80)) from None


class Purse:
    """The time that judging may take, for all operations of a process. ``share`` 1.0: all of it."""

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self._began = 0
        self._spent = 0

    def allows(self, now: int) -> bool:
        """Whether another answer may be looked at."""
        self._began = self._began or now
        return self._spent <= AT_ONCE_NS + (now - self._began) * self._share

    def pay(self, ns: int) -> None:
        """Take away what one took."""
        self._spent += ns


Schemas = Callable[[Any], jsonschema_rs.Validator | None]


class Judge:
    """Says what is wrong with answers of one operation. ``looked``, ``known`` and ``unseen`` count since ``take``."""

    def __init__(self, expected: Expected, schemas: Schemas, purse: Purse) -> None:
        self._expected = expected
        self._purse = purse
        self._verdicts: dict[tuple[int, str, int, int], str | None] = {}
        self._schemas = schemas
        self._validators: dict[tuple[str, str], jsonschema_rs.Validator | None] | None = None
        self.looked = self.known = self.unseen = 0

    def judge(self, status: int, content_type: str, body: bytes, encoding: str = "") -> str | None:
        """Return what is wrong, None if nothing is or nobody looked. ``encoding`` is that of the ``body``."""
        kind = content_type.partition(";")[0].strip().lower()[:_LONGEST_KIND]
        key = status, kind, len(body), hash(body)
        if key in self._verdicts:
            self.known += 1
            return self._verdicts[key]
        began = _now()
        if not self._purse.allows(began):
            self.unseen += 1
            return None
        said = ""
        if encoding:
            body, said = decoded(body, encoding.encode("latin-1", "replace"), MOST_BYTES)
        if said:  # cut, or in an encoding that nobody here knows
            self.unseen += 1
            self._purse.pay(_now() - began)
            return None
        wrong = self._look(status, kind, body)
        self.looked += 1
        if len(self._verdicts) >= REMEMBERED:
            self._verdicts.clear()
        self._verdicts[key] = wrong
        self._purse.pay(_now() - began)
        return wrong

    def ready(self) -> dict[tuple[str, str], jsonschema_rs.Validator | None]:
        """Return the validators, by status and media type; made at the first call."""
        if self._validators is None:
            self._validators = {
                (status, media): self._schemas(schema)
                for status, content in self._expected.responses.items()
                for media, schema in content.items()
                if schema is not None and is_json(media)
            }
        return self._validators

    def take(self) -> tuple[int, int, int]:
        """Return how many answers were looked at, known, and not looked at since the last call."""
        counts = self.looked, self.known, self.unseen
        self.looked = self.known = self.unseen = 0
        return counts

    def _look(self, status: int, kind: str, body: bytes) -> str | None:
        responses = self._expected.responses
        named = next((one for one in (str(status), f"{status // 100}XX", "DEFAULT") if one in responses), None)
        if named is None:
            return f"status {status} is not documented, {', '.join(responses)[:60]} is" if responses else None
        content = responses[named]
        if self._expected.bodiless or status in _BODILESS or not content:
            return None
        if not kind:
            return f"no Content-Type, {_several(content)} is documented" if body else f"status {status} without a body"
        media = next((one for one in sorted(content, key=_vagueness) if _covers(one, kind)), None)
        if media is None:
            return f"Content-Type {one_line(kind, 60)} is not documented, {_several(content)} is"
        check = self.ready().get((named, media))
        if check is None or not is_json(kind):
            return None
        return _fault(check, body)


def judges(contract: Contract, purse: Purse, *, ready: bool = True) -> dict[str, Judge]:
    """Return a judge for each operation. Schemas that are none, or that take too long to prepare, are not looked at.

    ``ready``: prepare them all now.
    """
    until = time.monotonic() + MOST_COMPILING_S
    made: dict[bytes, jsonschema_rs.Validator | None] = {}

    def prepared(schema: Schema) -> jsonschema_rs.Validator | None:
        key = msgspec.json.encode(schema)
        if key not in made:
            try:
                made[key] = validator(schema, contract.definitions) if not ready or time.monotonic() < until else None
            except Cannot:
                made[key] = None
        return made[key]

    found = {name: Judge(expected, prepared, purse) for name, expected in contract.operations.items()}
    for judge in found.values() if ready else ():
        judge.ready()
    return found


def _fault(check: jsonschema_rs.Validator, body: bytes) -> str | None:
    try:
        value = plain(body)
    except NotJson as error:
        return f"its body is not JSON: {error}"
    if check.is_valid(value):
        return None
    try:
        check.validate(value)
    except jsonschema_rs.ValidationError as error:
        steps = (f"[{one}]" if isinstance(one, int) else f".{one_line(str(one), 40)}" for one in error.instance_path)
        return f"${''.join(steps)[:120]}: {one_line(redact(error.message[:1000]), 160)}"
    return None  # valid after all: the two ways to ask differ only beyond a pattern's bound


def _covers(media: str, kind: str) -> bool:
    given = media.partition(";")[0].strip().lower()
    if given in {"*/*", kind}:
        return True
    return given.endswith("/*") and kind.startswith(given[:-1])


def _vagueness(media: str) -> int:
    return media.count("*")


def _several(content: Mapping[str, Any]) -> str:
    return one_line(", ".join(content), 80)
