"""Drills: each has its own rules; here their verdicts become entries and findings. One required finding a drill."""

from __future__ import annotations

from collections.abc import Callable

from brinell.checks.drills.drain import drain
from brinell.checks.drills.lifecycle import lifecycle
from brinell.checks.drills.race import race
from brinell.checks.drills.ruling import Ruled, unknown
from brinell.checks.drills.seen import Seen, gather
from brinell.checks.drills.slow_client import slow_client
from brinell.checks.drills.spike import spike
from brinell.checks.drills.storm import storm
from brinell.core.drill_judgement import Drill, DrillInstant, DrillRule, ReturnCourse
from brinell.core.evidence import Evidence, steps_of
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.plan import DrillSpec
from brinell.core.verdicts import Reason, Verdict, worst

CHECK = "drills"
JUDGES: dict[str, Callable[[Seen], Ruled]] = {
    "drain": drain,
    "lifecycle": lifecycle,
    "race": race,
    "spike": spike,
    "slow-client": slow_client,
    "storm": storm,
}
_ORDER = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)


def drills(evidence: Evidence) -> Part:
    """Judge every drill of the plan. One that never began is unknown: not-exercised."""
    specs = {step.id: step.spec for step in steps_of(evidence, "drill") if isinstance(step.spec, DrillSpec)}
    found: list[Drill] = []
    findings: list[Finding] = []
    not_measured: dict[str, str] = {}
    for seen in gather(evidence, specs).values():
        judged, missing = _judged(seen)
        found.append(judged)
        findings.append(_finding(judged, seen))
        not_measured |= {f"drills.{judged.name}.{key}": why for key, why in missing.items()}
    return Part(findings=tuple(findings), drills=tuple(found) if found else None, not_measured=not_measured)


def _judged(seen: Seen) -> tuple[Drill, dict[str, str]]:
    spec = seen.spec
    if seen.started is None:
        said = f"it never began{f': {seen.why}' if seen.why else ''}"
        ruled = Ruled({}, [unknown("began", Reason.NOT_EXERCISED, said)], said)
    elif seen.ended is None:
        said = f"it was cut off{f': {seen.why}' if seen.why else ''}"
        ruled = Ruled({}, [unknown("ended", Reason.INCONCLUSIVE, said)], said)
    else:
        ruled = JUDGES[spec.drill](seen)
        if seen.ended.interrupted:
            ruled.rules.append(unknown("ended", Reason.INCONCLUSIVE, "it did not run to its end"))
    rules = sorted(ruled.rules, key=lambda rule: (not rule.required, _ORDER.index(rule.verdict)))
    verdict = worst(rule.verdict for rule in rules if rule.required)
    reasons = [rule.reason for rule in rules if rule.required and rule.reason is not None]
    reason = (reasons or [Reason.INCONCLUSIVE])[0] if verdict is Verdict.UNKNOWN else None
    judged = Drill(
        drill=spec.drill,
        name=spec.name,
        measured=ruled.measured,
        verdict=verdict,
        reason=reason,
        title=ruled.title,
        rules=tuple(rules),
        instants=_instants(seen),
        examples=ruled.examples,
        url=seen.started.url if seen.started else "",
        timeline=seen.tally.course.timeline() if seen.tally else None,
        returned=_returned(seen),
    )
    return judged, ruled.not_measured


def _returned(seen: Seen) -> ReturnCourse | None:
    """Return how a crowd came back; None of other drills, and of runs that did not tell."""
    told = seen.numbers
    back, attempts = told.get("back_course"), told.get("attempts_course")
    if not back or not attempts:
        return None
    return ReturnCourse(
        back=tuple((float(at_s), int(number)) for at_s, number in back),
        attempts=tuple((float(at_s), int(number)) for at_s, number in attempts),
        wanted=int(told["wanted"]),
    )


def _instants(seen: Seen) -> tuple[DrillInstant, ...]:
    if seen.started is None:
        return ()
    begin_ns = seen.tally.started.start_ns if seen.tally else seen.started.at_ns
    return tuple(
        DrillInstant(at_s=round((mark.at_ns - begin_ns) / 1e9, 4), what=mark.what, detail=mark.detail)
        for mark in seen.marks
    )


def _finding(judged: Drill, seen: Seen) -> Finding:
    worst_rule = judged.rules[0]  # in order: of what is required, what failed comes first
    title = judged.title if judged.verdict is Verdict.PASS else worst_rule.says
    return Finding(
        id=f"drill.{judged.name}",
        check=CHECK,
        required=True,
        verdict=judged.verdict,
        reason=judged.reason,
        title=f"{judged.name}: {title}",
        detail="\n".join([*(_line(rule) for rule in judged.rules if rule.says != title), *judged.examples]),
        evidence=tuple(seen.cited),
    )


def _line(rule: DrillRule) -> str:
    words = rule.verdict if rule.reason is None else f"{rule.verdict} ({rule.reason})"
    return f"{words}{'' if rule.required else ', advisory'}: {rule.says}"
