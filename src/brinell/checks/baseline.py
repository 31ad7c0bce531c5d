"""Scenarios and searches against the blessed baseline: did something get worse than what was reviewed?

A regression is what lies beyond an allowed difference with its whole interval (``core.measured``). One run each knows
nothing of what differs from start to start, which is what the allowed difference is for, and why these findings
advise: a threshold is what decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from brinell.checks.suite_regression import differences
from brinell.core.blessed import CACHE, CAPACITY, KINDS, LOAD, WEBSOCKET, Blessed, Known, known
from brinell.core.evidence import Evidence, fingerprint
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.load_comparison import BY_POINTS, differing
from brinell.core.measured import HIGHER, LOWER, Change, by_bracket, by_points, by_ratio
from brinell.core.measured_capacity import HIGHEST
from brinell.core.redact import one_line
from brinell.core.verdicts import Reason, Verdict

CHECK = "baseline"


class _Rule(NamedTuple):
    """What of a number is worse, and by how much it may be: times as much, or points of a share."""

    words: str
    worse: str
    allowed: float
    unit: str = ""


RULES = {
    "response_p50_ms": _Rule("p50", HIGHER, 1.2, " ms"),
    "response_p95_ms": _Rule("p95", HIGHER, 1.2, " ms"),
    "response_p99_ms": _Rule("p99", HIGHER, 1.2, " ms"),
    "connect_p95_ms": _Rule("connecting", HIGHER, 1.2, " ms"),
    "achieved_rate": _Rule("the rate", LOWER, 1.2, "/s"),
    "error_rate": _Rule("the error rate", HIGHER, 0.01),
    "reach": _Rule("reach", LOWER, 0.001),
    "hit_rate": _Rule("the hit rate", LOWER, 0.02),
    "stampede_loads": _Rule("loads for a cold key", HIGHER, 1.2),
    HIGHEST: _Rule("the highest level", LOWER, 1.0),
}
_BEST = {"error_rate": 0.0, "reach": 1.0, "hit_rate": 1.0}  # what cannot be worse than a baseline
_LONGER = "A longer run narrows the intervals: 60 s and more."
_ADVICE = (
    "One run each: what differs from one start to the next is in no interval, so repeat it before you build on it. "
    "What must hold is a threshold."
)


def baseline(evidence: Evidence, measured: Sequence[Part]) -> Part:
    """Judge whatever the baseline knows and this run measured, too. The baseline is anybody's file."""
    blessed = evidence.baseline
    names = {name for kind in KINDS if isinstance((blessed or {}).get(kind), dict) for name in (blessed or {})[kind]}
    if not blessed or not names:
        return Part()
    now = known(
        load=[one for one in _all(measured, LOAD) if one.scenario in names],
        websocket=[one for one in _all(measured, WEBSOCKET) if one.scenario in names],
        cache=[one for one in _all(measured, CACHE) if one.scenario in names],
        capacity=[one for one in _all(measured, CAPACITY) if one.name in names],
    )
    facts = fingerprint(evidence)
    findings: list[Finding] = []
    for kind, these in now.items():
        before = blessed.get(kind)
        for name, one in these.items():
            if isinstance(before, dict) and name in before:
                cited = _cited(measured, f"{kind}.{name}")
                findings += _finding(_Side(f"{CHECK}.{kind}.{name}", name, one, cited), before[name], facts)
    return Part(findings=tuple(findings))


class _Side(NamedTuple):
    """What was measured now."""

    identity: str
    name: str
    now: Known
    cited: tuple[str, ...]


def _all(parts: Iterable[Part], name: str) -> tuple[Any, ...]:
    return tuple(one for part in parts for one in getattr(part, name) or ())


def _cited(parts: Iterable[Part], prefix: str) -> tuple[str, ...]:
    """Return the observations that the scenario's own first finding cites."""
    findings = (one for part in parts for one in part.findings if one.id == prefix or one.id.startswith(f"{prefix}."))
    first = next(findings, None)
    return () if first is None else first.evidence


def _finding(side: _Side, told: object, facts: Mapping[str, str]) -> list[Finding]:
    try:
        blessed = msgspec.convert(told, Blessed)
    except (msgspec.ValidationError, TypeError):
        if isinstance(told, dict) and "measured" not in told:
            return []  # made by a version that kept no intervals
        return [_unknown(side, "its baseline cannot be read", "bless a run again", Reason.INVALID)]
    both = blessed.fingerprint.keys() & facts.keys()  # the suite's interpreter is known only where a suite ran beside
    if different := differences(*({key: told_by[key] for key in both} for told_by in (blessed.fingerprint, facts))):
        why = f"{one_line(different, 600)}. Bless a run of this environment to compare with it."
        return [_unknown(side, "its baseline is of another environment", why)]
    if other := differing(blessed.conditions, side.now.conditions):
        why = ", ".join(f"{key.replace('_', ' ')} {then} then, {here} now" for key, (then, here) in other.items())
        return [_unknown(side, "its baseline is of another load", one_line(why, 600))]
    changes = _changes(blessed.known(), side.now)
    told_of = {name: one for name, one in changes.items() if not one.why}
    if changes and not told_of:
        why = "; ".join(dict.fromkeys(one.why for one in changes.values()))
        return [_unknown(side, "whether it got worse than its baseline cannot be told", why)]
    return [_judged(side, told_of)] if told_of else []


def _changes(then: Known, now: Known) -> dict[str, Change]:
    found = {}
    for name in RULES:
        if name in then.measured and name in now.measured:
            a, b = then.measured[name], now.measured[name]
            if name == HIGHEST:
                found[name] = by_bracket(a, b, apart=1.0 + float(now.conditions["tolerance"]))
            else:
                found[name] = (by_points if name in BY_POINTS else by_ratio)(a, b)
    return found


def _judged(side: _Side, changes: Mapping[str, Change]) -> Finding:
    name = side.name
    worse = [key for key, one in changes.items() if beyond(key, one)]
    unclear = [key for key, one in changes.items() if key not in worse and not _within(key, one)]
    facts = ". ".join(_words(key, one) for key, one in changes.items())
    verdict, reason = Verdict.PASS, None
    title = f"{name}: no worse than its baseline in {_listed(RULES[key].words for key in changes)}"
    if worse:
        verdict, title = (
            Verdict.FAIL,
            f"{name}: worse than its baseline in {_listed(RULES[key].words for key in worse)}",
        )
    elif unclear:
        verdict, reason = Verdict.UNKNOWN, Reason.INCONCLUSIVE
        title = (
            f"{name}: whether {_listed(RULES[key].words for key in unclear)} got worse than the baseline is not clear"
        )
    return Finding(
        id=side.identity,
        check=CHECK,
        required=False,
        verdict=verdict,
        reason=reason,
        title=title,
        detail=". ".join([facts, *([_ADVICE] if worse else [_LONGER] if unclear else [])]),
        evidence=side.cited,
    )


def _edges(key: str, change: Change) -> tuple[float | None, float | None, float]:
    """Return the interval as how much worse it is, the least first, and what is allowed, all on one scale."""
    rule = RULES[key]
    if key in BY_POINTS:
        if rule.worse == HIGHER:
            return change.low, change.high, rule.allowed
        return _minus(change.high), _minus(change.low), rule.allowed
    if rule.worse == HIGHER:
        return change.low, change.high, rule.allowed
    return _inverse(change.high), _inverse(change.low), rule.allowed


def beyond(key: str, change: Change) -> bool:
    """Whether all that the interval leaves open is worse than allowed."""
    least, _, allowed = _edges(key, change)
    return least is not None and least > allowed and change.answer == RULES[key].worse


def _within(key: str, change: Change) -> bool:
    """Whether nothing that the interval leaves open is worse than allowed. Brackets are no intervals: they only differ
    or do not. And there is no worse where there is no better.
    """
    if key == HIGHEST or change.b == _BEST.get(key):
        return True
    _, most, allowed = _edges(key, change)
    return most is not None and most <= allowed


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _inverse(value: float | None) -> float | None:
    return None if value is None else 1 / value if value > 0 else float("inf")


def _words(key: str, one: Change) -> str:
    rule = RULES[key]
    if key in BY_POINTS:
        spread = f"{_points(one.low)} to {_points(one.high)} points"
        allowed = f"allowed {rule.allowed * 100:g} {'more' if rule.worse == HIGHER else 'less'}"
        return f"{rule.words} {_share(one.b)} against {_share(one.a)} ({spread}; {allowed})"
    spread = _times(one)
    allowed = f"; allowed {rule.allowed:g} times {rule.worse}" if rule.allowed > 1 else ""
    return f"{rule.words} {_number(one.b)}{rule.unit} against {_number(one.a)}{rule.unit} ({spread}{allowed})"


def _times(one: Change) -> str:
    if one.low is None:
        return f"{one.high:.2f} times or less"
    return f"{one.low:.2f} times or more" if one.high is None else f"{one.low:.2f} to {one.high:.2f} times"


def _points(share: float | None) -> str:
    return "" if share is None else f"{share * 100:+.3g}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value * 100:.4g} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _listed(words: Iterable[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last


def _unknown(side: _Side, what: str, why: str, reason: Reason = Reason.INCONCLUSIVE) -> Finding:
    return Finding(
        id=side.identity,
        check=CHECK,
        required=False,
        verdict=Verdict.UNKNOWN,
        reason=reason,
        title=f"{side.name}: {what}",
        detail=why,
        evidence=side.cited,
    )
