"""Values of answers that a race looks at: one by its path, or the sum of many."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NamedTuple

from brinell.core import racing
from brinell.load.scenario.generators import Wrong
from brinell.load.scenario.json_path import Missing, Steps, steps, value_at

EACH = "[*]"


class Path(NamedTuple):
    """``$.id`` names a value; ``$.accounts[*].balance`` the sum of numbers: ``each`` is what follows the list."""

    head: Steps
    each: Steps | None = None


def path_of(written: str) -> Path:
    """Read a path. ValueError where it is none."""
    head, many, rest = written.partition(EACH)
    try:
        return Path(steps(head), steps(f"${rest}") if many else None)
    except Wrong as error:
        raise ValueError(str(error)) from None


def value_of(body: bytes, path: Path) -> str | None:
    """Return the value in a JSON body, as it is compared and written down; None where there is none."""
    try:
        found = value_at(json.loads(body), path.head)
        return racing.kept(found if path.each is None else _sum(found, path.each))
    except (ValueError, Missing, RecursionError):
        return None


def _sum(items: Any, each: Steps) -> int | float:
    """Add up numbers, which may be written as text; exactly, as they are written. ValueError where one is none."""
    if not isinstance(items, list):
        raise ValueError("no list")  # noqa: TRY004 - an answer that is not what it should be, not a mistake of ours
    numbers = [racing.number_of(value_at(item, each)) for item in items]
    total = sum((one for one in numbers if one is not None), Decimal(0))
    if None in numbers:
        raise ValueError("not a number")
    return int(total) if total == total.to_integral_value() else float(total)
