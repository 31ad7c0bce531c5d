"""The search for the highest load at which thresholds hold: verdicts in, the next step out. A pure function of what
was tried, so that a search that was killed goes on where it stood once it is told its own past.

Doubling until something breaks; halving the bracket, on a logarithmic scale, until it is narrow; then proof: the
lowest broken level once more, because a single hiccup may have broken it, and the highest held one until it has held
three times more often than it broke. A level is what most of its steps say; of as many of each, or where they waver,
it is broken. Nothing is assumed to be monotone: the bracket is the lowest broken level and the highest held one below
it, whatever came when.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from brinell.core.sequential import BROKEN, HELD

INVALID = "invalid"
RATE = "rate"
CONNECTIONS = "connections"
ROOMS = "rooms"
RECEIVERS = "receivers"
QUANTITIES = (RATE, CONNECTIONS, ROOMS, RECEIVERS)
WHOLE = frozenset({CONNECTIONS, ROOMS, RECEIVERS})
"""Quantities that are counted."""

GROWTH = 2.0
RETREAT = 4.0  # where nothing has held yet
COARSE = 1.25  # how near one comes to a level that the generator does not reach
PROOF = 3  # a level is confirmed that held so many times more often than it broke
REFUTED = 2  # and is certainly broken that broke so many times more often than it held
MOST_AT_ONE = 6  # steps at one level
PROVING = 3  # a whole step may take so many times as long as others, until its intervals decide it
_DIGITS = 4  # of a rate


class Search(msgspec.Struct, frozen=True):
    """What is looked for. Levels are a rate, or whole numbers (``WHOLE``): users or connections, rooms, receivers of a
    room.
    """

    quantity: str
    start: float
    limit: float
    tolerance: float  # the bracket is narrow when high / low <= 1 + tolerance
    budget_s: float
    least: float = 1.0  # below which nothing is tried
    most_steps: int = 60
    at_least: float | None = None  # tried itself, so that the answer lies clearly on one side of it


class Tried(NamedTuple):
    """One step that is over: held, broken or invalid."""

    level: float
    verdict: str
    took_s: float = 0.0


class Try(NamedTuple):
    """The next step. ``more``: with more of what the generator lacked; ``whole``: not to be ended early as held."""

    level: float
    reason: str
    more: bool = False
    whole: bool = False


class Stop(NamedTuple):
    """The end. ``why`` is a key of ``ENDINGS``."""

    why: str


ENDINGS = {
    "found": "the bracket is narrow and its lower end held again twice",
    "limit": "nothing broke up to the limit",
    "nothing": "nothing held, however little",
    "generator": "the generator was the limit",
    "budget": "the time was used up",
    "steps": "the steps were used up",
}


class Bracket(NamedTuple):
    """``low`` held (0: nothing did), ``high`` broke (None: nothing did above ``low``); ``ceiling``: the lowest level at
    which the generator could not be believed, None if it always could. ``confirmed``: ``low`` held often enough.
    """

    low: float
    high: float | None
    ceiling: float | None
    confirmed: bool


class _Votes(NamedTuple):
    held: int = 0
    broken: int = 0
    invalid: int = 0

    @property
    def holds(self) -> bool:
        return self.held > self.broken and not self.wavers

    @property
    def breaks(self) -> bool:
        return self.broken > 0 and (self.broken >= self.held or self.wavers)

    @property
    def wavers(self) -> bool:
        """Whether it held and broke by turns until nobody would call it held any more."""
        return self.broken > 0 and self.held + self.broken >= MOST_AT_ONE and self.lead < PROOF

    @property
    def lead(self) -> int:
        return self.held - self.broken


def bracket(tried: Sequence[Tried]) -> Bracket:
    """Return where the answer lies by what was tried."""
    votes = _votes(tried)
    high = min((level for level, one in votes.items() if one.breaks), default=None)
    below = [level for level, one in votes.items() if one.holds and (high is None or level < high)]
    low = max(below, default=0.0)
    beyond = [level for level, one in votes.items() if one.invalid > 1 and not one.held and not one.broken]
    ceiling = min((level for level in beyond if level > low and (high is None or level < high)), default=None)
    return Bracket(low, high, ceiling, confirmed=low > 0 and votes[low].lead >= PROOF)


def next_step(search: Search, tried: Sequence[Tried]) -> Try | Stop:
    """Return what to do after these steps."""
    if len(tried) >= search.most_steps:
        return Stop("steps")
    if sum(one.took_s for one in tried) >= search.budget_s:
        return Stop("budget")
    if not tried:
        return Try(min(level_of(search, search.start), search.limit), "where the search begins")
    votes = _votes(tried)
    last = tried[-1]
    if last.verdict == INVALID and votes[last.level].invalid == 1:
        return Try(last.level, "once more, with more of what the generator lacked", more=True, whole=True)
    found = bracket(tried)
    return _narrow(search, found) or _prove(found, votes)


def ahead(search: Search, tried: Sequence[Tried]) -> tuple[int, int] | None:
    """Return about how many steps at new levels and how many that prove the answer are left, if nothing wavers; None
    before something held and something broke.
    """
    found, votes = bracket(tried), _votes(tried)
    upper = found.high if found.ceiling is None else found.ceiling
    if upper is None or found.low <= 0:
        return None
    ratio = math.log(upper / found.low) / math.log1p(search.tolerance)
    halvings = max(0, math.ceil(math.log2(ratio))) if ratio > 0 else 0
    certain = 0 if found.high is None else votes[found.high].lead
    proofs = max(0, PROOF - votes[found.low].lead) + max(0, certain + REFUTED)
    # What lies in the middle is new at either end: it has all of its proof before it.
    return (halvings, PROOF - 1 + REFUTED - 1) if halvings else (0, proofs)


def level_of(search: Search, value: float) -> float:
    """Return a level as it is asked for: whole numbers of what is counted, rates of four digits."""
    if search.quantity in WHOLE:
        return float(max(1, round(value)))
    return float(f"{value:.{_DIGITS}g}")


def _narrow(search: Search, found: Bracket) -> Try | None:
    """Return a step at a new level; None where the bracket is narrow enough."""
    upper = found.high if found.ceiling is None else found.ceiling
    if upper is None:
        return _above(search, found.low)
    if found.low <= 0:
        return _below(search, upper)
    return _between(search, found.low, upper, coarse=found.ceiling is not None)


def _above(search: Search, low: float) -> Try | None:
    if low >= search.limit:
        return None
    above, wanted = min(low * GROWTH, search.limit), search.at_least
    if wanted is not None and low < wanted < above:
        return Try(wanted, f"what is asked for: {low:g} held")
    reason = "the limit" if above == search.limit else f"twice what held, {low:g}"
    return Try(min(level_of(search, above), search.limit), reason)


def _below(search: Search, upper: float) -> Try | None:
    level = level_of(search, max(search.least, upper / RETREAT))
    return Try(level, f"a quarter of {upper:g}: nothing has held yet") if level < upper else None


def _between(search: Search, low: float, upper: float, *, coarse: bool) -> Try | None:
    wanted = search.at_least
    if wanted is not None and low < wanted < upper:
        return Try(wanted, f"what is asked for: {low:g} held, {upper:g} did not")
    level = level_of(search, math.sqrt(low * upper))
    narrow = upper / low <= (max(COARSE, 1 + search.tolerance) if coarse else 1 + search.tolerance)
    if narrow or not low < level < upper:
        return None
    return Try(level, f"half way between {low:g}, which held, and {upper:g}")


def _prove(found: Bracket, votes: dict[float, _Votes]) -> Try | Stop:
    """Repeat what bounds the answer until it is certain, then stop."""
    low, high = found.low, found.high
    if high is not None and found.ceiling is None and _is_doubtful(votes[high]):
        return Try(high, "the lowest that broke, once more: a hiccup may have broken it", whole=True)
    if low > 0 and votes[low].lead < PROOF and votes[low].invalid < 2:
        at_low = votes[low]
        return Try(low, f"the highest that held, once more ({at_low.held} of {_count(at_low)} so far)", whole=True)
    if found.ceiling is not None or (low > 0 and votes[low].lead < PROOF):
        return Stop("generator")
    if low <= 0:
        return Stop("nothing")
    return Stop("limit" if high is None else "found")


def _is_doubtful(votes: _Votes) -> bool:
    return votes.lead > -REFUTED and votes.invalid < 2 and _count(votes) < MOST_AT_ONE


def _votes(tried: Sequence[Tried]) -> dict[float, _Votes]:
    votes: dict[float, _Votes] = {}
    for one in tried:
        seen = votes.get(one.level, _Votes())
        votes[one.level] = _Votes(
            seen.held + (one.verdict == HELD),
            seen.broken + (one.verdict == BROKEN),
            seen.invalid + (one.verdict == INVALID),
        )
    return votes


def _count(votes: _Votes) -> int:
    return votes.held + votes.broken
