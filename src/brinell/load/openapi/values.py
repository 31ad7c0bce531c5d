"""Values that are valid by construction: each keyword is met as the value is made, and the whole is checked at the end.

Examples come first where the document gives any that are valid. All else follows from the seed.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import jsonschema_rs

from brinell.load.openapi.dialect import Schema
from brinell.load.openapi.flat import TYPES, Cannot, Flat, fold
from brinell.load.openapi.patterns import ENGINE, finds, matching
from brinell.load.openapi.strings import make_string
from brinell.load.same import same

ATTEMPTS = 25
FUEL = 20_000  # values within one value
SPARE = 3  # levels below which only what is required is made
DEEPEST = 40
_MOST_ITEMS = 100_000
_MOST_PROPERTIES = 1000


class Maker:
    """Makes values of schemas that share ``definitions``."""

    def __init__(self, definitions: Mapping[str, Schema], source: random.Random) -> None:
        self._definitions = definitions
        self._source = source
        self._fuel = 0
        self._plain = False  # without examples: they were tried, and one of them did not fit
        self._lean = False

    def make(self, schema: Schema, *, lean: bool = False) -> Any:
        """Return a valid value; ``lean``: with nothing that is not required. Cannot says why there is none."""
        fits = validator(schema, self._definitions).is_valid
        why = Cannot("nothing that was made is valid by its own schema")
        for attempt in range(ATTEMPTS):
            self._fuel = FUEL
            self._plain = attempt >= ATTEMPTS // 2
            self._lean = lean or attempt % 3 == 2
            try:
                made = self._value(schema, 0)
                fine = fits(made)
            except Cannot as reason:
                why = reason
                continue
            except OverflowError:
                why = Cannot("its numbers are beyond all bounds")
                continue
            if fine:
                return made
        raise why

    def _value(self, schema: Schema, depth: int) -> Any:
        self._fuel -= 1
        if self._fuel < 0:
            raise Cannot("it would be too large")
        if depth > DEEPEST:
            raise Cannot("its schema needs itself, without end")
        flat = fold(schema, self._lookup, self._source)
        given = self._given(flat)
        if given:
            return self._source.choice(given)
        kind = self._kind(flat)
        return _MAKERS[kind](self, flat, depth)

    def _given(self, flat: Flat) -> list[Any]:
        """What the document itself gives: options, else examples, else now and then a default."""
        if flat.enum is not None:
            fitting = [one for one in flat.enum if flat.types is None or kinds_of(one) & flat.types]
            telling = [one for one in fitting if one is not None]
            if not fitting:
                raise Cannot("none of its options has its type")
            return telling or fitting
        if self._plain:
            return []
        if flat.examples:
            return flat.examples
        return flat.defaults if flat.defaults and self._source.random() < 0.3 else []

    def _kind(self, flat: Flat) -> str:
        kinds = [one for one in TYPES if one in (flat.types or ())]
        if "number" in kinds and len(kinds) > 1:
            kinds.remove("integer")
        telling = [one for one in kinds if one != "null"]
        if telling:
            return self._source.choice(telling)
        return "null" if kinds else _guessed(flat)

    def _lookup(self, reference: str) -> Schema:
        return self._definitions[reference.removeprefix("#/$defs/")]

    # --- kinds ------------------------------------------------------------------------------------------------------

    def _object(self, flat: Flat, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name in flat.required:
            made[name] = self._property(flat, name, depth)
        spare = depth < SPARE and not self._lean
        for name in flat.properties:
            if (
                name not in made
                and spare
                and self._source.random() < 0.5
                and len(made) < flat.most.get("Properties", 99)
            ):
                self._try_property(made, flat, name, depth)
        for name in list(made):
            for other in flat.dependent.get(name, ()):
                if other not in made:
                    made[other] = self._property(flat, other, depth)
        self._fill(made, flat, depth)
        return made

    def _property(self, flat: Flat, name: str, depth: int) -> Any:
        return self._value({"allOf": _schemas_of(flat, name)}, depth + 1)

    def _try_property(self, made: dict[str, Any], flat: Flat, name: str, depth: int) -> None:
        try:
            made[name] = self._property(flat, name, depth)
        except Cannot:
            if self._fuel < 0:
                raise

    def _fill(self, made: dict[str, Any], flat: Flat, depth: int) -> None:
        """Add properties until there are enough: known ones, then names of patterns, then names of our own."""
        least = flat.least.get("Properties", 0)
        if least > _MOST_PROPERTIES:
            raise Cannot(f"minProperties {least} is more than is made")
        for name in flat.properties if len(made) < least else ():
            if name not in made and len(made) < least:
                self._try_property(made, flat, name, depth)
        for _ in range(least * 4):
            if len(made) >= least:
                return
            name = self._name(flat)
            if name not in made:
                made[name] = self._property(flat, name, depth)

    def _name(self, flat: Flat) -> str:
        closed = any(one.rest is False for one in flat.closed)
        if flat.pattern_properties and closed:
            return matching(self._source.choice(list(flat.pattern_properties)), 1, 64, self._source)
        if flat.names:
            made = self._value({"allOf": [{"type": "string"}, *flat.names]}, 1)
            return str(made)
        return "".join(self._source.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(8))

    def _array(self, flat: Flat, depth: int) -> list[Any]:
        least = max(flat.least.get("Items", 0), sum(count for _, count in flat.contains))
        most = flat.most.get("Items", max(least, 3))
        if least > _MOST_ITEMS:
            raise Cannot(f"minItems {least} is more than is made")
        wanted = least if depth >= SPARE or self._lean else max(least, min(most, self._source.randint(1, 3)))
        made: list[Any] = []
        asked = [one for one, count in flat.contains for _ in range(count)]
        misses = 0
        while len(made) < wanted:
            schemas = list(flat.first_items[len(made)]) if len(made) < len(flat.first_items) else list(flat.items)
            if asked and len(made) >= len(flat.first_items):
                schemas.append(asked.pop())
            try:
                one = self._value({"allOf": schemas}, depth + 1)
            except Cannot:
                if len(made) >= least and self._fuel >= 0:
                    return made
                raise
            if flat.unique and any(same(one, other) for other in made):
                misses += 1
                if len(made) >= least and misses > 3:
                    return made
                if misses > 200:
                    raise Cannot(f"{least} different items were asked for, and {len(made)} were found")
                continue
            made.append(one)
        return made

    def _string(self, flat: Flat, _: int) -> str:
        return make_string(flat, self._source)

    def _number(self, flat: Flat, _: int) -> float:
        low, high = _limits(flat)
        if flat.multiples:
            return self._multiple(flat, low, high)
        low = low if low is not None else (high - 1000 if high is not None else 0.0)
        high = high if high is not None else low + 1000
        for number in (round(self._source.uniform(low, high), 2), self._source.uniform(low, high), low, high):
            outside = (flat.above is not None and number <= flat.above) or (
                flat.below is not None and number >= flat.below
            )
            if low <= number <= high and not outside:
                return number
        raise Cannot(f"there is no number from {low} to {high}")

    def _integer(self, flat: Flat, _: int) -> int:
        low, high = _limits(flat)
        if flat.above is not None and low is not None and low <= flat.above:
            low = math.floor(flat.above) + 1
        if flat.below is not None and high is not None and high >= flat.below:
            high = math.ceil(flat.below) - 1
        if any(float(one) != int(one) or abs(one) > 2**53 for one in flat.multiples):
            return int(self._multiple(flat, low, high))
        step = functools.reduce(math.lcm, (int(one) for one in flat.multiples), 1)
        first, last = _whole_range(flat, low, high, step)
        if first > last:
            raise Cannot(
                f"there is no whole number between {low} and {high}{f' in steps of {step}' if step > 1 else ''}"
            )
        # Small ones mostly: what a service stores is seldom near the bound of its type.
        near = min(last, first + 100) if self._source.random() < 0.8 else last
        return self._source.randint(first, near) * step

    def _multiple(self, flat: Flat, low: float | None, high: float | None) -> float:
        """Multiples of fractions: 0.01 is no exact number to the machine, so what is made is checked like all else."""
        steps = [Fraction(str(one)) for one in flat.multiples]
        step = steps[0]
        for other in steps[1:]:
            step = Fraction(math.lcm(step.numerator * other.denominator, other.numerator * step.denominator),
                            step.denominator * other.denominator)  # fmt: skip
        # As fractions: beside a bound near the end of floating-point numbers, a thousand steps more are beyond it.
        least, most = (None if one is None else Fraction(str(one)) for one in (low, high))
        least = least if least is not None else (most - 1000 * step if most is not None else Fraction(0))
        most = most if most is not None else least + 1000 * step
        first, last = math.ceil(least / step), math.floor(most / step)
        if first > last:
            raise Cannot(f"there is no multiple of {float(step)} between {low} and {high}")
        found = self._source.randint(first, last) * step
        return int(found) if found.denominator == 1 else float(found)

    def _boolean(self, _flat: Flat, _depth: int) -> bool:
        return self._source.random() < 0.5

    def _null(self, _flat: Flat, _depth: int) -> None:
        return None


_MAKERS: dict[str, Callable[[Maker, Flat, int], Any]] = {
    "object": Maker._object,  # noqa: SLF001 - the class's own table
    "array": Maker._array,  # noqa: SLF001
    "string": Maker._string,  # noqa: SLF001
    "number": Maker._number,  # noqa: SLF001
    "integer": Maker._integer,  # noqa: SLF001
    "boolean": Maker._boolean,  # noqa: SLF001
    "null": Maker._null,  # noqa: SLF001
}


def validator(schema: Schema, definitions: Mapping[str, Schema]) -> jsonschema_rs.Validator:
    """Return a validator that asks nothing of the network. Cannot if it is no schema."""
    whole: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema]}
    whole["$defs"] = reachable(schema, definitions)
    try:
        return jsonschema_rs.validator_for(whole, validate_formats=False, pattern_options=ENGINE, offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        said = str(error).partition("\n")[0]
        raise Cannot(f"its schema is none: {said[:120]}") from None


def reachable(schema: Schema, definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the definitions that a schema needs, directly or not."""
    found: dict[str, Schema] = {}
    waiting: list[Any] = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                name = reference.removeprefix("#/$defs/")
                if name in definitions and name not in found:
                    found[name] = definitions[name]
                    waiting.append(definitions[name])
            waiting += value.values()
    return found


def kinds_of(value: Any) -> set[str]:
    """Return the types of JSON Schema that a value has."""
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int | float):
        return {"number", "integer"} if float(value).is_integer() else {"number"}
    if isinstance(value, str):
        return {"string"}
    return {"array"} if isinstance(value, list) else {"object"} if isinstance(value, dict) else {"null"}


def _schemas_of(flat: Flat, name: str) -> list[Schema]:
    """Everything that is asked of the property ``name``."""
    found = list(flat.properties.get(name, ()))
    for pattern, schema in flat.pattern_properties.items():
        if finds(pattern, name):
            found.append(schema)
    for one in flat.closed:
        if name not in one.named and not any(finds(pattern, name) for pattern in one.patterns):
            if one.rest is False:
                raise Cannot(f"the property {name[:40]!r} is required and not allowed")
            found.append(one.rest)
    return found


def _guessed(flat: Flat) -> str:
    """Return the type that the other keywords speak of; text where there are none."""
    if flat.properties or flat.required or flat.closed or "Properties" in flat.least:
        return "object"
    if flat.items or flat.first_items or flat.contains or "Items" in flat.least:
        return "array"
    bounds = (flat.low, flat.high, flat.above, flat.below)
    if any(one is not None for one in bounds) or flat.multiples:
        return "number"
    return "string"


def _limits(flat: Flat) -> tuple[float | None, float | None]:
    lows = [one for one in (flat.low, flat.above) if one is not None]
    highs = [one for one in (flat.high, flat.below) if one is not None]
    return (max(lows) if lows else None), (min(highs) if highs else None)


def _whole_range(flat: Flat, low: float | None, high: float | None, step: int) -> tuple[int, int]:
    """Return the first and the last factor of ``step``. Without a bound: from 1, as identifiers and pages begin."""
    widest = 2**31 - 1 if "int32" in flat.formats else 2**53
    if low is None:
        low = 1 if high is None or high >= 1 else high - 1000
    if high is None:
        high = min(widest, max(low, 0) + 1000 * step)
    return math.ceil(Fraction(low) / step), math.floor(Fraction(high) / step)
