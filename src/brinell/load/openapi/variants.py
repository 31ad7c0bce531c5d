"""Requests of one operation, made beforehand: several, each with other valid data, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from brinell.load.openapi import serialise
from brinell.load.openapi.dialect import ANSWER, REQUEST, Dialect, Schema
from brinell.load.openapi.document import Unreadable
from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.operations import Body, Operation, Parameter, Reading
from brinell.load.openapi.values import Maker, validator

MOST = 8  # requests prepared for one operation
COMPUTED = frozenset(
    {"host", "content-length", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "upgrade"}
    | {"expect", "trailer"}
)
"""Headers that are the connection's or follow from the body (RFC 9110, 7.6.1): no document has a say in them."""
_IGNORED = COMPUTED | {"accept", "content-type", "authorization"}  # as parameters; the last three by OpenAPI itself
_SAFE = "/{}:@!$&'()*+,;=~%"  # in a path, beside letters and digits

Values = Mapping[str, Any]
"""Path parameters whose values are known, by name."""


class Variant(NamedTuple):
    """One request. ``target`` is path and query. ``invented``: path parameters whose values nobody vouches for.
    ``bound``: the values of all path parameters.
    """  # fmt: skip

    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    invented: tuple[str, ...] = ()
    bound: Values = {}  # noqa: RUF012 - never changed


class Variants:
    """Makes the requests of one document's operations."""

    def __init__(self, reading: Reading, seed: int) -> None:
        self._reading = reading
        self._seed = seed
        self.sent = Dialect(reading.library, REQUEST, old=reading.old)
        self.answers = Dialect(reading.library, ANSWER, old=reading.old)

    def of(self, operation: Operation, known: Sequence[Values] = ({},)) -> list[Variant]:
        """Return up to ``MOST`` different requests, ``known`` values in turn. Cannot says why there is not one."""
        made: dict[tuple[Any, ...], Variant] = {}
        why: Cannot | None = None
        for number in range(MOST):
            source = random.Random(f"{self._seed}:{operation.name}:{number}")  # noqa: S311 - test data, no secret
            try:
                one = self._one(operation, known[number % len(known)], number, source)
            except Cannot as cannot:
                why = why or cannot
                if number == 0:  # only what is required is in it: nothing will be better
                    break
                continue
            made.setdefault((one.target, one.headers, one.body), one)
        if not made:
            raise why or Cannot("nothing was made")
        return list(made.values())

    def fits(self, parameter: Parameter, value: Any) -> bool:
        """Whether a value that was found somewhere is one for this parameter."""
        try:
            schema = self._schema(parameter.schema, parameter.source)
            if isinstance(value, str) and not value:
                return False
            return validator(schema, self.sent.definitions).is_valid(value)
        except Cannot:
            return False

    def _one(self, operation: Operation, known: Values, number: int, source: random.Random) -> Variant:
        path, query, headers, cookies = (
            quote(operation.path, safe=_SAFE),
            list[str](),
            dict[str, str](),
            list[str](),
        )
        invented, bound = [], {}
        for parameter in operation.parameters:
            if not self._wanted(parameter, number, source):
                continue
            if parameter.place == "path" and parameter.name in known:
                value = known[parameter.name]
            else:
                value, vouched = self._value(parameter, number, source)
                if parameter.place == "path" and not vouched:
                    invented.append(parameter.name)
            match parameter.place:
                case "path":
                    bound[parameter.name] = value
                    path = path.replace(f"{{{quote(parameter.name, safe=_SAFE)}}}", serialise.in_path(parameter, value))
                case "query":
                    query += serialise.in_query(parameter, value)
                case "header":
                    headers[parameter.name] = serialise.in_header(parameter, value)
                case _:
                    cookies.append(f"{quote(parameter.name)}={serialise.in_header(parameter, value)}")
        if "{" in path:
            name = path.partition("{")[2].partition("}")[0]
            raise Cannot(f"its path has a parameter {name[:40]!r} that is described nowhere")
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        content = b""
        if operation.body is not None and (operation.body.required or not operation.safe):
            content, headers["Content-Type"] = self._body(operation.body, number, source)
        target = path + (f"?{'&'.join(query)}" if query else "")
        return Variant(target, tuple(headers.items()), content, tuple(invented), bound)

    def _wanted(self, parameter: Parameter, number: int, source: random.Random) -> bool:
        if parameter.place == "header" and parameter.name.lower() in _IGNORED:
            return False
        if parameter.required:
            return True
        if number == 0 or parameter.schema is None:
            return False
        # What a condition or a key in a header does is not for a guess: only where the document shows one.
        return source.random() < 0.5 and (parameter.place == "query" or bool(parameter.examples))

    def _value(self, parameter: Parameter, number: int, source: random.Random) -> tuple[Any, bool]:
        """Return a value, and whether the document vouches for it."""
        if parameter.schema is None and not parameter.examples:
            raise Cannot(f"the required {parameter.place} parameter {parameter.name[:40]!r} has no schema")
        schema = self._schema(parameter.schema if parameter.schema is not None else {}, parameter.source)
        try:
            check = validator(schema, self.sent.definitions)
            fitting = [one for one in parameter.examples if check.is_valid(one)]
            if fitting:
                return fitting[number % len(fitting)], True
            return Maker(self.sent.definitions, source).make(schema, lean=number == 0), _vouched(schema)
        except Cannot as why:
            raise Cannot(f"the {parameter.place} parameter {parameter.name[:40]!r}: {why}") from None

    def _body(self, body: Body, number: int, source: random.Random) -> tuple[bytes, str]:
        order = sorted(body.content, key=_liking)
        if not order:
            raise Cannot("its body is required, and no media type is given for it")
        why = Cannot("")
        for media in order:
            given, examples, encoding, place = body.content[media]
            try:
                schema = self._schema(given, place)
                check = validator(schema, self.sent.definitions)
                fitting = [one for one in examples if check.is_valid(one)]
                value = fitting[number % len(fitting)] if fitting else None
                if not fitting:
                    value = Maker(self.sent.definitions, source).make(schema, lean=number == 0)
                return serialise.body(media, value, encoding, self._files(given, place))
            except Cannot as cannot:
                why = why if str(why) else cannot
        raise Cannot(f"its body: {why}")

    def _schema(self, schema: Any, place: str) -> Schema:
        try:
            return self.sent.translate(schema, place)
        except Unreadable as why:
            raise Cannot(str(why)) from None

    def _files(self, schema: Any, place: str) -> frozenset[str]:
        """Properties that are files: ``format: binary`` (3.0), ``contentMediaType`` (3.1), ``type: file`` (2.0)."""
        try:
            value = self._reading.library.resolve(schema, place).value
        except Unreadable as why:
            raise Cannot(str(why)) from None
        properties = value.get("properties") if isinstance(value, dict) else None
        return frozenset(
            name
            for name, one in (properties.items() if isinstance(properties, dict) else ())
            if isinstance(one, dict)
            and (one.get("format") == "binary" or one.get("type") == "file" or "contentMediaType" in one)
        )


def _vouched(schema: Schema) -> bool:
    """Whether every value of a schema is as good as any other: options and examples, not any number at all."""
    if not isinstance(schema, dict):
        return False
    return any(word in schema for word in ("enum", "const", "examples", "default")) or schema.get("type") == "boolean"


def _liking(media: str) -> tuple[int, str]:
    kind = media.partition(";")[0].strip().lower()
    known = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
    if serialise.is_json(kind):
        return (0, media)
    return (1 + known.index(kind) if kind in known else 9, media)
