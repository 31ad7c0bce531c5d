"""Race: every round keeps every invariant; how much many clean rounds prove is said with them."""

from __future__ import annotations

from collections import Counter

from brinell.checks.drills.ruling import Ruled, counted, failed, passed, percent, unknown
from brinell.checks.drills.seen import Seen
from brinell.core import racing
from brinell.core.drill_judgement import DrillRule
from brinell.core.drill_records import Race
from brinell.core.typed_body import PLAIN, type_of_text
from brinell.core.verdicts import Reason

MEET = 2  # requests that the service has taken in, for them to race
TOGETHER = 0.5  # share of rounds whose requests were under way at the same time, for a race to have taken place


def race(seen: Seen) -> Ruled:
    """Judge one race."""
    rounds, rules = seen.races, racing.rules_of(seen.options)
    broken = [(one, words) for one in rounds if (words := racing.broken(one, rules))]
    if _for_nothing(rounds, rules):
        broken = []  # what was to be created once was not created at all: that is no race
    together = sum(_met(one) for one in rounds)
    share = racing.wilson(len(broken), len(rounds))
    spreads = [one.spread_ns / 1000 for one in rounds]
    among = racing.middle([one.processes for one in rounds if one.processes is not None])
    statuses: dict[str, int] = {}
    for one in rounds:
        for status in one.statuses:
            statuses[str(status)] = statuses.get(str(status), 0) + 1
    measured = {
        "rounds": len(rounds),
        "requests_a_round": int(seen.options["together"]),
        "rounds_broken": len(broken),
        "probability": {"estimate": len(broken) / len(rounds), "low": share.low, "high": share.high}
        if rounds
        else None,
        "would_be_seen": None if broken else racing.would_be_seen(together),
        "rounds_together": together,
        "accepted": racing.middle([_accepted(one) for one in rounds]),
        **({} if among is None else {"processes": among}),
        "spread_us": {"p50": racing.middle(spreads), "max": max(spreads, default=None)},
        "statuses": dict(sorted(statuses.items())),
    }
    missing = {"would_be_seen": "the race was seen" if broken else "no round was a race"}
    return Ruled(
        measured,
        [_verdict(seen, broken, together, rules), *_within(seen, broken, among)],
        _title(broken, rounds, share),
        {key: why for key, why in missing.items() if measured[key] is None},
        _examples(broken),
    )


def _verdict(seen: Seen, broken: list[tuple[Race, tuple[str, ...]]], together: int, rules: racing.Rules) -> DrillRule:
    rounds = seen.races
    if broken:
        first, words = broken[0]
        return failed(
            "race", f"{len(broken)} of {counted(len(rounds), 'round')} broke a rule, round {first.round + 1} first: "
            f"{'; '.join(words)}"
        )  # fmt: skip
    if (nothing := _no_race(seen, together, rules)) is not None:
        return nothing
    seen_at = percent(racing.would_be_seen(together) or 1.0)
    power = f"after {together} clean rounds a race of {seen_at} a round would have been seen with 95 %"
    if not rules.stated:
        return passed("race", f"nothing failed; no invariant was stated (expect, same, then and others). {power}")
    return passed("race", f"every rule held in {counted(len(rounds), 'round')}; {power}")


def _within(seen: Seen, broken: list[tuple[Race, tuple[str, ...]]], among: float | None) -> list[DrillRule]:
    """Clean rounds in one process of several prove nothing of what is locked in one process."""
    number = seen.numbers.get("processes", 0)
    if broken or among is None or among >= MEET:
        return []
    why = f"most rounds went to one of its {number} processes, so that little is proved of races between them"
    return [unknown("processes", Reason.NOT_EXERCISED, f"{why}: take more requests at once (together)", required=False)]


def _no_race(seen: Seen, together: int, rules: racing.Rules) -> DrillRule | None:
    """Say why clean rounds prove nothing, where they do not."""
    rounds = seen.races
    of = counted(len(rounds), "round")
    reason, why = Reason.NOT_EXERCISED, ""
    if (limit := seen.mark("own-limit")) is not None:
        reason, why = Reason.INVALID, f"no further connection could be opened on this side after {of}: {limit.detail}"
    elif not rounds:
        why = "no round was run"
    elif together < TOGETHER * len(rounds):
        why = _apart(rounds, together)
    elif _for_nothing(rounds, rules):
        why = f"no request succeeded ({_most_common(rounds)}), so that nothing was raced for{_untyped(seen)}"
    return unknown("race", reason, why) if why else None


def _untyped(seen: Seen) -> str:
    """Frameworks refuse a body that does not say what it is (FastAPI: 422, others: 415)."""
    load = seen.spec.load
    refused = {status for one in seen.races for status in one.statuses} & {400, 415, 422}
    untyped = any(
        one.body is not None
        and type_of_text(one.body) == PLAIN
        and "content-type" not in {name.lower() for name in {**load.headers, **one.headers}}
        for one in load.requests
    )
    hint = "; its body is no JSON and goes as text/plain: is --header 'Content-Type: ...' missing?"
    return hint if refused and untyped else ""


def _apart(rounds: list[Race], together: int) -> str:
    """Say why requests did not meet."""
    of = counted(len(rounds), "round")
    single = sum(not one.unready and _accepted(one) < MEET for one in rounds)
    if single * 2 > len(rounds) - together:
        return (
            f"in {single} of {of} the service had accepted only one connection when the requests were released: one at "
            "a time, nothing races; start it as it will run, with several workers or threads"
        )
    unready = [one for one in rounds if one.unready]
    if len(unready) * 2 < len(rounds) - together:
        return f"in {len(rounds) - together} of {of} an answer came before the last request was out: nothing raced"
    first = unready[0]
    why = f" ({first.failures[0]})" if first.failures else ""
    all_of = len(first.statuses)
    return (
        f"in {len(unready)} of {of} not all of {all_of} requests could be under way at once: the service lets in "
        f"{all_of - first.unready}{why}; take a smaller together"
    )


def _met(one: Race) -> bool:
    """Whether requests of a round were under way at the same time, as far as can be known."""
    return one.ahead_ns >= 0 and not one.unready and any(one.statuses) and _accepted(one) >= MEET


def _accepted(one: Race) -> int:
    """How many requests the service had taken in when they were released, as far as is known."""
    return max(1, len(one.statuses) - one.unready - (one.waiting or 0))


def _for_nothing(rounds: list[Race], rules: racing.Rules) -> bool:
    """Whether every request was refused as such (no such path, not allowed), and nobody expects that."""
    seen = {status for one in rounds for status in one.statuses}
    return bool(seen) and all(400 <= status < 500 and not rules.expect.get(status) for status in seen)


def _most_common(rounds: list[Race]) -> str:
    counts = Counter(status for one in rounds for status in one.statuses)
    return ", ".join(f"{count} x {status or 'no answer'}" for status, count in counts.most_common(3))


def _title(broken: list[tuple[Race, tuple[str, ...]]], rounds: list[Race], share: racing.Interval) -> str:
    if not broken:
        return f"{counted(len(rounds), 'round')} without a race"
    return (
        f"{len(broken)} of {counted(len(rounds), 'round')} broke a rule "
        f"({percent(len(broken) / len(rounds))}, between {percent(share.low)} and {percent(share.high)})"
    )


def _examples(broken: list[tuple[Race, tuple[str, ...]]]) -> tuple[str, ...]:
    """Requests and answers of the first round that broke a rule."""
    return next((one.told for one, _ in broken if one.told), ())
