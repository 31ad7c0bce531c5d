"""``--against``: did the suite get slower than that of other code, and by which part of it."""

from __future__ import annotations

from brinell.core import slower
from brinell.core.against import Collector, Limits
from brinell.core.against_records import AgainstNames, AgainstStarted, SideRun
from brinell.core.evidence import Evidence, observation_id, steps_of
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.plan import AgainstSpec
from brinell.core.time_judgement import Against, Carrier, Effect
from brinell.core.verdicts import Reason, Verdict

CHECK = "suite-against"
_VERDICTS = {slower.REGRESSED: Verdict.FAIL, slower.NOT_REGRESSED: Verdict.PASS, slower.CANNOT_TELL: Verdict.UNKNOWN}
_MOST_NAMED = 4


def compared(evidence: Evidence) -> Against | None:
    """Return the comparison of the plan's first step of that kind; None where it has none or none began."""
    found = _read(evidence)
    return found[1] if found else None


def suite_against(evidence: Evidence) -> Part:
    """Tell it as a finding: required, for somebody asked."""
    found = _read(evidence)
    if found is None:
        return Part()
    step, against, cited = found
    verdict = _VERDICTS[against.answer]
    finding = Finding(
        id=f"{step}.time",
        check=CHECK,
        required=True,
        verdict=verdict,
        reason=Reason(against.reason) if verdict is Verdict.UNKNOWN else None,
        title=_title(against),
        detail="\n".join(_lines(against)),
        evidence=(cited,) if cited else (),
    )
    return Part(findings=(finding,))


def _read(evidence: Evidence) -> tuple[str, Against, str] | None:
    for step in steps_of(evidence, "against"):
        if not isinstance(step.spec, AgainstSpec):
            continue
        collector, cited = Collector(), ""
        for envelope in evidence.envelopes(AgainstStarted, AgainstNames, SideRun):
            if envelope.source == step.id:
                collector.take(envelope.data)
                cited = observation_id(envelope)
        against = collector.judged(Limits(step.spec.least_ratio, step.spec.least_s))
        if against is not None:
            return step.id, against, cited
    return None


def _title(against: Against) -> str:
    other, time = against.old, against.time
    if against.answer == slower.REGRESSED and time is not None:
        by = f", by {told(against.carriers[0])}" if against.carriers else ""
        return f"regressed: the suite takes {time.estimate:.2f} times what it takes at {other}{by}"
    if against.answer == slower.NOT_REGRESSED and time is not None:
        return f"not regressed: the suite takes {time.estimate:.2f} times what it takes at {other}"
    return f"cannot tell whether the suite is slower than at {other}: {against.why}"


def _lines(against: Against) -> list[str]:
    lines = []
    if against.time is not None:
        free = " (without waiting for a processor)" if against.measure == "free" else ""
        lines.append(
            f"time{free} {interval(against.time)} times, {against.confidence:.0%} sure over all looks; "
            f"{against.pairs} pairs; a regression is beyond {against.limit:.3f}"
        )
        lines.append(
            f"wall {interval(against.wall)}, processor {interval(against.cpu)}, "
            f"the same code by itself {interval(against.same_code)}"
        )
    lines += [
        f"{told(one)}: {_seconds(one.seconds)} s of wall, {_seconds(one.cpu_seconds)} s of processor time, "
        f"{one.share:.0%} of the difference"
        for one in against.carriers
    ]
    if against.carriers and against.explained is not None:
        lines.append(f"together they are {against.explained:.0%} of it")
    elif against.answer == slower.REGRESSED:
        lines.append("no single test, fixture or import carries a tenth of it beyond chance: it is spread out")
    if against.smallest_detectable is not None:
        lines.append(f"found in four cases of five: {against.smallest_detectable:.2f} times or more")
    lines += _more(against)
    lines += _others(against)
    return lines


def _more(against: Against) -> list[str]:
    if against.answer != slower.CANNOT_TELL or against.time is None:
        return []
    if against.more_pairs is None:
        return ["no number of pairs settles it soon: the effect lies at the limit, or this machine is too noisy"]
    pairs = against.pairs + against.more_pairs
    return [f"about {against.more_pairs} more pairs settle it: --pairs {pairs}, and a --budget for them"]


def _others(against: Against) -> list[str]:
    """Name what was left out."""
    lines = [f"{against.common_tests:,} tests are on both sides and end alike: only those were compared"]
    kinds = ((against.only_old, f"only at {against.old}"), (against.only_new, "only here"))
    for tests, words in (*kinds, (against.changed, "ended differently, on the two sides or from run to run")):
        if tests:
            more = f" and {len(tests) - _MOST_NAMED} more" if len(tests) > _MOST_NAMED else ""
            lines.append(f"{words}: {', '.join(tests[:_MOST_NAMED])}{more}")
    return (lines if len(lines) > 1 else []) + list(against.notes)


def told(one: Carrier) -> str:
    """Name a part: ``fixture account (tests/conftest.py)``, ``test tests/test_a.py::test_a``, ``import of shop``."""
    if one.kind == "test":
        return f"test {one.name}"
    words = {"fixture": f"fixture {one.name}", "import": f"import of {one.name}"}.get(one.kind, one.name)
    return f"{words} ({one.file})" if one.file and one.kind in ("fixture", "import") else words


def interval(effect: Effect | None) -> str:
    """Write an effect: ``1.21 (1.18 to 1.24)``."""
    if effect is None:
        return "not known"
    if effect.low is None or effect.high is None:
        return f"{effect.estimate:.3f} (too few pairs for an interval)"
    return f"{effect.estimate:.3f} ({effect.low:.3f} to {effect.high:.3f})"


def _seconds(effect: Effect) -> str:
    ends = "" if effect.low is None or effect.high is None else f" ({effect.low:+.3g} to {effect.high:+.3g})"
    return f"{effect.estimate:+.3g}{ends}"
