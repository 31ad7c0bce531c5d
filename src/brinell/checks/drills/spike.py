"""Spike: what was usual before the crowd is usual again afterwards, in time."""

from __future__ import annotations

from brinell.checks.drills.ruling import Ruled, failed, milliseconds, passed, percent, ruled, took, unknown
from brinell.checks.drills.seen import Seen
from brinell.checks.load.generator import LATE, trust
from brinell.core.drill_judgement import DrillRule
from brinell.core.returning import ERRORS, LEAST, Look, Spell, back_at, look, usual, worst_second
from brinell.core.verdicts import Reason

HELD = 0.8  # share of the crowd that must have been due for it to have been one
KEPT_BYTES = 64 << 20  # memory that it may have more of after the crowd, and
KEPT = 0.5  # share of what it had before, below which nothing is said
WELL = 0.5  # share of requests that must succeed before the crowd


def spike(seen: Seen) -> Ruled:
    """Judge one spike."""
    options, tally = seen.options, seen.tally
    spell = Spell(int(options["before_s"]), int(options["before_s"]) + int(options["lasts_s"]))
    if tally is None:
        return Ruled({}, [unknown("crowd", Reason.NOT_EXERCISED, "no request was sent")], "no request was sent")
    # The drill ended because it was back: what was told after that decision was not waited for, and does not undo it.
    decided = seen.numbers.get("back_at_s") is not None
    last = int(seen.numbers["told_s"]) if decided else int(tally.span_s)
    before = usual(seen.seconds, spell)
    crowd, end = look(seen.seconds, spell.begin_s, spell.end_s), look(seen.seconds, max(spell.end_s, last - 5), last)
    back = back_at(seen.seconds, before, spell, last, factor=float(options["factor"]), calm_s=int(options["calm_s"]))
    due = sum(count for second, count in seen.scheduled.items() if spell.begin_s <= second < spell.end_s)
    rss = _rss(seen, spell)
    measured = {
        "rate": seen.spec.rate,
        "crowd_rate": seen.spec.rate * float(options["times"]),
        "crowd_requests": due,
        "p99_before_ms": milliseconds(before.p99_ns),
        "p99_crowd_ms": milliseconds(crowd.p99_ns),
        "p99_worst_after_ms": milliseconds(worst_second(seen.seconds, range(spell.end_s, last))),
        "p99_end_ms": milliseconds(end.p99_ns),
        "errors_before": round(before.failed, 5),
        "errors_crowd": round(crowd.failed, 5),
        "errors_end": round(end.failed, 5),
        "back_s": None if back is None else back - spell.end_s,
        "rss_before_bytes": rss[0],
        "rss_end_bytes": rss[1],
    }
    planned = seen.spec.rate * float(options["times"]) * (spell.end_s - spell.begin_s)
    rules = _usable(before, due, planned)
    if not rules:
        invalid = None if (held := trust(tally, {})).valid else held.reason
        if held.broken == (LATE,) and seen.refused(max(spell.end_s, last - 5), last) > before.failed + ERRORS:
            invalid = None
        rules = [_back(seen, measured, (before, end), last - spell.end_s, invalid), _errors(seen, crowd, invalid)]
        rules += _kept(rss)
    title = "p99 never came back" if back is None else f"p99 was back {took(back - spell.end_s)} after the crowd left"
    missing = {"back_s": "it did not come back while it was watched", "p99_before_ms": "nothing was answered"}
    missing |= dict.fromkeys(("p99_crowd_ms", "p99_worst_after_ms", "p99_end_ms"), "nothing ended in that time")
    why_rss = tally.started.subject_reason or "the service could not be looked at"
    missing |= dict.fromkeys(("rss_before_bytes", "rss_end_bytes"), why_rss)
    return Ruled(measured, rules, title, {key: why for key, why in missing.items() if measured[key] is None})


def _rss(seen: Seen, spell: Spell) -> tuple[int | None, int | None]:
    """Memory of the service: the most before the crowd, and the last that was seen."""
    tally = seen.tally
    sizes = [(one.at_ns, one.rss_bytes) for one in tally.vitals if one.rss_bytes is not None] if tally else []
    begin_ns = (tally.started.start_ns if tally else 0) + spell.begin_s * 1_000_000_000
    before = [size for at_ns, size in sizes if at_ns < begin_ns]
    after = [size for at_ns, size in sizes if at_ns >= begin_ns + (spell.end_s - spell.begin_s) * 1_000_000_000]
    return max(before, default=None), after[-1] if after else None


def _kept(rss: tuple[int | None, int | None]) -> list[DrillRule]:
    """A crowd leaves some memory behind, which the next one uses again; whether it does one crowd cannot show."""
    before, end = rss
    if before is None or end is None or end - before < max(KEPT_BYTES, KEPT * before):
        return []
    says = f"it has {end / 1e6:,.0f} MB of memory since the crowd left, and had {before / 1e6:,.0f} MB before it came"
    return [failed("memory", f"{says}: do the drill again to see whether each crowd adds as much", required=False)]


def _usable(before: Look, due: int, planned: float) -> list[DrillRule]:
    if before.ended < LEAST:
        why = f"only {before.ended} requests ended before the crowd came: take a higher rate, or longer before_s"
        return [unknown("usual", Reason.INCONCLUSIVE, why)]
    if before.failed > WELL:
        return [unknown("usual", Reason.NOT_EXERCISED, "most requests failed before the crowd came")]
    if due < HELD * planned:
        return [unknown("crowd", Reason.NOT_EXERCISED, f"only {due} of {planned:.0f} requests of the crowd were due")]
    return []


def _back(
    seen: Seen, measured: dict[str, float | None], looks: tuple[Look, Look], watched_s: int, invalid: str | None
) -> DrillRule:
    (before, end), within, back = looks, float(seen.options["within_s"]), measured["back_s"]
    if back is not None and back <= within:
        return passed("back", f"p99 was back {took(back)} after the crowd left, and stayed")
    if watched_s < within:
        return unknown("back", Reason.INCONCLUSIVE, f"it was watched for {max(0, watched_s)} s only, of {within:g}")
    if invalid is not None:
        return unknown("back", Reason.INVALID, f"it did not come back, but the generator was a limit itself. {invalid}")
    if back is not None:
        return failed("back", f"p99 was back only {took(back)} after the crowd left; {within:g} s are allowed")
    now = f"p99 {measured['p99_end_ms']} ms, {percent(end.failed)} errors"
    was = f"{measured['p99_before_ms']} ms and {percent(before.failed)}"
    return failed("back", f"{within:g} s after the crowd left it is not back: {now} instead of {was}")


def _errors(seen: Seen, crowd: Look, invalid: str | None) -> DrillRule:
    allowed = float(seen.options["errors"])
    if crowd.failed > allowed and invalid is not None:
        return unknown("errors", Reason.INVALID, f"the generator was a limit itself. {invalid}")
    said = f"{percent(crowd.failed)} of requests failed while the crowd was there"
    return ruled("errors", crowd.failed <= allowed, said, f"{said}; {allowed * 100:g} % are allowed")
