"""Did everything that was asked for happen? One required finding per step that did not end by itself."""

from __future__ import annotations

from brinell.core.evidence import Evidence, observation_id
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.observation import Envelope, RunEnded, ServiceEnded, StepFinished, StepStarted
from brinell.core.plan import Step
from brinell.core.verdicts import Exit, Owner, Reason, Verdict

CHECK = "steps"


def steps(evidence: Evidence) -> Part:
    """Report failed, interrupted and missing steps, and a service that went away by itself."""
    last: dict[str, Envelope] = {}
    broken, working = "", False
    findings: list[Finding] = []
    outside: list[Finding] = []  # of no step's last attempt: void once the run goes on and does its step again
    for envelope in evidence.envelopes(StepStarted, StepFinished, ServiceEnded, RunEnded):
        match envelope.data:
            case StepStarted(step=name):
                last[name] = envelope
                broken, working = "", True
                outside.clear()
            case StepFinished(step=name):
                last[name] = envelope
                working = False
            case ServiceEnded(asked=False):
                (findings if working else outside).append(_service_died(envelope, envelope.data))
            case RunEnded(state="failed", detail=detail, exit_code=code):
                broken = detail
                outside.append(_run_failed(envelope, detail, code))
    findings += outside
    for step in evidence.plan.steps:
        finding = _step(step, last.get(step.id), broken)
        if finding:
            findings.append(finding)
    return Part(findings=tuple(findings))


def _step(step: Step, last: Envelope | None, broken: str) -> Finding | None:
    match last.data if last else None:
        case StepFinished(state="done"):
            return None
        case StepFinished(state="failed", detail=detail) if not broken:
            return _finding(step, last, Verdict.FAIL, f"{step.id} could not be done", detail)
        case StepFinished(state="failed"):
            return _finding(step, last, Verdict.UNKNOWN, f"{step.id} could not be done", broken)
        case None:
            title = f"{step.id} did not run"
            return _finding(step, last, Verdict.UNKNOWN, title, broken or "the run ended before it")
        case StepFinished(detail=detail):
            title = f"{step.id} was interrupted"
            return _finding(step, last, Verdict.UNKNOWN, title, detail or "what was measured until then is judged")
        case _:
            title = f"{step.id} was cut off: the tool was killed"
            return _finding(step, last, Verdict.UNKNOWN, title, "brinell run --resume RUN does the step again")


def _finding(step: Step, last: Envelope | None, verdict: Verdict, title: str, detail: str) -> Finding:
    return Finding(
        id=f"step.{step.id}",
        check=CHECK,
        # A bug that could not be reproduced says so itself; the step is a convenience and proves nothing more.
        required=step.trial != "reproduce",
        verdict=verdict,
        reason=_why_unknown(last) if verdict is Verdict.UNKNOWN else None,
        title=title,
        detail=detail,
        evidence=(observation_id(last),) if last else (),
    )


def _why_unknown(last: Envelope | None) -> Reason:
    """A step that began and was cut short showed something, but too little; one that could not begin showed nothing."""
    match last.data if last else None:
        case StepStarted() | StepFinished(state="interrupted"):
            return Reason.INCONCLUSIVE
        case _:
            return Reason.NOT_EXERCISED


def _run_failed(envelope: Envelope, detail: str, code: int) -> Finding:
    ours = code == Exit.INTERNAL
    return Finding(
        id="run.failed",
        check=CHECK,
        required=True,
        verdict=Verdict.UNKNOWN,
        reason=Reason.CRASHED if ours else Reason.NOT_EXERCISED,
        title="the run ended early by a bug in Brinell" if ours else "the run ended early",
        detail=detail,
        evidence=(observation_id(envelope),),
    )


def _service_died(envelope: Envelope, ended: ServiceEnded) -> Finding:
    if ended.ending:
        return Finding(
            id=f"service.ended.{envelope.seq}",
            check=CHECK,
            required=True,
            verdict=Verdict.UNKNOWN,
            reason=Reason.INVALID,
            title=ended.unasked,
            detail="This says nothing about the service: what was measured after it does not count. Run it again.",
            evidence=(observation_id(envelope),),
        )
    how = "is gone" if ended.exit_status is None else f"ended with status {ended.exit_status}"
    return Finding(
        id=f"service.died.{envelope.seq}",
        check=CHECK,
        required=True,
        verdict=Verdict.FAIL,
        owner=Owner.PRODUCT,
        title=f"the service {how} while it was being examined",
        detail="\n".join(ended.log_tail),
        evidence=(observation_id(envelope),),
    )
