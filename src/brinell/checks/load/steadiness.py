"""Was a scenario steady, and from when on: numbers, words, an advisory finding, and the part that thresholds are judged
on where that was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from brinell.checks.load.limits import CHECK, Ruling
from brinell.checks.load.numbers import distribution
from brinell.checks.load.tally import Tally, tally_of
from brinell.core import steady
from brinell.core.evidence import Evidence
from brinell.core.finding import Finding
from brinell.core.histogram import Histogram
from brinell.core.sparse import merged, quantiles_ns
from brinell.core.steady_judgement import Drift, Steady
from brinell.core.thresholds import THRESHOLDS
from brinell.core.verdicts import Reason, Verdict

VARYING = {"ramp", "steps", "spike", "sine", "replay"}  # shapes whose rate changes by plan
WHY_NOT = "the rate changes by plan, so that there is no one steady state"
_SAY = {"rate": "the rate of answers", "median": "the median response time", "p95": "the p95 of the response times"}
_NAN = float("nan")


def steadiness(tally: Tally) -> steady.Answer | None:
    """Judge the seconds of the schedule; None where the rate changes by plan."""
    return None if tally.started.shape in VARYING else course(tally, range(int(tally.span_s)))


def course(tally: Tally, rows: range) -> steady.Answer:
    """Judge some seconds by themselves."""
    rate, median, p95 = np.zeros(len(rows)), np.full(len(rows), _NAN), np.full(len(rows), _NAN)
    for place, row in enumerate(rows):
        if (one := tally.seconds.get(row)) is not None:
            rate[place] = one.completed
            found = quantiles_ns(merged(one.parts), (0.5, 0.95), one.max_ns)
            median[place], p95[place] = (_NAN if value is None else value / 1e6 for value in found)
    return steady.judge(rate, median, p95)


def numbers(tally: Tally, answer: steady.Answer, *, judged: bool) -> Steady:
    """Return the judgement's part, with the numbers of the steady seconds."""
    begin, end = answer.begin, int(tally.span_s)
    histogram = Histogram()
    completed = errors = 0
    for second, one in tally.seconds.items():
        if begin is not None and begin <= second < end:
            completed += one.completed
            errors += one.errors
            for indices, counts in one.parts:
                histogram.add_sparse((indices, counts), one.max_ns)  # type: ignore[arg-type]  # arrays do as they are
    return Steady(
        answer=answer.kind,
        why=words(answer, end),
        longer_s=answer.longer_s,
        from_s=None if begin is None else float(begin),
        to_s=None if begin is None else float(end),
        achieved_rate=None if begin is None else completed / (end - begin),
        requests=histogram.count,
        errors=errors,
        response_ms=msgspec.structs.asdict(distribution(histogram)),
        drifts=tuple(_drift(name, one) for name, one in answer.changes.items()),
        judged=judged,
    )


def words(answer: steady.Answer, seconds: int) -> str:
    """Say what was found, in a line."""
    longer = f"run it for {answer.longer_s:.0f} s or more" if answer.longer_s else ""
    what = _SAY.get(answer.worst, "what was measured")
    match answer.kind:
        case "steady" if not answer.begin:
            return f"steady from the start, for {seconds} s"
        case "steady":
            return f"a warm-up of {answer.begin} s, then steady for {seconds - (answer.begin or 0)} s"
        case "moving":
            moved = _drift(answer.worst, answer.changes[answer.worst]).change
            return f"not steady: {what} still changed by {moved * 100:+.0f} % in the second half; {longer}"
        case "growing":
            return (
                "not steady: response times rose to the end; more is asked than the subject can do, or it slows down "
                "with time, and a longer run will not help"
            )
        case "too-short":
            return f"too short, at {seconds} s, to tell a warm-up from a steady state; {longer}"
        case _:
            longer = (
                longer
                or f"{steady.MOST_LONGER:.0f} times as long would not tell either, so what makes it so noisy has to go"
            )
            return f"too noisy to tell: the run could hide a change of {what} by {_hidden(answer)}; {longer}"


def finding(
    scenario: str, answer: steady.Answer, tally: Tally, cited: tuple[str, ...], *, matters: bool
) -> list[Finding]:
    """Advice. Nothing of runs that are too short, which most are for other reasons than this; nor of those that are
    too noisy to tell, where nothing hangs on it (``matters``): on a crowded machine most are, and to run longer than
    whoever asked needs is no advice.
    """
    if answer.kind == "too-short" or (answer.kind == "unclear" and not matters):
        return []
    verdict = {"steady": Verdict.PASS, "growing": Verdict.FAIL}.get(answer.kind, Verdict.UNKNOWN)
    return [
        Finding(
            id=f"load.{scenario}.steady",
            check=CHECK,
            required=False,
            verdict=verdict,
            reason=Reason.INCONCLUSIVE if verdict is Verdict.UNKNOWN else None,
            title=f"{scenario}: {words(answer, int(tally.span_s))}",
            detail="" if verdict is Verdict.PASS else _changes(answer),
            evidence=cited,
        )
    ]


def part(evidence: Evidence, step: str, tally: Tally, seconds: Sequence[int]) -> Tally:
    """Return a tally of these seconds (ascending) alone, as if the schedule had been these."""
    chosen, start_ns = frozenset(seconds), tally.started.start_ns
    found = tally_of(evidence, step, chosen)
    found.vitals = [one for one in tally.vitals if (one.at_ns - start_ns) // 1_000_000_000 in chosen]
    completed = sum(one.completed for one in found.seconds.values())
    if tally.ended is not None:
        found.ended = msgspec.structs.replace(
            tally.ended, span_s=float(len(chosen)), completed_in_span=completed, sent_in_span=None
        )
        found.ended_id = tally.ended_id
    return found


def unsteady(name: str, limit: float, ruling: Ruling, answer: steady.Answer, tally: Tally) -> Ruling:
    """What a threshold's ruling on the whole run is worth where it was to be judged on a steady part there is not.

    Where response times rose to the end, a failure stays one: it would only become worse. Where it was too noisy to
    tell, a pass stays one if it still were with the largest change that could hide.
    """
    fails_anyway = answer.kind == "growing" and ruling.verdict is Verdict.FAIL
    passes_anyway = (
        answer.kind == "unclear" and ruling.verdict is Verdict.PASS and _has_room(name, limit, ruling, answer)
    )
    if fails_anyway or passes_anyway or ruling.reason is Reason.INVALID:
        return ruling
    return Ruling(ruling.observed, Verdict.UNKNOWN, Reason.INCONCLUSIVE, words(answer, int(tally.span_s)))


def could_turn(answer: steady.Answer, limits: Mapping[str, float], rulings: Mapping[str, Ruling]) -> bool:
    """Whether the largest change that could hide in the noise would turn a threshold that passes."""
    return any(
        one.verdict is Verdict.PASS and not _has_room(name, limits[name], one, answer) for name, one in rulings.items()
    )


def _has_room(name: str, limit: float, ruling: Ruling, answer: steady.Answer) -> bool:
    """Whether a threshold that is met would be with the largest change that could hide in the noise."""
    metric = THRESHOLDS[name]
    if metric.what in {"error_rate", "memory"}:
        return ruling.observed is not None and 2 * ruling.observed <= limit  # were it all in the second half
    series = ("rate",) if metric.what == "rate" else ("median", "p95")
    hidden = [_most(_drift(one, answer.changes[one])) for one in series if one in answer.changes]
    if ruling.observed is None or not hidden:
        return False
    if metric.what == "rate":
        return ruling.observed * (1 - max(hidden)) >= limit
    return ruling.observed * (1 + max(hidden)) <= limit


def _most(drift: Drift) -> float:
    return max(abs(drift.low), abs(drift.high))


def _drift(name: str, one: steady.Change) -> Drift:
    """The logarithmic series have their change as a logarithm."""
    change, low, high = (one.change, one.low, one.high) if name == "rate" else map(math.expm1, one[:3])
    return Drift(series=name, change=change, low=low, high=high)


def _hidden(answer: steady.Answer) -> str:
    if answer.worst not in answer.changes:
        return "any size"
    drift = _drift(answer.worst, answer.changes[answer.worst])
    most = _most(drift)
    return f"{most * 100:.0f} %" if most < 10 else "more than ten times"


def _changes(answer: steady.Answer) -> str:
    """Each series' change with its interval."""
    told = []
    for name, one in answer.changes.items():
        drift = _drift(name, one)
        low, high = f"{drift.low * 100:+.0f}", f"{drift.high * 100:+.0f}"
        told.append(f"{_SAY[name]} {drift.change * 100:+.0f} % (95 %: {low} to {high})")
    return f"From the beginning to the end of what was looked at: {'; '.join(told)}." if told else ""
