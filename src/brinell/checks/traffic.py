"""Traffic that a document described: which operations were exercised, and do answers keep to the document? Advisory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from brinell.core import outcomes
from brinell.core.evidence import Evidence, observation_id, steps_of
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.load_records import Exemplar, LoadSlice
from brinell.core.plan import LoadSpec
from brinell.core.traffic_judgement import Traffic
from brinell.core.traffic_records import AnswersJudged, LeftOut, TrafficRead
from brinell.core.verdicts import Reason, Verdict

CHECK = "traffic"
_TOLD = 20  # lines of a detail
_UNSEEN = 0.5  # share of answers not compared above which that they keep to the document is not said


@dataclass
class _Seen:
    """What one step's records say."""

    read: TrafficRead | None = None
    identity: str = ""
    answered: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    wrong: dict[str, int] = field(default_factory=dict)
    said: dict[str, tuple[str, str]] = field(default_factory=dict)  # operation: observation, what is wrong
    counts: list[int] = field(default_factory=lambda: [0, 0, 0])


def traffic(evidence: Evidence) -> Part:
    """Judge every scenario whose requests a document describes; the rest is left to the check of load."""
    seen = {step.id: _Seen() for step in steps_of(evidence, "load")}
    for envelope in evidence.envelopes(TrafficRead, LoadSlice, Exemplar, AnswersJudged):
        if envelope.source in seen:
            _add(seen[envelope.source], observation_id(envelope), envelope.data)
    found: list[Traffic] = []
    findings: list[Finding] = []
    for step in steps_of(evidence, "load"):
        one = seen[step.id]
        if isinstance(step.spec, LoadSpec) and one.read is not None:
            judged = _judged(step.spec.name, one, one.read)
            found.append(judged)
            findings += _findings(judged, one)
    return Part(findings=tuple(findings), traffic=tuple(found) or None)


def _add(seen: _Seen, identity: str, record: object) -> None:
    match record:
        case TrafficRead():
            seen.read, seen.identity = record, identity
        case LoadSlice(operation=operation, outcome=outcome, count=count):
            seen.sent.add(operation)
            if outcomes.completed(outcome):
                seen.answered.add(operation)
            if outcome == outcomes.CHECK:
                seen.wrong[operation] = seen.wrong.get(operation, 0) + count
        case Exemplar(operation=operation, outcome=outcomes.CHECK, detail=detail):
            seen.said.setdefault(operation, (identity, detail))
        case AnswersJudged(counts=counts):
            for several in counts.values():
                seen.counts = [old + new for old, new in zip(seen.counts, several, strict=True)]


def _judged(scenario: str, seen: _Seen, read: TrafficRead) -> Traffic:
    left = list(read.left)
    for operation in read.operations:
        if operation in seen.answered:
            continue
        if operation in seen.sent:
            why = "it was sent and never answered"
        elif operation in read.linked:
            why = "no answer before it gave what it needs"
        else:
            why = "the run ended before its turn came"
        left.append(LeftOut(operation, why))
    broken = {one.operation: one for one in read.broken}
    for operation, (_, said) in seen.said.items():
        broken.setdefault(operation, LeftOut(operation, said))
    looked, known, unseen = seen.counts
    return Traffic(
        scenario=scenario,
        form=read.form,
        source=read.source,
        title=read.title,
        version=read.version,
        exercised=tuple(one for one in read.operations if one in seen.answered),
        not_exercised=tuple(left),
        linked=tuple(one for one in read.linked if one in seen.answered),
        prepared=read.requests,
        tried=read.tried,
        refused=read.refused,
        judged=read.judged,
        broken=tuple(broken.values()),
        looked=looked,
        known=known,
        unseen=unseen,
    )


def _findings(judged: Traffic, seen: _Seen) -> list[Finding]:
    found = [_coverage(judged, seen.identity)]
    if judged.judged:
        found.append(_contract(judged, seen))
    if judged.refused:
        found.append(
            Finding(
                id=f"load.{judged.scenario}.refused",
                check=CHECK,
                required=False,
                verdict=Verdict.FAIL,
                title=f"{judged.scenario}: requests that the document allows are refused, "
                f"of {_operations(len(judged.refused))}",
                detail=_lines(judged.refused),
                evidence=(seen.identity,),
            )
        )
    return found


def _coverage(judged: Traffic, identity: str) -> Finding:
    of = len(judged.exercised) + len(judged.not_exercised)
    whole = not judged.not_exercised
    return Finding(
        id=f"load.{judged.scenario}.coverage",
        check=CHECK,
        required=False,
        verdict=Verdict.PASS if whole else Verdict.UNKNOWN,
        reason=None if whole else Reason.NOT_EXERCISED,
        title=f"{judged.scenario}: {len(judged.exercised)} of {_operations(of)} exercised",
        detail=_lines(judged.not_exercised),
        evidence=(identity,),
    )


def _contract(judged: Traffic, seen: _Seen) -> Finding:
    total = judged.looked + judged.known + judged.unseen
    verdict, reason = Verdict.PASS, None
    title = f"{judged.scenario}: answers are what the document says"
    detail = ""
    if judged.broken or seen.wrong:
        verdict = Verdict.FAIL
        names = {one.operation for one in judged.broken} | set(seen.wrong)
        title = f"{judged.scenario}: answers of {_operations(len(names))} are not what the document says"
        detail = _wrong(judged.broken, seen.wrong)
    elif not total:
        verdict, reason = Verdict.UNKNOWN, Reason.NOT_EXERCISED
        title = f"{judged.scenario}: no answer was compared with the document"
    elif judged.unseen > _UNSEEN * total:
        verdict, reason = Verdict.UNKNOWN, Reason.INCONCLUSIVE
        title = f"{judged.scenario}: {judged.unseen} of {total} answers that differ were not compared, for want of time"
        detail = "What was compared is what the document says. A lower rate or more workers leave more time."
    cited = [identity for identity, _ in seen.said.values()][:10]
    return Finding(
        id=f"load.{judged.scenario}.contract",
        check=CHECK,
        required=False,
        verdict=verdict,
        reason=reason,
        title=title,
        detail=detail,
        evidence=tuple(cited) or (seen.identity,),
    )


def _operations(count: int) -> str:
    return f"{count} operation{'' if count == 1 else 's'}"


def _lines(several: Sequence[LeftOut]) -> str:
    told = [f"{one.operation}: {one.why}" for one in several[:_TOLD]]
    if len(several) > _TOLD:
        told.append(f"and {len(several) - _TOLD} more")
    return "\n".join(told)


def _wrong(broken: Sequence[LeftOut], counts: Mapping[str, int]) -> str:
    known = {one.operation: one.why for one in broken}
    lines = []
    for operation in [*known, *(name for name in counts if name not in known)][:_TOLD]:
        often = f" ({counts[operation]} times)" if operation in counts else ""
        lines.append(f"{operation}{often}: {known.get(operation, 'an answer was not kept')}")
    return "\n".join(lines)
