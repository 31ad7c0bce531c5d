"""Race: every round keeps every invariant; how much many clean rounds prove is said with them."""

from __future__ import annotations

from brinell.checks.drills.ruling import Ruled, counted, failed, passed, percent, unknown
from brinell.checks.drills.seen import Seen
from brinell.core import racing
from brinell.core.drill_judgement import DrillRule
from brinell.core.drill_records import Race
from brinell.core.verdicts import Reason

TOGETHER = 0.5  # share of rounds whose requests were under way at the same time, for a race to have taken place


def race(seen: Seen) -> Ruled:
    """Judge one race."""
    rounds, rules = seen.races, _rules(seen)
    broken = [(one, words) for one in rounds if (words := racing.broken(one, rules))]
    together = sum(one.ahead_ns >= 0 and any(one.statuses) for one in rounds)
    share = racing.wilson(len(broken), len(rounds))
    spreads = [one.spread_ns / 1000 for one in rounds]
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
        "spread_us": {"p50": racing.middle(spreads), "max": max(spreads, default=None)},
        "statuses": dict(sorted(statuses.items())),
    }
    missing = {"would_be_seen": "the race was seen" if broken else "no round was a race"}
    return Ruled(
        measured,
        [_verdict(seen, broken, together, rules)],
        _title(broken, rounds, share),
        {key: why for key, why in missing.items() if measured[key] is None},
        _examples(broken),
    )


def _rules(seen: Seen) -> racing.Rules:
    options = seen.options
    expect = {racing.status_of(word): int(count) for word, count in options["expect"].items()}
    then = racing.as_json(options["then"]["equals"]) if options["then"] else None
    return racing.Rules(expect, options["same"] is not None, then)


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
        return passed("race", f"nothing failed; no invariant was stated (expect, same or then). {power}")
    return passed("race", f"every rule held in {counted(len(rounds), 'round')}; {power}")


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
        apart = len(rounds) - together
        why = f"in {apart} of {of} an answer came before the last request was out: nothing raced"
    elif not rules.expect and not any(200 <= status < 400 for one in rounds for status in one.statuses):
        why = "no request succeeded, so that nothing was raced for"
    return unknown("race", reason, why) if why else None


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
