"""Load scenarios: the generator first, then the stated thresholds, then what nobody asked for but should know."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from brinell.checks.load import crowd, crowded, each, limited_by, sessions, stages, steadiness, surroundings
from brinell.checks.load.calls import stalls
from brinell.checks.load.generator import Trust, trust
from brinell.checks.load.limits import CHECK, Ruling, finding
from brinell.checks.load.numbers import load_of
from brinell.checks.load.tally import Tally, tallies
from brinell.checks.load.words import short
from brinell.core import outcomes
from brinell.core.evidence import Evidence, steps_of
from brinell.core.finding import Finding
from brinell.core.judgement import Load, Part
from brinell.core.plan import LoadSpec
from brinell.core.thresholds import THRESHOLDS
from brinell.core.verdicts import Reason, Verdict
from brinell.core.vitals_records import ProbeLook

ERROR_SHARE = 0.01  # above it an advisory finding, where no error_rate was stated
FAILED = 0.5  # share of failed requests above which a scenario did not run, unless a higher error_rate was stated
CROWDED = 0.5  # share of worker-seconds in which requests waited for a connection
STEADY = 1.5  # median service time below this multiple of the quickest: the subject did not slow down under the crowd
# How long a request takes that is served alone, the first few tell. Of a subject that is full from the first second on
# the quickest twentieth tells how long they take in its queue.
FIRST = 3
QUICK = 0.05


def load(evidence: Evidence) -> Part:
    """Judge every load scenario of the plan. A scenario that never began has only its thresholds, not exercised."""
    found = tallies(evidence)
    findings: list[Finding] = []
    numbers: list[Load] = []
    not_measured: dict[str, str] = {}
    for step in steps_of(evidence, "load"):
        spec = step.spec
        if not isinstance(spec, LoadSpec) or spec.websocket is not None:
            continue
        limits = {name: limit for name, limit in (evidence.slo or spec.thresholds).items() if name in THRESHOLDS}
        tally = found.get(step.id)
        if tally is None:
            findings += _never_began(spec.name, limits)
            continue
        told, judged, missing = scenario(evidence, step.id, spec, limits, tally)
        findings += told
        numbers.append(judged)
        not_measured |= missing
    return Part(findings=tuple(findings), load=tuple(numbers) if found or findings else None, not_measured=not_measured)


def scenario(
    evidence: Evidence, step: str, spec: LoadSpec, limits: dict[str, float], tally: Tally
) -> tuple[list[Finding], Load, dict[str, str]]:
    """Judge one scenario: its thresholds on the whole run or, where that was asked for, on its steady part. Return
    findings, numbers, and why what is None was not measured.
    """
    trusted, answer, parts = trust(tally, limits), steadiness.steadiness(tally), stages.stages(tally)
    if spec.version != "1.1":  # several answers come in one piece, and nobody stamps when
        trusted = trusted._replace(read_late=True)
    begin = None if answer is None else answer.begin
    judges_part = spec.steady and begin is not None
    seconds = range(begin if judges_part and begin is not None else 0, int(tally.span_s))
    seen = steadiness.part(evidence, step, tally, seconds) if judges_part else tally
    planned = each.planned(spec)
    raw = {name: each.ruling(name, limit, seen, trusted, planned) for name, limit in limits.items()}

    def again(name: str, some: Sequence[int]) -> Ruling:
        return each.ruling(name, limits[name], steadiness.part(evidence, step, tally, some), trusted, planned)

    failed = any(one.verdict is Verdict.FAIL for one in raw.values())
    rulings = crowded.judged(limits, raw, seen, crowd.crowd(tally, seconds) if failed else None, again)
    matters = spec.steady or (answer is not None and steadiness.could_turn(answer, limits, rulings))
    if spec.steady and answer is not None and begin is None:
        rulings = {name: steadiness.unsteady(name, limits[name], one, answer, tally) for name, one in rulings.items()}
    found = _findings(spec.name, limits, rulings, tally, trusted)
    cited = tuple(one for one in (tally.started_id, tally.ended_id) if one)
    if trusted.valid:
        found += stages.finding(spec.name, parts, limits, tally, cited)
        found += [] if answer is None else steadiness.finding(spec.name, answer, tally, cited, matters=matters)
    why = limited_by.why(spec.name, tally, limits, raw, trusted)
    found += why.findings
    if trusted.valid and why.limited_by is None:  # else it is known what set the rate
        found += _crowd(spec.name, tally, cited)
    numbers = msgspec.structs.replace(
        load_of(tally, trusted, limits, rulings),
        limited_by=why.limited_by,
        stages=parts,
        warm_up_s=None if begin is None else float(begin),
        steady=None if answer is None else steadiness.numbers(tally, answer, judged=seen is not tally),
    )
    missing = _not_measured(spec.name, tally) | why.not_measured
    if numbers.steady is not None and numbers.warm_up_s is None:
        missing[f"load.{spec.name}.warm_up_s"] = numbers.steady.why
    return found, numbers, missing


def _findings(
    scenario: str, limits: dict[str, float], rulings: dict[str, Ruling], tally: Tally, trusted: Trust
) -> list[Finding]:
    cited = tuple(one for one in (tally.started_id, tally.ended_id) if one)
    found = [_ran(scenario, limits, tally, trusted, cited), _generator(scenario, tally, trusted, cited)]
    found += [finding(scenario, name, limit, rulings[name], cited) for name, limit in limits.items()]
    if "error_rate" not in limits:
        found += _errors(scenario, tally)
    found += [*sessions.finding(scenario, tally), *surroundings.findings(scenario, tally, cited)]
    return found + _subject(scenario, tally) + stalls(scenario, CHECK, tally)


def _ran(scenario: str, limits: dict[str, float], tally: Tally, trusted: Trust, cited: tuple[str, ...]) -> Finding:
    """Did it run to its end, did anything answer, and did at least half of the requests succeed?"""
    verdict, reason, detail = Verdict.PASS, None, ""
    title = f"{scenario}: ran for {short(tally.span_s)} s, {tally.completed} of {tally.requests} requests were answered"
    if tally.requests and tally.errors.get(outcomes.OWN_FAULT) == tally.requests:
        verdict, reason, detail = Verdict.UNKNOWN, Reason.INVALID, trusted.reason
        title = f"{scenario}: not one of {tally.requests} requests reached the subject"
    elif tally.requests and not tally.completed:
        kind, count = next((kind, count) for kind, count in tally.errors.items() if kind != outcomes.OWN_FAULT)
        kept = [pair for outcome, pairs in tally.failed.items() if outcomes.kind(outcome) == kind for pair in pairs]
        said = next((one.detail for _, one in kept if one.detail), "")
        verdict, title = Verdict.FAIL, f"{scenario}: not one of {tally.requests} requests was answered"
        detail = f"{count} ended as {kind}{f': {said}' if said else ''}"
    elif trusted.valid and _mostly_failed(limits, tally):
        failed = sum(tally.errors.values())
        verdict = Verdict.FAIL
        title = f"{scenario}: {failed} of {tally.requests} requests failed, more than half of them"
        detail = _kinds(tally.errors)
    elif not tally.requests or tally.ended is None or tally.ended.interrupted:
        verdict, reason = Verdict.UNKNOWN, Reason.INCONCLUSIVE
        detail = f"{short(tally.span_s)} s of {short(tally.started.span_s)} s were run"
    return Finding(
        id=f"load.{scenario}.ran",
        check=CHECK,
        required=True,
        verdict=verdict,
        reason=reason,
        title=title,
        detail=detail,
        evidence=cited,
    )


def _mostly_failed(limits: dict[str, float], tally: Tally) -> bool:
    """Whether more requests failed than succeeded or, in an interrupted run, still could have.

    Who stated that more may fail has it so. A generator that is believed had no faults of its own among the errors.
    """
    share = max(FAILED, limits.get("error_rate", 0.0))
    return sum(tally.errors.values()) > share * tally.begun


def _kinds(errors: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in errors.items())


def _generator(scenario: str, tally: Tally, trusted: Trust, cited: tuple[str, ...]) -> Finding:
    share = "" if trusted.cpu is None else f"; the busiest worker used {trusted.cpu * 100:.0f} % of a core"
    if trusted.valid:
        verdict, reason, title = Verdict.PASS, None, f"{scenario}: the generator was not the limit{share}"
    else:
        verdict, reason, title = Verdict.UNKNOWN, Reason.INVALID, f"{scenario}: the generator was the limit{share}"
    return Finding(
        id=f"load.{scenario}.generator",
        check=CHECK,
        required=True,
        verdict=verdict,
        reason=reason,
        title=title,
        detail=trusted.reason,
        evidence=cited or (tally.started_id,),
    )


def _errors(scenario: str, tally: Tally) -> list[Finding]:
    """Nobody stated an error rate: say so where more than one request in a hundred failed. Those that failed on this
    side and never reached the subject are a rule's of the generator.
    """
    kinds = {kind: count for kind, count in tally.errors.items() if kind != outcomes.OWN_FAULT}
    failed = sum(kinds.values())
    if not tally.requests or failed <= ERROR_SHARE * tally.requests:
        return []
    return [
        Finding(
            id=f"load.{scenario}.errors",
            check=CHECK,
            required=False,
            verdict=Verdict.FAIL,
            title=f"{scenario}: {failed} of {tally.requests} requests failed",
            detail=f"{_kinds(kinds)}; to make it a requirement, state error_rate = {ERROR_SHARE}",
            evidence=tuple(
                identity
                for outcome, kept in tally.failed.items()
                if outcome != outcomes.OWN_FAULT
                for identity, _ in kept
            )[:10],
        )
    ]


def _subject(scenario: str, tally: Tally) -> list[Finding]:
    """The process that was named does not listen where the requests went: its numbers may be those of a bystander."""
    started = tally.started
    if not started.subject_others:
        return []
    watched = ", ".join(map(str, started.subject_pids))
    return [
        Finding(
            id=f"load.{scenario}.subject",
            check=CHECK,
            required=False,
            verdict=Verdict.FAIL,
            title=f"{scenario}: what was watched is process {watched}, and {', '.join(started.subject_others)} listens",
            detail="Neither is below the other: CPU and memory are the target's only if that one passes requests on to "
            "it. Without a pid, whoever listens is watched.",
            evidence=(tally.started_id,),
        )
    ]


def _crowd(scenario: str, tally: Tally, cited: tuple[str, ...]) -> list[Finding]:
    """Requests waited for a connection most of the time, and yet each was served as quickly as ever: the cap on
    connections may be what set the rate. That is the scenario's setting, so thresholds keep their verdicts; it is said.
    """
    rate = tally.started.peak_rate or tally.started.target_rate
    records = sum(len(rows) for rows in tally.workers.values())
    first = FIRST / max(FIRST / QUICK, tally.service.count)
    low, middle, mean = (*tally.service.quantiles_ns([first, 0.5]), tally.service.mean_ns())
    if rate is None or not records or low is None or middle is None or mean is None:
        return []
    if tally.waited_seconds < CROWDED * records or middle > STEADY * low:
        return []
    wanted = int(rate * mean / 1e9 * 1.3) + 1
    if wanted <= tally.started.connections:
        return []
    return [
        Finding(
            id=f"load.{scenario}.connections",
            check=CHECK,
            required=False,
            verdict=Verdict.UNKNOWN,
            reason=Reason.INCONCLUSIVE,
            title=f"{scenario}: all {tally.started.connections} connections were taken, each as quick as ever",
            detail=f"{rate:g}/s at {short(mean / 1e6)} ms each keeps about {rate * mean / 1e9:.0f} connections busy: "
            f"with connections = {wanted} the subject, not the cap, sets the rate",
            evidence=cited,
        )
    ]


def _never_began(scenario: str, limits: dict[str, float]) -> list[Finding]:
    ruling = Ruling(None, Verdict.UNKNOWN, Reason.NOT_EXERCISED, "the scenario never began")
    return [finding(scenario, name, limit, ruling, ()) for name, limit in limits.items()]


def _not_measured(scenario: str, tally: Tally) -> dict[str, str]:
    found = {}
    if not any(isinstance(one, ProbeLook) and one.lags_us for one in tally.looks):
        found[f"load.{scenario}.subject.loop_lag_ms"] = "the subject is watched from outside only"
    if not tally.vitals:
        why = tally.started.subject_reason or "the subject's process ended before it could be looked at"
        found[f"load.{scenario}.subject"] = why
    if tally.sent_rate is None:
        found[f"load.{scenario}.sent_rate"] = "the run was cut off, or made by a version that did not count it"
    if tally.started.shape in steadiness.VARYING:
        found |= dict.fromkeys((f"load.{scenario}.steady", f"load.{scenario}.warm_up_s"), steadiness.WHY_NOT)
    if tally.started.session_rate is not None:
        found[f"load.{scenario}.target_rate"] = "in a partly open model sessions have a rate, not requests"
    elif tally.started.target_rate is None:
        found[f"load.{scenario}.target_rate"] = "a closed model has no target rate: the subject sets it"
    return found
