"""What the requests of a step failed with: in words, and as the reason why a level broke. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from brinell.core import outcomes
from brinell.core.capacity_records import CapacityStep
from brinell.core.capacity_words import OPEN
from brinell.core.reason_case import Case

ERRORS = "error_rate"
NO_ANSWERS = "no answers"
MOSTLY = 0.5  # of what failed
_TOLD = 3  # kinds
_LEFT = re.compile(rf"(?P<open>\d+) of (?P<asked>\d+) {OPEN} \((?P<what>[^)]+)\)")
_CLOSED = {outcomes.REFUSED: "refused", outcomes.RESET: "reset", outcomes.CLOSED: "closed"}
_WORDS = {
    **_CLOSED,
    outcomes.TIMEOUT: "timed out",
    outcomes.SHORT_BODY: "cut off inside the answer",
    outcomes.UNREACHABLE: "unreachable",
    outcomes.CHECK: "answered with what a check turns down",
}
_ON_PURPOSE = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


def words(step: CapacityStep) -> str:
    """Return ``412 of 4,000 failed: 400 reset, 12 refused``; empty where nothing did, or nobody told with what."""
    return _words(Counter(step.outcomes), step.requests) if step.why in {ERRORS, NO_ANSWERS} else ""


def failed(steps: Sequence[CapacityStep]) -> Case | None:
    """Return why a level broke whose steps these are, where it did by connections that were not let in, or by answers
    that refuse; None where it broke by something else, such as time.
    """
    broke = [step for step in steps if step.why in {ERRORS, NO_ANSWERS}]
    if not broke:
        return _left(steps)
    counts = Counter[str]()
    for step in broke:
        counts.update(step.outcomes)
    requests, total = sum(step.requests for step in broke), sum(counts.values())
    closed = sum(count for outcome, count in counts.items() if outcomes.kind(outcome) in _CLOSED)
    codes = Counter({code: count for outcome, count in counts.items() if (code := _code(outcome)) is not None})
    evidence = (_words(counts, requests),)
    if total and closed >= MOSTLY * total:
        how = _list(outcome for outcome, _ in counts.most_common() if outcomes.kind(outcome) in _CLOSED)
        title = f"connections {how}, for {_share(closed, requests)} of the requests"
        return Case("connections", 0, title, evidence)
    if total and sum(codes.values()) >= MOSTLY * total:
        (code, count), *_ = codes.most_common(1)
        does = "refuses" if code in _ON_PURPOSE else "fails"
        title = f"the subject {does} requests: it answers {_share(count, requests)} with {_named(code)}"
        return Case("errors", 0, title, evidence)
    return None


def _left(steps: Sequence[CapacityStep]) -> Case | None:
    """Return that connections which should stay were refused or closed."""
    told = next((why for step in steps if (why := _LEFT.search(step.why))), None)
    if told is None:
        return None
    title = f"connections refused or closed: {told['open']} of {told['asked']} were open ({told['what']})"
    return Case("connections", 0, title, (told.string,))


def _words(counts: Mapping[str, int], requests: int) -> str:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    if not ranked:
        return ""
    told = [f"{count:,} {_said(outcome)}" for outcome, count in ranked[:_TOLD]]
    more = sum(count for _, count in ranked[_TOLD:])
    told += [f"{more:,} otherwise"] if more else []
    return f"{sum(counts.values()):,} of {requests:,} failed: {', '.join(told)}"


def _said(outcome: str) -> str:
    code = _code(outcome)
    return f"answered {_named(code)}" if code is not None else _WORDS.get(outcomes.kind(outcome), outcome)


def _share(count: int, requests: int) -> str:
    """Return ``0.4 %``: one in a thousand may be one too many."""
    return f"{100 * count / max(1, requests):.3g} %"


def _list(said: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(_CLOSED[outcomes.kind(outcome)] for outcome in said))


def _code(outcome: str) -> int | None:
    """Return the HTTP status of an outcome; None where it is none."""
    text = outcome.removeprefix(f"{outcomes.STATUS}-")
    return int(text) if text != outcome and text.isdecimal() else None


def _named(code: int) -> str:
    """Return ``429 Too Many Requests``."""
    known = next((one for one in HTTPStatus if one == code), None)
    return str(code) if known is None else f"{code} {known.phrase}"
