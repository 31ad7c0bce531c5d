"""One key of a table, and the reading of a table by its keys: types by msgspec, words by us."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from brinell.config.problems import Place, Problems, Unfit


class Key(msgspec.Struct, frozen=True):
    """What one key takes: its type, the same in words, an example line, and a check that types cannot express.

    ``check`` gets the converted value and returns what the plan keeps; it raises ``Unfit``. ``field`` is the name
    in the plan where it is not the key's own.
    """

    type: Any
    needs: str
    example: str
    check: Callable[[Any], Any] | None = None
    field: str = ""


Keys = Mapping[str, Key]


def read_table(
    table: Any, keys: Keys, place: Place, problems: Problems, *, later: Iterable[str] = (), required: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the values of a table by the plan's names; what will not do is noted and left out."""
    if not isinstance(table, dict):
        problems.add(place, "", Unfit(f"a table is needed here, this is {kind_of(table)}"), value=table)
        return {}
    found: dict[str, Any] = {}
    for name, value in table.items():
        key = keys.get(name)
        if key is None:
            problems.unknown(place, name, list(keys), later=later, value=value)
            continue
        try:
            found[key.field or name] = read_value(value, key)
        except Unfit as unfit:
            problems.add(place, name, unfit, value=value, example=key.example)
    for name in required:
        if name not in table:
            problems.add(place, name, Unfit(f"missing: {keys[name].needs} is needed"), example=keys[name].example)
    return found


def read_value(value: Any, key: Key) -> Any:
    """Convert and check one value; ``Unfit`` if it will not do."""
    try:
        converted = msgspec.convert(value, key.type)
    except (msgspec.ValidationError, OverflowError):
        raise Unfit(f"{key.needs} is needed, this is {kind_of(value)}") from None
    if isinstance(converted, float) and not math.isfinite(converted):
        raise Unfit(f"{key.needs} is needed, this is not a finite number")
    return key.check(converted) if key.check else converted


def kind_of(value: Any) -> str:
    """Name a TOML value's kind in words: ``text``, ``a whole number`` and so on."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"a list holding {kind_of(value[0])}" if value else "an empty list"
    names = {str: "text", int: f"the number {str(value)[:24]}", float: f"the number {value}"} if _short(value) else {}
    return names.get(type(value), "a number beyond all bounds" if isinstance(value, int) else "a date or time")


def _short(value: Any) -> bool:
    """Whether a number can be printed: Python refuses integers of more than 4300 digits."""
    return not isinstance(value, int) or abs(value) < 10**30
