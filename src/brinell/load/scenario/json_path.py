"""The part of JSONPath (RFC 9535) that names one value: names and positions, ``$.items[0].id``, ``$['a b'][-1]``.

Wildcards, ``..``, slices and filters name many, and which of them a request should get would be a guess: refused.
"""

from __future__ import annotations

import re
from typing import Any

from brinell.load.scenario.generators import Wrong

Steps = tuple[str | int, ...]

_STEP = re.compile(r"""\.([^\s.\[\]'"*?@()]+)|\[(-?\d{1,9})\]|\['([^']*)'\]|\["([^"]*)"\]""")
_EXAMPLE = "names and positions are: $.items[0].id, $['a b'][-1]"


class Missing(Exception):  # noqa: N818 - what an answer lacks, worded by whoever knows which
    """There is no such value."""


def steps(written: str) -> Steps:
    """Read a path. ``Wrong`` where it is none, or names more than one value."""
    if not written.startswith("$"):
        raise Wrong(f"a JSON path begins with $; {_EXAMPLE}")
    found: list[str | int] = []
    at = 1
    while at < len(written):
        match = _STEP.match(written, at)
        if match is None:
            raise Wrong(f"'{written[at : at + 20]}' of this path is not known; {_EXAMPLE}")
        name, position, *quoted = match.groups()
        found.append(int(position) if position is not None else next(one for one in (name, *quoted) if one is not None))
        at = match.end()
    return tuple(found)


def value_at(value: Any, path: Steps) -> Any:
    """Return the value there. ``Missing`` says how far the path leads."""
    for number, step in enumerate(path):
        if isinstance(step, str):
            there = isinstance(value, dict) and step in value
        else:
            there = isinstance(value, list) and -len(value) <= step < len(value)
        if not there:
            raise Missing(f"there is no {spelled(path[: number + 1])}")
        value = value[step]
    return value


def spelled(path: Steps) -> str:
    """Write a path."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
