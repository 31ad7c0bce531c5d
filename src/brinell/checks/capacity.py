"""The breaking point: what the search found, whether it proved it, and whether that is as much as was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from brinell.checks.capacity_knee import Point, knee
from brinell.core.capacity_failures import failed
from brinell.core.capacity_judgement import Capacity, CapacityLimit
from brinell.core.capacity_levels import levels
from brinell.core.capacity_records import CapacityEnded, CapacityStarted, CapacityStep
from brinell.core.capacity_search import ENDINGS, GONE, INVALID, RATE, Bracket, Search, Tried, ahead, bracket
from brinell.core.capacity_words import STAYING, level_words, unit
from brinell.core.evidence import Evidence, observation_id, steps_of
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.reasons import Explanation, explain
from brinell.core.sequential import BROKEN, HELD
from brinell.core.verdicts import Reason, Verdict
from brinell.core.vitals_records import ProbeLook, ProbeSilent, StacksSeen, VitalsDetail, VitalsEntry
from brinell.core.vitals_window import Span

CHECK = "capacity"
BELOW = 0.6  # of the level that broke: what is at its limit there already explains nothing
_VITALS = (VitalsDetail, ProbeLook, StacksSeen, ProbeSilent)
_PROVED = {"found", "limit", "nothing"}
_WHY = {
    **ENDINGS,
    "": "the search was cut off",
}


@dataclass
class _Seen:
    """What one search wrote down."""

    started: CapacityStarted
    started_id: str
    steps: list[tuple[str, CapacityStep]] = field(default_factory=list)
    ended: CapacityEnded | None = None
    vitals: list[VitalsEntry] = field(default_factory=list)


def capacity(evidence: Evidence) -> Part:
    """Judge every search of the plan."""
    seen = _seen(evidence)
    findings: list[Finding] = []
    numbers: list[Capacity] = []
    not_measured: dict[str, str] = {}
    for step in steps_of(evidence, "capacity"):
        one = seen.get(step.id)
        if one is None or not one.steps:
            findings.append(_never(step.id.partition(":")[2]))
            continue
        found = _numbers(one)
        numbers.append(found)
        findings += _findings(one, found)
        not_measured |= _not_measured(found)
    return Part(findings=tuple(findings), capacity=tuple(numbers) if findings else None, not_measured=not_measured)


def _seen(evidence: Evidence) -> dict[str, _Seen]:
    found: dict[str, _Seen] = {}
    for envelope in evidence.envelopes(CapacityStarted, CapacityStep, CapacityEnded, *_VITALS):
        match envelope.data:
            case CapacityStarted() as started:
                found[envelope.source] = _Seen(started, observation_id(envelope))
            case CapacityStep() as step if envelope.source in found:
                found[envelope.source].steps.append((observation_id(envelope), step))
            case CapacityEnded() as ended if envelope.source in found:
                found[envelope.source].ended = ended
            case VitalsDetail() | ProbeLook() | StacksSeen() | ProbeSilent() as look if envelope.source in found:
                found[envelope.source].vitals.append(look)
    return found


def _numbers(one: _Seen) -> Capacity:
    started, steps = one.started, [step for _, step in one.steps]
    found = bracket(_tried(steps))
    points = [Point(s.level, s.achieved, s.mean_ns) for s in steps if s.verdict != INVALID and s.mean_ns is not None]
    why = _explained(one, found)
    measure = unit(started.quantity, steps[-1].of)
    return Capacity(
        name=started.name,
        quantity=started.quantity,
        unit=measure,
        url=started.url,
        low=found.low,
        high=found.high,
        confirmed=found.confirmed,
        knee=knee(points),
        limited_by=why.limited_by,
        limited_by_reason="" if why.limited_by else why.not_measured.get("limited_by", ""),
        thresholds={
            name: CapacityLimit(limit=limit, stated=name in started.stated) for name, limit in started.limits.items()
        },
        at_least=started.at_least,
        tolerance=started.tolerance,
        ended=one.ended.why if one.ended else "",
        reason=_reason(one, found, measure),
        steps=levels(one.steps, [look for look in one.vitals if isinstance(look, VitalsDetail)]),
        took_s=sum(step.took_s for step in steps),
        from_below=found.from_below,
    )


def _reason(one: _Seen, found: Bracket, measure: str) -> str:
    """Say how the search came to its end, and what a subject that remembers an overload can do without one."""
    told = _WHY.get(one.ended.why if one.ended else "", "the search ended")
    if one.ended is not None and one.ended.why == GONE and one.ended.detail:
        told += f": {one.ended.detail}"
    told += _more(one) if one.ended is not None and one.ended.why == "budget" else ""
    if found.from_below is None:
        return told
    return f"{told}; {level_words(found.from_below, measure)} held only as long as nothing had broken just before"


def _more(one: _Seen) -> str:
    """Say how much more time the search would have taken, as far as that can be told."""
    started, steps = one.started, [step for _, step in one.steps]
    plan = Search(
        started.quantity, started.start, started.limit, started.tolerance, started.budget_s, at_least=started.at_least
    )
    left = ahead(plan, _tried(steps))
    if left is None or not sum(left):
        return ""
    mean_s = sum(step.took_s for step in steps) / len(steps)
    return f"; about {sum(left)} more steps would take {sum(left) * mean_s:.0f} s (--budget, budget_s)"


def _tried(steps: Sequence[CapacityStep]) -> list[Tried]:
    return [Tried(step.level, step.verdict, step.took_s) for step in steps]


def _explained(one: _Seen, found: Bracket) -> Explanation:
    """Say what limited the subject: in the step that broke, and not in one well below it."""
    steps = [step for _, step in one.steps]
    if found.high is None:
        doubtful = [step for step in steps if step.verdict == INVALID]
        if not doubtful:
            return Explanation(limited_by=None, not_measured={"limited_by": "nothing broke"})
        return explain(one.vitals, _span(doubtful[-1]), start_ns=steps[0].started_ns, generator=doubtful[-1].why)
    broke = [step for step in steps if step.level == found.high and step.verdict == BROKEN]
    if not broke:
        return Explanation(limited_by=None, not_measured={"limited_by": "no step at the level that broke was believed"})
    longest = max(broke, key=lambda step: step.seconds)
    below = [step for step in steps if step.verdict == HELD and step.level <= BELOW * found.high]
    well = max(below, key=lambda step: step.level) if below else None
    staying = one.started.quantity != RATE and longest.of in STAYING
    stay = found.high / max(1.0, well.level if well else 1.0) if staying else None
    return explain(
        one.vitals,
        _span(longest),
        None if well is None else _span(well),
        start_ns=steps[0].started_ns,
        broke=True,
        failed=failed(broke),
        stay=stay,
    )


def _span(step: CapacityStep) -> Span:
    return Span(step.started_ns, step.ended_ns)


def _findings(one: _Seen, found: Capacity) -> list[Finding]:
    cited = (one.started_id, *(identity for identity, step in one.steps if step.level in {found.low, found.high}))[:10]
    detail = _detail(found)
    verdict, reason = _verdict(found)
    findings = [
        Finding(
            id=f"capacity.{found.name}",
            check=CHECK,
            required=True,
            verdict=verdict,
            reason=reason,
            title=f"{found.name}: {found.answer}",
            detail=detail,
            evidence=cited,
        )
    ]
    if found.at_least is not None:
        findings.append(_enough(found, cited))
    return findings


def _verdict(found: Capacity) -> tuple[Verdict, Reason | None]:
    """A number that was found is a pass, whatever it is: nobody said how much it has to be."""
    if found.ended in _PROVED and (found.confirmed or found.ended == "nothing"):
        if found.ended == "nothing":
            return Verdict.FAIL, None
        return Verdict.PASS, None
    return Verdict.UNKNOWN, _why_unknown(found)


def _why_unknown(found: Capacity) -> Reason:
    return Reason.INVALID if found.ended == "generator" else Reason.INCONCLUSIVE


def _enough(found: Capacity, cited: tuple[str, ...]) -> Finding:
    wanted = found.at_least or 0.0
    verdict, reason = Verdict.UNKNOWN, _why_unknown(found)
    if found.low >= wanted and found.confirmed:
        verdict = Verdict.PASS
    elif found.high is not None and found.high <= wanted and found.ended in _PROVED:
        verdict = Verdict.FAIL
    return Finding(
        id=f"capacity.{found.name}.at_least",
        check=CHECK,
        required=True,
        verdict=verdict,
        reason=reason if verdict is Verdict.UNKNOWN else None,
        title=f"{found.name}: asked for at least {found.level_words(wanted)}, {found.answer}",
        detail=_detail(found),
        evidence=cited,
    )


def _detail(found: Capacity) -> str:
    steps = "1 step" if len(found.steps) == 1 else f"{len(found.steps)} steps"
    told = f"With {found.limits}; {steps} in {found.took_s:.0f} s: {found.reason}."
    if found.low > 0 and not found.confirmed:
        told += f" {found.level_words(found.low)} was not confirmed."
    broke = next((one for one in reversed(found.steps) if one.level == found.high and one.verdict != HELD), None)
    if broke is not None and broke.why:
        told += f" What broke: {broke.why}{f' ({broke.detail})' if broke.detail else ''}."
    doubtful = [one for one in found.steps if one.verdict == INVALID]
    if found.ended == "generator" and doubtful:
        told += f" {doubtful[-1].why}"
    return told


def _never(name: str) -> Finding:
    return Finding(
        id=f"capacity.{name}",
        check=CHECK,
        required=True,
        verdict=Verdict.UNKNOWN,
        reason=Reason.NOT_EXERCISED,
        title=f"{name}: not one step of the search was finished",
    )


def _not_measured(found: Capacity) -> dict[str, str]:
    path = f"capacity.{found.name}"
    told = {f"{path}.limited_by": found.limited_by_reason} if found.limited_by is None else {}
    if found.high is None:
        told[f"{path}.high"] = found.reason
    if found.knee is None:
        told[f"{path}.knee"] = "throughput and response time did not bend between the levels that were tried"
    return told
