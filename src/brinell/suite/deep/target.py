"""Which collected test a person means."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from brinell.core.errors import UsageError
from brinell.core.redact import one_line

_SHOWN = 5


def resolve(wanted: str, tests: Sequence[str]) -> tuple[int, ...]:
    """Return the index of the test that ``wanted`` names, by its node id or a part that no other id has.

    UsageError if it names none or several; it names the nearest ids.
    """
    # The whole id, then its end (a name that is the start of another's is still one test), then any part of it.
    ends = (f"/{wanted}", f"::{wanted}")
    for fits in (lambda test: test == wanted, lambda test: test.endswith(ends), lambda test: wanted in test):
        found = [index for index, test in enumerate(tests) if fits(test)]
        if len(found) == 1:
            return (found[0],)
        if found:
            shown = ", ".join(one_line(tests[index], 200) for index in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            hint = f"give more of its id: {one_line(tests[found[0]], 200)}"
            raise UsageError(f"'{one_line(wanted, 200)}' fits {len(found)} tests: {shown}{more}", hint)
    near = [one_line(test, 200) for test in _nearest(wanted, tests)]
    hint = f"did you mean {', or '.join(near)}?" if near else "pytest --collect-only -q lists them"
    raise UsageError(f"no test of the {len(tests):,} that were collected is called '{one_line(wanted, 200)}'", hint)


def _nearest(name: str, tests: Sequence[str]) -> list[str]:
    """Return up to three ids like ``name``, compared whole or, where it has no file, by what follows the file."""
    keys: dict[str, str] = {}
    for test in tests:
        keys.setdefault(test if "::" in name or "/" in name else test.rpartition("::")[2], test)
    return [keys[key] for key in get_close_matches(name, keys, n=3, cutoff=0.6)]
