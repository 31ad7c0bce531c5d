"""What a race must not break, and how much many clean rounds prove. Pure: the trial and the judge both ask it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from brinell.core.drill_records import Race

CONFIDENCE = 0.95
_Z = 1.959963984540054  # two-sided 95 % of the normal distribution


class Rules(NamedTuple):
    """Invariants of one round. ``expect``: status to how many answers have it; ``then``: what the follow-up has."""

    expect: dict[int, int]
    same: bool = False
    then: str | None = None  # JSON

    @property
    def stated(self) -> bool:
        """Whether there is any beside that nothing breaks."""
        return bool(self.expect) or self.same or self.then is not None


class Interval(NamedTuple):
    """Bounds on a probability."""

    low: float
    high: float


def status_of(word: str) -> int:
    """Return the status that a word names: ``created``, ``too_many_requests`` or ``409``. ValueError if none."""
    if word.isdecimal() and 100 <= int(word) <= 599:
        return int(word)
    name = word.upper().replace("-", "_")
    if name not in HTTPStatus.__members__:
        raise ValueError(f"'{word}' is no status: a name such as created, ok or conflict, or a number such as 201")
    return int(HTTPStatus[name])


def as_json(value: Any) -> str:
    """Write a value so that equal ones are the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def broken(race: Race, rules: Rules) -> tuple[str, ...]:
    """Return, in words, every invariant that a round broke."""
    found = []
    for status, wanted in rules.expect.items():
        had = race.statuses.count(status)
        if had != wanted:
            found.append(f"{had} answers with status {status} instead of {wanted}")
    if rules.same and len(set(race.same)) > 1:
        found.append(f"{len(set(race.same))} different values where one was to be in all answers")
    if rules.then is not None and race.then != rules.then:
        had_then = "nothing" if race.then is None else race.then[:60]
        found.append(f"afterwards there was {had_then} instead of {rules.then[:60]}")
    errors = sum(status >= 500 for status in race.statuses)
    if errors:
        found.append(f"{errors} answers with a status of 500 or more")
    if race.failures:
        found.append(f"{len(race.failures)} requests without a whole answer")
    return tuple(found)


def wilson(hits: int, count: int) -> Interval:
    """Return the 95 % interval of a probability (Wilson, JASA 22, 1927), from 0 to 1 where nothing was tried."""
    if count == 0:
        return Interval(0.0, 1.0)
    share, z2 = hits / count, _Z * _Z
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count)) / (1 + z2 / count)
    return Interval(max(0.0, centre - half) if hits else 0.0, min(1.0, centre + half) if hits < count else 1.0)


def would_be_seen(rounds: int) -> float | None:
    """Return the probability per round of a race that so many rounds show at least once with 95 %; None of none."""
    return None if rounds <= 0 else 1 - (1 - CONFIDENCE) ** (1 / rounds)


def middle(values: Sequence[float], share: float = 0.5) -> float | None:
    """Return the value that at least ``share`` of the values do not exceed; None of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)] if ordered else None
