"""``counter = "/metrics#loads_total"``: a number of the service's own that grows with every load, read from a page."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)(?:\{[^}]*\})?\s+(\S+)(?:\s+-?\d+)?")


def counter_of(text: str) -> tuple[str, str]:
    """Return the path and the name. ValueError where one of them is missing."""
    path, _, name = text.partition("#")
    if not path.startswith("/") or not name or any(letter.isspace() for letter in text):
        raise ValueError('a path and, after #, a name are needed: "/metrics#loads_total" or "/stats.json#cache.loads"')
    return path, name


def value_in(page: bytes, name: str) -> float:
    """Return the number: of JSON that of the keys that dots separate, of Prometheus' text the sum of all samples with
    that name. ValueError where there is none.
    """
    text = page.decode("utf-8", "replace")
    try:
        found: Any = json.loads(text)
    except ValueError:
        samples = [match for line in text.splitlines() if (match := _SAMPLE.fullmatch(line.strip()))]
        values = [_number(match.group(2)) for match in samples if match.group(1) == name]
        if not values:
            raise ValueError(f"there is no {name} in it") from None
        return sum(values)
    for part in name.split("."):
        if isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        elif isinstance(found, dict) and part in found:
            found = found[part]
        else:
            raise ValueError(f"there is no {name} in it")
    return _number(None if isinstance(found, bool | str) else found)


def _number(given: Any) -> float:
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("what stands there is no number") from None
    if not math.isfinite(value):
        raise ValueError("what stands there is no number")
    return value
