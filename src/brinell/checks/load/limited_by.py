"""Why a scenario missed what was asked of it: the subject's vitals while it fell behind, beside those from before."""

from __future__ import annotations

from typing import NamedTuple

from brinell.checks.load.generator import Trust
from brinell.checks.load.limits import CHECK, Ruling
from brinell.checks.load.tally import Tally
from brinell.core.finding import Finding
from brinell.core.load_judgement import Timeline
from brinell.core.reasons import explain
from brinell.core.thresholds import THRESHOLDS
from brinell.core.verdicts import Reason, Verdict
from brinell.core.vitals_judgement import LimitedBy
from brinell.core.vitals_window import Span

KEPT_UP = 0.97  # of the rate that was asked for
ANSWERED = 0.9  # of what fell due in a second
FAILED = 0.05  # share of a second's requests
WELL_BELOW = 0.7  # of the rate at the knee
LEAST_S = 3  # of a stretch that is looked at
_NOT_THE_SUBJECTS = {"machine", "generator"}
_SHARES = {0.5: "p50_ms", 0.95: "p95_ms", 0.99: "p99_ms"}


class Why(NamedTuple):
    """The reason, as a finding as well, and why there is none."""

    limited_by: LimitedBy | None
    findings: list[Finding]
    not_measured: dict[str, str]


def why(scenario: str, tally: Tally, limits: dict[str, float], rulings: dict[str, Ruling], trust: Trust) -> Why:
    """Say what limited the subject, where a limit was missed or requests waited; nothing else needs a reason."""
    timeline = tally.course.timeline()
    if timeline is None or not tally.looks or not _broke(tally, rulings):
        return Why(None, [], {})
    knee, below = stretches(timeline, limits)
    if knee is None:
        knee = (0, max(1, int(tally.span_s)))
    start_ns = tally.started.start_ns
    found = explain(
        tally.looks,
        _span(start_ns, knee),
        None if below is None else _span(start_ns, below),
        start_ns=start_ns,
        # No generator is so late that nothing at all is answered.
        generator="" if trust.valid or not tally.completed else trust.reason,
        broke=True,
    )
    if found.limited_by is None:
        reason = found.not_measured.get("limited_by", "nothing shows it")
        return Why(None, [], {f"load.{scenario}.limited_by": reason})
    return Why(found.limited_by, [_finding(scenario, found.limited_by, tally)], {})


def _broke(tally: Tally, rulings: dict[str, Ruling]) -> bool:
    if any(ruling.verdict is Verdict.FAIL for ruling in rulings.values()):
        return True
    target, achieved = tally.started.target_rate, tally.achieved_rate
    if target and achieved is not None and achieved < KEPT_UP * target and tally.requests:
        return True
    return sum(tally.errors.values()) > FAILED * max(1, tally.requests)


def stretches(timeline: Timeline, limits: dict[str, float]) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return (from, to) in seconds of the longest time in which the subject was behind, and of one well below it.

    Behind: requests waited for a connection, failed, were not answered as they fell due, or took longer than a stated
    limit. Well below: seconds before it that were fine, at 0.7 of its rate or less.
    """
    behind = [_is_behind(timeline, row, limits) for row in range(len(timeline.t_s))]
    best, begin = range(0), None
    for row in range(len(behind) + 1):
        if row < len(behind) and behind[row]:
            begin = row if begin is None else begin
        elif begin is not None:
            best = range(begin, row) if row - begin > len(best) else best
            begin = None
    if not best:
        return None, None
    rate = max((timeline.due_rate[row] or timeline.rate[row] for row in best), default=0.0)
    calm = [
        row
        for row in range(best.start)
        if not behind[row] and timeline.requests[row] and (timeline.due_rate[row] or 0.0) <= WELL_BELOW * rate
    ]
    step = timeline.step_s
    knee = (timeline.t_s[best.start], timeline.t_s[best.stop - 1] + step)
    if not calm or (calm[-1] - calm[0] + 1) * step < LEAST_S:
        return knee, None
    return knee, (timeline.t_s[calm[0]], timeline.t_s[calm[-1]] + step)


def _is_behind(timeline: Timeline, row: int, limits: dict[str, float]) -> bool:
    requests = timeline.requests[row]
    if (timeline.waiting[row] or 0) > 0:
        return True
    if requests and sum(counts[row] for counts in timeline.errors.values()) > FAILED * requests:
        return True
    due = timeline.due_rate[row]
    if due is not None and due >= 1 and timeline.rate[row] < ANSWERED * due - 1:
        return True
    return any(_is_above(timeline, row, name, limit) for name, limit in limits.items())


def _is_above(timeline: Timeline, row: int, name: str, limit: float) -> bool:
    """Whether a second's own percentile is above a limit of that percentile, or of one below it."""
    metric = THRESHOLDS[name]
    if metric.clock not in {"response", "service"} or metric.what != "quantile":
        return False
    column = next((column for share, column in _SHARES.items() if share >= (metric.share or 0.0)), "p99_ms")
    value = getattr(timeline, column)[row]
    return value is not None and value > limit


def _span(start_ns: int, seconds: tuple[int, int]) -> Span:
    begin, end = seconds
    return Span(start_ns + begin * 1_000_000_000, start_ns + max(end, begin + LEAST_S) * 1_000_000_000)


def _finding(scenario: str, found: LimitedBy, tally: Tally) -> Finding:
    at = "" if found.at_s is None else f"From second {found.at_s:g} on: "
    also = f" Also at its limit: {'; '.join(found.also)}." if found.also else ""
    is_subject = found.kind not in _NOT_THE_SUBJECTS
    return Finding(
        id=f"load.{scenario}.limited_by",
        check=CHECK,
        required=False,
        verdict=Verdict.FAIL if is_subject else Verdict.UNKNOWN,
        reason=None if is_subject else Reason.INVALID,
        title=f"{scenario}: limited by: {found.title}",
        detail=f"{at}{'; '.join(found.evidence)}.{also} {found.fix}",
        evidence=tuple(one for one in (tally.started_id, tally.ended_id) if one),
    )
