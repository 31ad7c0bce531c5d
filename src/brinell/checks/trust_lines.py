"""Small pieces of the findings on trust: counts with their nouns, how many more there are, what is cited."""

from __future__ import annotations

from collections.abc import Iterable

from brinell.checks.trust_facts import Examined
from brinell.core.trust import Trust

CHECK = "trust"
MOST_NAMED = 10
MOST_CITED = 50


def counted(number: int, one: str, many: str) -> str:
    """Return a count with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def more(number: int) -> list[str]:
    """Return the line that counts what is not named; none where all is."""
    return [f"and {number - MOST_NAMED:,} more"] if number > MOST_NAMED else []


def cited(examined: Examined, trusts: Iterable[Trust]) -> tuple[str, ...]:
    """Return the observations that speak for these tests; for none, the examination's own."""
    found = dict.fromkeys(at for one in trusts for at in examined.cited(one.test))
    return tuple(found)[:MOST_CITED] or (examined.at,)
