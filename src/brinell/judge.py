"""Evidence to judgement: run the checks, let the worst required finding win, derive the exit code. Starts no process,
reads no clock: judging the same journal a year later gives the same bytes.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from brinell import __version__
from brinell.checks.suite_outcomes import CHECK as OUTCOMES
from brinell.core.evidence import Evidence, fingerprint
from brinell.core.finding import Finding
from brinell.core.judgement import SCHEMA, Bug, Judgement, Part, RunInfo
from brinell.core.observation import Epoch, RunEnded, StepFinished, StepStarted
from brinell.core.roles import Check, Later
from brinell.core.verdicts import Exit, Owner, Reason, Verdict, first_of, worst
from brinell.rosters.checks import CHECKS, LATER

T = TypeVar("T")

_NOT_IN_THIS_VERSION = (
    "soak",
    "recovery",
    "bench",
)


def judge(evidence: Evidence, checks: Mapping[str, Check] = CHECKS, later: Mapping[str, Later] = LATER) -> Judgement:
    """Return the judgement of a run. Never raises for what a check does: that becomes ``unknown: crashed``."""
    measured = [_safely(name, check, evidence) for name, check in checks.items()]
    parts = measured + [_safely(name, _after(check, measured), evidence) for name, check in later.items()]
    bugs = _only([part.bugs for part in parts]) or ()
    findings = _owned([finding for part in parts for finding in part.findings], bugs)
    findings += _damage(evidence)  # after the checks: they are the ones that read it all
    verdict = worst(finding.verdict for finding in findings if finding.required)
    not_measured = {path: why for part in parts for path, why in part.not_measured.items()}
    not_measured |= dict.fromkeys(_NOT_IN_THIS_VERSION, "no trial of this version measures it")
    return Judgement(
        schema=SCHEMA,
        run=_run_info(evidence, verdict, findings),
        verdict=verdict,
        findings=tuple(findings),
        suite=_only([part.suite for part in parts]),
        bugs=bugs,
        flaky=_only([part.flaky for part in parts]) or (),
        pollution=_only([part.pollution for part in parts]) or (),
        parallel_conflicts=_only([part.parallel_conflicts for part in parts]) or (),
        load=_only([part.load for part in parts]) or (),
        cache=_only([part.cache for part in parts]) or (),
        capacity=_only([part.capacity for part in parts]) or (),
        websocket=_only([part.websocket for part in parts]) or (),
        drills=_only([part.drills for part in parts]) or (),
        quality=_only([part.quality for part in parts]) or (),
        traffic=_only([part.traffic for part in parts]) or (),
        quality_summary=_only([part.quality_summary for part in parts]),
        property_tests=_only([part.property_tests for part in parts]) or (),
        property_summary=_only([part.property_summary for part in parts]),
        not_measured=dict(sorted(not_measured.items())),
    )


def _after(check: Later, measured: Sequence[Part]) -> Check:
    return lambda evidence: check(evidence, measured)


def _safely(name: str, check: Check, evidence: Evidence) -> Part:
    try:
        return check(evidence)
    except Exception as error:  # noqa: BLE001 - a crashing check must not hide what the others found
        where = traceback.extract_tb(error.__traceback__)[-1]
        finding = Finding(
            id=f"{name}.crashed",
            check=name,
            required=True,
            verdict=Verdict.UNKNOWN,
            reason=Reason.CRASHED,
            title=f"the check '{name}' crashed: what it judges is not known",
            detail=f"{type(error).__name__}: {error} ({where.name}, line {where.lineno}). This is a bug in Brinell.",
        )
        return Part(findings=(finding,))


def _damage(evidence: Evidence) -> list[Finding]:
    """A journal that lost lines proves nothing any more: what is missing may be the failure."""
    lines = getattr(evidence, "damaged", 0)  # only the evidence on disk can be damaged
    if not lines:
        return []
    return [
        Finding(
            id="journal.damaged",
            check="journal",
            required=True,
            verdict=Verdict.UNKNOWN,
            reason=Reason.INVALID,
            title=f"{lines} line{'s' if lines > 1 else ''} of the journal cannot be read",
            detail="The file was changed, or its disk lost something, after the run. What stood there is not judged: "
            "make the run again.",
        )
    ]


def _only(values: Iterable[T | None]) -> T | None:
    """Each field of the judgement is filled by one check; the first that has it wins."""
    return next((value for value in values if value is not None), None)


def _owned(findings: list[Finding], bugs: tuple[Bug, ...]) -> list[Finding]:
    """Give failed suite outcomes to infrastructure when every bug behind them is."""
    if not bugs or any(bug.owner is not Owner.INFRASTRUCTURE for bug in bugs):
        return findings
    return [
        msgspec.structs.replace(finding, owner=Owner.INFRASTRUCTURE)
        if finding.verdict is Verdict.FAIL and finding.check == OUTCOMES
        else finding
        for finding in findings
    ]


def _run_info(evidence: Evidence, verdict: Verdict, findings: list[Finding]) -> RunInfo:
    started, brinell, state, ended_with = "", __version__, "torn", Exit.PASS
    steps = {step.id: "not-run" for step in evidence.plan.steps}
    for envelope in evidence.envelopes(Epoch, RunEnded, StepStarted, StepFinished):
        match envelope.data:
            case Epoch(wall=wall, brinell=version):
                started, state, ended_with = started or wall, "torn", Exit.PASS
                brinell = version
            case RunEnded(state=ended, exit_code=code):
                state, ended_with = ended, code
            case StepStarted(step=step):
                steps[step] = "interrupted"
            case StepFinished(step=step, state=ended):
                steps[step] = ended
    return RunInfo(
        id=evidence.run_id,
        name=evidence.plan.name,
        started=started,
        duration_s=round(evidence.busy_s, 3),
        state=state,
        fingerprint=fingerprint(evidence),
        exit_code=_exit_code(verdict, findings, state, ended_with),
        brinell=brinell,
        plan_digest=evidence.plan.digest,
        steps=steps,
    )


def _exit_code(verdict: Verdict, findings: list[Finding], state: str, ended_with: Exit) -> Exit:
    """``ended_with`` is what the command ended with where an error ended the run, else ``PASS``."""
    failed = [finding for finding in findings if finding.required and finding.verdict is Verdict.FAIL]
    codes = [ended_with]
    if state == "interrupted":
        codes.append(Exit.INTERRUPTED)
    if failed:
        infrastructure = all(finding.owner is Owner.INFRASTRUCTURE for finding in failed)
        codes.append(Exit.INFRASTRUCTURE if infrastructure else Exit.FAIL)
    elif verdict is Verdict.UNKNOWN:
        codes.append(Exit.UNKNOWN)
    return first_of(codes)
