"""What a race must not break, and how much many clean rounds prove. Pure: the trial and the judge both ask it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, NamedTuple

from brinell.core.drill_records import Race
from brinell.core.redact import one_line

CONFIDENCE = 0.95
LONGEST = 200  # characters of a value that are written down
_Z = 1.959963984540054  # two-sided 95 % of the normal distribution


class Rules(NamedTuple):
    """Invariants of one round. ``expect`` and ``at_most``: status to how many answers have it, or may; ``then``: what
    the follow-up has, as JSON, or between which two numbers it lies.
    """

    expect: dict[int, int]
    same: bool = False
    then: str | None = None
    at_most: dict[int, int] = {}  # noqa: RUF012 - never changed
    unique: bool = False
    unchanged: bool = False
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def stated(self) -> bool:
        """Whether there is any beside that nothing breaks."""
        asked = self.then, self.least, self.most
        told = self.expect, self.at_most, self.same, self.unique, self.unchanged
        return any(told) or any(one is not None for one in asked)

    @property
    def bounded(self) -> bool:
        """Whether the follow-up's value is a number with bounds."""
        return self.least is not None or self.most is not None


class Interval(NamedTuple):
    """Bounds on a probability."""

    low: float
    high: float


def rules_of(options: Mapping[str, Any]) -> Rules:
    """Return what a round must not break, from the options of a race. ValueError names one that cannot be."""
    then = options.get("then") or {}
    bounds = {key: then.get(key) for key in ("at_least", "at_most")}
    for key, value in bounds.items():
        if value is not None and number_of(value) is None:
            raise ValueError(f"then: {key} is a number")
    return Rules(
        expect=_by_status("expect", options.get("expect") or {}),
        same=options.get("same") is not None,
        then=kept(then["equals"]) if "equals" in then else None,
        at_most=_by_status("at_most", options.get("at_most") or {}),
        unique=options.get("unique") is not None,
        unchanged=bool(options.get("unchanged")),
        least=number_of(bounds["at_least"]),
        most=number_of(bounds["at_most"]),
    )


def _by_status(key: str, given: Mapping[str, int]) -> dict[int, int]:
    try:
        return {status_of(word): int(count) for word, count in given.items()}
    except ValueError as error:
        raise ValueError(f"{key} {error}") from None


def number_of(value: Any) -> Decimal | None:
    """Return a number as it is written, be it in quotes; None of what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def status_of(word: str) -> int:
    """Return the status that a word names: ``created``, ``too_many_requests`` or ``409``. ValueError if none."""
    if word.isdecimal() and 100 <= int(word) <= 599:
        return int(word)
    name = word.upper().replace("-", "_")
    if name not in HTTPStatus.__members__:
        raise ValueError(f"'{word}' is no status: a name such as created, ok or conflict, or a number such as 201")
    return int(HTTPStatus[name])


def kept(value: Any) -> str:
    """Write a value of JSON so that equal ones are the same line, and others are not: long ones by their digest."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if len(text) > LONGEST:
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        text = f"{text[: LONGEST // 2]}... sha256 {digest[:16]}"
    return one_line(text, LONGEST)


def broken(race: Race, rules: Rules) -> tuple[str, ...]:
    """Return, in words, every invariant that a round broke. Where not all requests were there in time, how few answers
    there are says nothing.
    """
    found = [*_counted(race, rules), *_compared(race, rules), *_afterwards(race, rules)]
    errors = sum(status >= 500 for status in race.statuses)
    if errors:
        found.append(f"{errors} answers with a status of 500 or more")
    if race.failures and not race.unready:
        found.append(f"{race.statuses.count(0)} requests without a whole answer")
    return tuple(found)


def _counted(race: Race, rules: Rules) -> list[str]:
    found = []
    for status, wanted in rules.expect.items():
        had = race.statuses.count(status)
        if had > wanted or (had < wanted and not race.unready):
            found.append(f"{had} answers with status {status} instead of {wanted}")
    for status, most in rules.at_most.items():
        had = race.statuses.count(status)
        if had > most:
            found.append(f"{had} answers with status {status}, and at most {most} may have it")
    return found


def _compared(race: Race, rules: Rules) -> list[str]:
    found = []
    if rules.same and len(set(race.same)) > 1:
        found.append(f"{len(set(race.same))} different values where one was to be in all answers")
    if rules.unique and len(set(race.unique)) < len(race.unique):
        again = next(one for one in race.unique if race.unique.count(one) > 1)
        found.append(f"{race.unique.count(again)} answers have {again[:60]}, where each was to have another value")
    if rules.unchanged and race.before != race.after:
        found.append(f"{_shown(race.before)} before and {_shown(race.after)} afterwards, where nothing was to change")
    return found


def _afterwards(race: Race, rules: Rules) -> list[str]:
    if rules.then is not None and race.then != rules.then:
        return [f"afterwards there was {_shown(race.then)} instead of {rules.then[:60]}"]
    if not rules.bounded:
        return []
    value = None if race.then is None else number_of(race.then.strip('"'))
    if value is None:
        return [f"afterwards there was {_shown(race.then)} instead of a number"]
    found = []
    if rules.least is not None and value < rules.least:
        found.append(f"afterwards there was {value}, and {rules.least} is the least")
    if rules.most is not None and value > rules.most:
        found.append(f"afterwards there was {value}, and at most {rules.most} may be")
    return found


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value[:60]


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
