"""The search for the highest load at which thresholds hold: verdicts in, the next step out. A pure function of what
was tried, so that a search that was killed goes on where it stood once it is told its own past.

Doubling until something breaks; halving the bracket, on a logarithmic scale, until it is narrow; then proof: the
lowest broken level once more, because a single hiccup may have broken it, and the highest held one until it has held
three times more often than it broke, once at least right after an overload. A level is what most of its steps say; of
as many of each, or where they waver, it is broken. Nothing is assumed to be monotone: the bracket is the lowest broken
level and the highest held one below it.

A subject that remembers an overload (hysteresis; Huang et al., Metastable Failures in the Wild, OSDI 2022) has two
capacities: where it breaks when it comes from below, and to where it has to be relieved before it recovers. Between the
two it holds only until something happens. ``low`` is the latter: a level that breaks right after another one broke is
broken, however often it held by itself.
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
    """The next step. ``more``: with more of what the generator lacked; ``whole``: not to be ended early as held, and
    ``long``: not before its longest time is over.
    """

    level: float
    reason: str
    more: bool = False
    whole: bool = False
    long: bool = False


class Stop(NamedTuple):
    """The end. ``why`` is a key of ``ENDINGS``."""

    why: str


GONE = "gone"
ENDINGS = {
    "found": "the bracket is narrow and its lower end held again twice",
    "limit": "nothing broke up to the limit",
    "nothing": "nothing held, however little",
    "generator": "the generator was the limit",
    "budget": "the time was used up",
    "steps": "the steps were used up",
    GONE: "the subject was gone",
}


class Bracket(NamedTuple):
    """``low`` held (0: nothing did), ``high`` broke (None: nothing did above ``low``); ``ceiling``: the lowest level at
    which the generator could not be believed, None if it always could. ``confirmed``: ``low`` held often enough, and
    once after something broke. ``from_below``: the highest level above ``low`` that held as long as nothing had broken
    just before; None where that makes no difference.
    """

    low: float
    high: float | None
    ceiling: float | None
    confirmed: bool
    from_below: float | None = None


class _Votes(NamedTuple):
    """Steps at one level; ``after_held`` and ``after_broken`` are those that came right after one that broke."""

    held: int = 0
    broken: int = 0
    invalid: int = 0
    after_held: int = 0
    after_broken: int = 0

    @property
    def holds(self) -> bool:
        return self.held > self.broken and not self.wavers and not self.relapses

    @property
    def breaks(self) -> bool:
        return self.broken > 0 and (self.broken >= self.held or self.wavers or self.relapses)

    @property
    def relapses(self) -> bool:
        """Whether it breaks as long as what broke before is not over: such a level does not let a subject recover."""
        return self.after_broken > self.after_held

    @property
    def remembers(self) -> bool:
        """Whether it held by itself, and never right after something broke."""
        return self.held > 0 and self.relapses and not self.after_held

    @property
    def wavers(self) -> bool:
        """Whether it held and broke by turns until nobody would call it held any more."""
        return self.broken > 0 and self.held + self.broken >= MOST_AT_ONE and self.lead < PROOF

    @property
    def is_metastable(self) -> bool:
        """Whether that is sure: it never broke by itself, and again and again after something else did."""
        return self.remembers and self.broken == self.after_broken >= REFUTED

    @property
    def contradicts(self) -> bool:
        """Whether it held and broke although what came before was alike: something comes and goes by itself."""
        by_itself = self.held > self.after_held and self.broken > self.after_broken
        return by_itself or (self.after_held > 0 and self.after_broken > 0)

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
    calm = [level for level, one in votes.items() if level > low and one.is_metastable]
    confirmed = low > 0 and _is_proved(votes[low], high)
    return Bracket(low, high, ceiling, confirmed, from_below=max(calm, default=None))


def next_step(search: Search, tried: Sequence[Tried]) -> Try | Stop:
    """Return what to do after these steps. A search that has its answer ended with that, however long it took."""
    move = _move(search, tried)
    if isinstance(move, Stop):
        return move
    if len(tried) >= search.most_steps:
        return Stop("steps")
    return Stop("budget") if sum(one.took_s for one in tried) >= search.budget_s else move


def _move(search: Search, tried: Sequence[Tried]) -> Try | Stop:
    if not tried:
        return Try(min(level_of(search, search.start), search.limit), "where the search begins")
    votes = _votes(tried)
    last = tried[-1]
    if last.verdict == INVALID and votes[last.level].invalid == 1:
        return Try(last.level, "once more, with more of what the generator lacked", more=True, whole=True)
    found = bracket(tried)
    move = _narrow(search, found) or _prove(found, votes)
    if isinstance(move, Stop):
        return move
    move = _afterwards(move, found, votes, last)
    return move._replace(long=move.whole and any(one.contradicts for one in votes.values()))


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
    proved = low > 0 and _is_proved(votes[low], high)
    if low > 0 and not proved and votes[low].invalid < 2:
        at_low = votes[low]
        return Try(low, f"the highest that held, once more ({at_low.held} of {_count(at_low)} so far)", whole=True)
    if found.ceiling is not None or (low > 0 and not proved):
        return Stop("generator")
    if low <= 0:
        return Stop("nothing")
    return Stop("limit" if high is None else "found")


def _afterwards(move: Try, found: Bracket, votes: dict[float, _Votes], last: Tried) -> Try:
    """Return a move, or what has to break before it.

    A level is safe where a subject holds it even after it was overloaded. So one of the steps that prove it comes after
    one that broke, and what held by itself and broke after an overload is asked again after one. Where a subject was
    seen to remember, every step is.
    """
    if last.verdict == BROKEN or move.more:
        return move
    at = votes.get(move.level, _Votes())
    lacks = move.level == found.low and found.high is not None and not at.after_held and at.lead >= PROOF - 1
    remembers = any(one.remembers for one in votes.values())
    if not (lacks or (at.relapses and at.held) or (remembers and move.level != found.high)):
        return move
    above = min((level for level, one in votes.items() if level > move.level and one.broken > one.held), default=None)
    if above is None:
        return move
    return Try(above, f"what broke, so that {move.level:g} is tried after it", whole=True)


def _is_proved(votes: _Votes, high: float | None) -> bool:
    return votes.lead >= PROOF and (high is None or votes.after_held > 0)


def _is_doubtful(votes: _Votes) -> bool:
    sure = votes.lead <= -REFUTED or votes.after_broken - votes.after_held >= REFUTED
    return not sure and votes.invalid < 2 and _count(votes) < MOST_AT_ONE


def _votes(tried: Sequence[Tried]) -> dict[float, _Votes]:
    votes: dict[float, _Votes] = {}
    last = ""
    for one in tried:
        seen, after = votes.get(one.level, _Votes()), last == BROKEN
        held, broken = one.verdict == HELD, one.verdict == BROKEN
        votes[one.level] = _Votes(
            seen.held + held,
            seen.broken + broken,
            seen.invalid + (one.verdict == INVALID),
            seen.after_held + (held and after),
            seen.after_broken + (broken and after),
        )
        last = last if one.verdict == INVALID else one.verdict
    return votes


def _count(votes: _Votes) -> int:
    return votes.held + votes.broken
