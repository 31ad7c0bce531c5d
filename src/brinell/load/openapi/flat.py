"""A schema with its references and combinations folded into one: what a value has to satisfy all at once.

``allOf`` is merged; of ``anyOf``, ``oneOf`` and ``if`` one way is drawn. What cannot be merged exactly (``not``, that
only one of ``oneOf`` holds) is left to the check of the finished value.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from brinell.load.openapi.dialect import Schema
from brinell.load.same import same

DEEPEST = 60  # references and combinations within one another, without a property between them
TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")


class Cannot(Exception):  # noqa: N818 - an answer, not an error
    """No value can be made; the text says why."""


@dataclass
class Closed:
    """One schema's word on properties it does not name: others must be ``rest``."""

    named: frozenset[str]
    patterns: tuple[str, ...]
    rest: Schema


@dataclass
class Flat:
    """What is asked of a value. None: nothing is asked. ``high`` and ``low`` are inclusive unless in ``open``."""

    types: set[str] | None = None
    enum: list[Any] | None = None
    properties: dict[str, list[Schema]] = field(default_factory=dict)
    pattern_properties: dict[str, Schema] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    names: list[Schema] = field(default_factory=list)
    items: list[Schema] = field(default_factory=list)
    first_items: list[list[Schema]] = field(default_factory=list)
    contains: list[tuple[Schema, int]] = field(default_factory=list)
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    multiples: list[float] = field(default_factory=list)
    least: dict[str, int] = field(default_factory=dict)  # by keyword without min: Length, Items, Properties
    most: dict[str, int] = field(default_factory=dict)
    patterns: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    unique: bool = False
    dependent: dict[str, list[str]] = field(default_factory=dict)
    examples: list[Any] = field(default_factory=list)
    defaults: list[Any] = field(default_factory=list)


def fold(schema: Schema, lookup: Callable[[str], Schema], source: random.Random) -> Flat:
    """Return the schema as one. ``lookup`` finds what a ``$ref`` names. Cannot where it contradicts itself."""
    flat = Flat()
    _into(flat, schema, lookup, source, 0)
    return flat


def _into(flat: Flat, schema: Schema, lookup: Callable[[str], Schema], source: random.Random, depth: int) -> None:
    if schema is False:
        raise Cannot("nothing is allowed there")
    if schema is True:
        return
    if "$comment" in schema:  # the document's own are not kept: this one says why there is no schema
        raise Cannot(schema["$comment"])
    if depth > DEEPEST:
        raise Cannot("its schema refers to itself without end")
    if "$ref" in schema:
        _into(flat, lookup(schema["$ref"]), lookup, source, depth + 1)
    for one in _list(schema, "allOf"):
        _into(flat, one, lookup, source, depth + 1)
    for word in ("anyOf", "oneOf"):
        ways = _list(schema, word)
        if ways:
            _into(flat, _drawn(ways, source), lookup, source, depth + 1)
    if "if" in schema:
        met = source.random() < 0.5
        for word in ("if", "then") if met else ("else",):
            _into(flat, schema.get(word, True), lookup, source, depth + 1)
    _own(flat, schema)


def _drawn(ways: list[Any], source: random.Random) -> Schema:
    """Draw one way; null is the last resort, because it says nothing."""
    telling = [one for one in ways if not (isinstance(one, dict) and one.get("type") == "null")]
    found: Schema = source.choice(telling or ways)
    return found


def _own(flat: Flat, schema: dict[str, Any]) -> None:
    if "type" in schema:
        given = schema["type"]
        _narrow(flat, {one for one in (given if isinstance(given, list) else [given]) if one in TYPES})
    options = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(options, list):
        flat.enum = [one for one in options if flat.enum is None or any(same(one, other) for other in flat.enum)]
    _objects(flat, schema)
    _arrays(flat, schema)
    _scalars(flat, schema)
    flat.examples += _list(schema, "examples")
    if "default" in schema:
        flat.defaults.append(schema["default"])


def _narrow(flat: Flat, kinds: set[str]) -> None:
    if "number" in kinds:
        kinds = kinds | {"integer"}
    flat.types = kinds if flat.types is None else flat.types & kinds
    if not flat.types:
        raise Cannot("its schema asks for two types at once")


def _objects(flat: Flat, schema: dict[str, Any]) -> None:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    for name, one in properties.items():
        flat.properties.setdefault(name, []).append(one)
    patterns = schema.get("patternProperties")
    patterns = patterns if isinstance(patterns, dict) else {}
    flat.pattern_properties |= patterns
    flat.required += [name for name in _list(schema, "required") if isinstance(name, str) and name not in flat.required]
    for word in ("additionalProperties", "unevaluatedProperties"):
        rest = schema.get(word, True)
        # Unevaluated looks through combinations: merged, their properties are named too.
        if rest is not True and not (word == "unevaluatedProperties" and "additionalProperties" in schema):
            named = frozenset(properties if word == "additionalProperties" else flat.properties)
            flat.closed.append(Closed(named, tuple(patterns), rest))
    if "propertyNames" in schema:
        flat.names.append(schema["propertyNames"])
    dependent = schema.get("dependentRequired")
    if isinstance(dependent, dict):
        for name, others in dependent.items():
            if not isinstance(others, list):
                raise Cannot("its dependentRequired is no list")
            flat.dependent.setdefault(name, []).extend(others)


def _arrays(flat: Flat, schema: dict[str, Any]) -> None:
    if "items" in schema and isinstance(schema["items"], dict | bool):
        flat.items.append(schema["items"])
    first = _list(schema, "prefixItems")
    for number, one in enumerate(first):
        if number == len(flat.first_items):
            flat.first_items.append([])
        flat.first_items[number].append(one)
    if "contains" in schema:
        flat.contains.append((schema["contains"], _whole(schema.get("minContains", 1))))
    flat.unique = flat.unique or schema.get("uniqueItems") is True


def _scalars(flat: Flat, schema: dict[str, Any]) -> None:
    flat.low = _larger(flat.low, schema.get("minimum"))
    flat.above = _larger(flat.above, schema.get("exclusiveMinimum"))
    flat.high = _smaller(flat.high, schema.get("maximum"))
    flat.below = _smaller(flat.below, schema.get("exclusiveMaximum"))
    if _is_number(schema.get("multipleOf")) and schema["multipleOf"] > 0:
        flat.multiples.append(schema["multipleOf"])
    for kind in ("Length", "Items", "Properties"):
        if _is_number(schema.get(f"min{kind}")):
            flat.least[kind] = max(flat.least.get(kind, 0), _whole(schema[f"min{kind}"]))
        if _is_number(schema.get(f"max{kind}")):
            flat.most[kind] = min(flat.most.get(kind, 1 << 40), _whole(schema[f"max{kind}"]))
        if flat.least.get(kind, 0) > flat.most.get(kind, 1 << 40):
            raise Cannot(f"min{kind} is above max{kind}")
    if isinstance(schema.get("pattern"), str) and schema["pattern"] not in flat.patterns:
        flat.patterns.append(schema["pattern"])
    if isinstance(schema.get("format"), str):
        flat.formats.append(schema["format"])


def _list(schema: dict[str, Any], word: str) -> list[Any]:
    value = schema.get(word)
    return value if isinstance(value, list) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: float) -> int:
    return max(0, math.ceil(value))


def _larger(known: float | None, given: Any) -> float | None:
    return known if not _is_number(given) else given if known is None else max(known, given)


def _smaller(known: float | None, given: Any) -> float | None:
    return known if not _is_number(given) else given if known is None else min(known, given)
