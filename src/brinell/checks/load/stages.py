"""The parts of a schedule that are judged by themselves: numbers of each, and up to which rate the limits hold."""

from __future__ import annotations

import math

from brinell.checks.load.limits import CHECK
from brinell.checks.load.steadiness import course
from brinell.checks.load.tally import SecondTally, Tally
from brinell.checks.load.words import above, short
from brinell.core.finding import Finding
from brinell.core.sparse import merged, quantiles_ns
from brinell.core.steady_judgement import Stage
from brinell.core.thresholds import THRESHOLDS
from brinell.core.verdicts import Verdict

KEPT_UP = 0.97  # share of the rate that was asked for
MOST_USUAL_S = 1.0  # a subject that takes longer from the first stage on is not excused for that
_SHARES = (0.5, 0.95, 0.99)
_SHOWN = {"p50_ms", "p95_ms", "p99_ms", "max_ms", "error_rate"}


def stages(tally: Tally) -> tuple[Stage, ...]:
    """Return the numbers of each stage."""
    return tuple(_stage(tally, *one) for one in tally.started.stages)


def finding(
    scenario: str, found: tuple[Stage, ...], limits: dict[str, float], tally: Tally, cited: tuple[str, ...]
) -> list[Finding]:
    """Say up to which step the limits held, where not at all of them did. Advice: thresholds judge the whole."""
    measured = [stage for stage in found if stage.requests]
    asked = {name: limit for name, limit in limits.items() if name in _SHOWN}
    # How long an answer takes where nobody waits: what was due so shortly before a stage's end is answered in the next.
    usual_s = min((stage.p50_ms / 1e3 for stage in measured if stage.p50_ms is not None), default=0.0)
    usual_s = min(usual_s, MOST_USUAL_S)
    broken = [
        (stage, why)
        for stage in measured
        if (why := _broken(stage, asked, _expected(found, _rows(stage.from_s, stage.to_s, tally.span_s), usual_s)))
    ]
    if tally.started.shape not in {"steps", "ramp"} or not broken:
        return []
    first, why = min(broken, key=lambda pair: pair[0].target_rate)
    below = [stage.target_rate for stage in measured if stage.target_rate < first.target_rate]
    held = f"held up to {max(below):g}/s, not" if below else "did not hold"
    return [
        Finding(
            id=f"load.{scenario}.stages",
            check=CHECK,
            required=False,
            verdict=Verdict.FAIL,
            title=f"{scenario}: {held} at {first.target_rate:g}/s: {why}",
            detail="; ".join(f"{stage.target_rate:g}/s: {_words(stage)}" for stage in measured),
            evidence=cited,
        )
    ]


def _stage(tally: Tally, from_s: float, to_s: float, from_rate: float, to_rate: float) -> Stage:
    """Of the whole seconds within it that were run."""
    rows = _rows(from_s, to_s, tally.span_s)
    seconds = [tally.seconds.get(row) or SecondTally() for row in rows]
    max_ns = max((one.max_ns for one in seconds), default=0)
    histogram = merged([part for one in seconds for part in one.parts])
    p50, p95, p99 = (None if found is None else found / 1e6 for found in quantiles_ns(histogram, _SHARES, max_ns))
    requests = int(histogram[1].sum())
    even = tally.started.shape == "steps" and len(rows) > 0
    return Stage(
        from_s=from_s,
        to_s=to_s,
        from_rate=from_rate,
        to_rate=to_rate,
        target_rate=(from_rate + to_rate) / 2,
        achieved_rate=sum(one.completed for one in seconds) / len(seconds) if seconds else None,
        requests=requests,
        errors=sum(one.errors for one in seconds),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        max_ms=max_ns / 1e6 if requests else None,
        course=course(tally, rows).kind if even else "",
    )


def _rows(from_s: float, to_s: float, span_s: float) -> range:
    return range(math.ceil(from_s), min(math.floor(to_s), int(span_s)))


def _expected(parts: tuple[Stage, ...], rows: range, usual_s: float) -> float:
    """Return the answers a second that are to be expected in some whole seconds of a schedule of these parts: what fell
    due so long before each moment. In a part of a ramp that is not the rate of all of it.
    """
    due = 0.0
    for part in parts:
        begin, end = max(rows.start - usual_s, part.from_s), min(rows.stop - usual_s, part.to_s)
        if end > begin:
            rise = (part.to_rate - part.from_rate) / (part.to_s - part.from_s)
            due += (part.from_rate + rise * ((begin + end) / 2 - part.from_s)) * (end - begin)
    return due / len(rows) if rows else 0.0


def _broken(stage: Stage, limits: dict[str, float], expected: float) -> str:
    """Name what did not hold in this stage; empty if all did."""
    told = [
        f"{name} {above(value, limit)}, limit {limit:g}"
        for name, limit in limits.items()
        if (value := _observed(stage, name)) is not None and THRESHOLDS[name].at_most and value > limit
    ]
    # Which requests fall into a second is a matter of one more or less, and a few hundredths are the schedule's own.
    if stage.achieved_rate is not None and stage.achieved_rate < KEPT_UP * expected - 1:
        told.append(f"{short(stage.achieved_rate, 4)}/s were answered")
    if stage.course == "growing":
        told.append("response times rose to its end")
    return ", ".join(told)


def _observed(stage: Stage, name: str) -> float | None:
    if name == "error_rate":
        return stage.errors / stage.requests if stage.requests else None
    value: float | None = getattr(stage, name)
    return value


def _words(stage: Stage) -> str:
    p95 = "-" if stage.p95_ms is None else f"{short(stage.p95_ms, 4)} ms"
    state = f", {stage.course}" if stage.course not in {"", "too-short"} else ""
    return f"{short(stage.achieved_rate or 0, 4)}/s answered, p95 {p95}, {stage.errors} errors{state}"
