"""Which collected test a person means."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from brinell.core.errors import UsageError
from brinell.core.redact import one_line

_MOST_NAMED = 5


def resolve(wanted: str, tests: Sequence[str]) -> tuple[int, ...]:
    """Return the index of the test whose node id is ``wanted``, ends with it, or alone contains it.

    A function's or class's id without parameters means all of its tests. ``UsageError`` names the nearest ids.
    """
    exact = [number for number, name in enumerate(tests) if name == wanted]
    whole = [number for number, name in enumerate(tests) if name.startswith((f"{wanted}[", f"{wanted}::"))]
    for found in (exact, whole):
        if found:
            return tuple(found)
    ends = [number for number, name in enumerate(tests) if name.endswith((f"::{wanted}", f"/{wanted}"))]
    parts = ends or [number for number, name in enumerate(tests) if wanted in name]
    if len(parts) == 1:
        return (parts[0],)
    shown = [one_line(tests[number], 150) for number in parts[:_MOST_NAMED]]
    if parts:
        more = f" and {len(parts) - _MOST_NAMED} more" if len(parts) > _MOST_NAMED else ""
        raise UsageError(f"{one_line(wanted)!r} fits {len(parts)} tests", "say which: " + ", ".join(shown) + more)
    near = difflib.get_close_matches(wanted, tests, _MOST_NAMED, 0.4)
    hint = "the nearest: " + ", ".join(one_line(name, 150) for name in near) if near else "brinell flaky examines all"
    raise UsageError(f"no test fits {one_line(wanted)!r}", hint)
