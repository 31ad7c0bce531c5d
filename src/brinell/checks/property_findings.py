"""What is said about property tests: one finding for each question that was asked of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from brinell.checks.property_targets import compared
from brinell.core.evidence import observation_id
from brinell.core.finding import Finding
from brinell.core.observation import Envelope
from brinell.core.plan import PropertySpec
from brinell.core.property_facts import Facts
from brinell.core.property_judgement import PropertySummary, PropertyTest
from brinell.core.property_records import PropertyEnded, PropertyRun, PropertyStarted
from brinell.core.redact import one_line
from brinell.core.verdicts import Owner, Reason, Verdict

CHECK = "property"
_MOST_NAMED = 10
_MOST_CITED = 50
_REQUIRED_SHARE = 0.9  # of predictions that are to lie within 20 %
_REJECTS_MUCH = 0.5


def nothing(facts: Facts, envelopes: Sequence[Envelope]) -> Finding:
    """Say why not a single property test was begun."""
    started = facts.started[-1] if facts.started else None
    ended = facts.ended[-1] if facts.ended else None
    if started is None:
        tail = " | ".join(ended.stderr_tail[-3:]) if ended else ""
        title = "pytest ended before any test was collected: what property tests cost is not known"
        return _unknown("tests", Reason.INCONCLUSIVE, title, one_line(tail, 500), envelopes)
    if not started.hypothesis:
        title = f"Hypothesis is not installed in {started.interpreter}: there is nothing to measure"
        advice = (
            f"{shlex.quote(started.interpreter)} -m pip install hypothesis; or name another interpreter with --python"
        )
        return _unknown("tests", Reason.UNSUPPORTED, title, advice, envelopes)
    what = f"{started.others} tests" if started.others else "no test at all"
    broken = f"; {ended.collect_errors} files could not be collected" if ended and ended.collect_errors else ""
    title = f"no property test was found: pytest collected {what}, none of them Hypothesis's{broken}"
    return _unknown("tests", Reason.NOT_EXERCISED, title, "brinell property DIR names where they are", envelopes)


def findings(
    spec: PropertySpec,
    facts: Facts,
    tests: Sequence[PropertyTest],
    told: PropertySummary,
    envelopes: Sequence[Envelope],
) -> list[Finding]:
    """Return every finding that applies."""
    started = facts.started[0]
    found = [_tests(tests, envelopes), *_ended(spec, tests, envelopes), *_budget(spec, told, envelopes)]
    found += [*_tiers(spec, tests, envelopes), *_pinned(spec, tests, envelopes), *_ci_profile(started, envelopes)]
    found += [*_verified(told, tests, envelopes), *_targets(told, envelopes), *_rejecting(tests, envelopes)]
    found += [*_reproducing(facts, tests, envelopes), *_observability(started, envelopes)]
    return [*found, *_database(started, envelopes), *_left_out(facts, envelopes), *_incomplete(facts, envelopes)]


def _tests(tests: Sequence[PropertyTest], envelopes: Sequence[Envelope]) -> Finding:
    failed = [test for test in tests if test.outcome == "failed"]
    if failed:
        lines = [f"{one_line(test.test)}: {one_line(test.message, 200) or 'failed'}" for test in failed]
        return _finding(
            "tests", Verdict.FAIL, f"{_count(len(failed), 'property test')} failed and could not be measured",
            lines, _of(envelopes, failed), required=True, owner=Owner.UNDECIDED,
        )  # fmt: skip
    measured = sum(test.predicted_s is not None for test in tests)
    if not measured:
        title = f"none of {_count(len(tests), 'property test')} ran to its end: what they cost is not known"
        return _unknown("tests", Reason.INCONCLUSIVE, title, "", envelopes)
    skipped = sum(test.outcome == "skipped" for test in tests)
    beside = f"; {skipped} skipped" if skipped else ""
    title = f"{_count(measured, 'property test')} measured{beside}"
    return _finding("tests", Verdict.PASS, title, [], _of(envelopes, tests), required=True)


def _ended(spec: PropertySpec, tests: Sequence[PropertyTest], envelopes: Sequence[Envelope]) -> list[Finding]:
    ended = [test for test in tests if test.outcome in {"limit", "died"}]
    if not ended:
        return []
    words = {"limit": "ended", "died": "ended its process, or never came back to Python"}
    lines = [f"{one_line(test.test)}: {words[test.outcome]}" for test in ended]
    title = f"{_count(len(ended), 'property test')} took longer than {spec.test_timeout_s:g} s or did not come back"
    return [_finding("ended", Verdict.FAIL, title, lines, _of(envelopes, ended), required=False)]


def _budget(spec: PropertySpec, told: PropertySummary, envelopes: Sequence[Envelope]) -> list[Finding]:
    seconds = told.verified_s.ci if told.verified_s.ci is not None else told.ci_s.seconds if told.ci_s else None
    if seconds is None:
        return []
    how = "take" if told.verified_s.ci is not None else "are predicted to take"
    stated = "" if spec.budget_stated else " (the default)"
    title = f"under the ci profile all property tests {how} {seconds:.1f} s; budget {spec.budget_s:g} s{stated}"
    verdict = Verdict.PASS if seconds <= spec.budget_s else Verdict.FAIL
    detail = [] if verdict is Verdict.PASS else ["no test can be given fewer examples than ten: raise the budget"]
    return [_finding("budget", verdict, title, detail, _sessions(envelopes), required=spec.budget_stated)]


def _tiers(spec: PropertySpec, tests: Sequence[PropertyTest], envelopes: Sequence[Envelope]) -> list[Finding]:
    rated = [test for test in tests if test.tier is not None]
    slow = [test for test in rated if test.tier == "too-slow"]
    if not rated:
        return []
    if not slow:
        title = f"no property test takes longer than {spec.tiers_s[-1]:g} s"
        return [_finding("tiers", Verdict.PASS, title, [], _of(envelopes, rated), required=spec.tiers_stated)]
    lines = [f"{one_line(test.test)}: {test.slow_because or 'ended'}{_do(test)}" for test in slow]
    title = f"{_count(len(slow), 'property test')} too slow: longer than {spec.tiers_s[-1]:g} s"
    return [_finding("tiers", Verdict.FAIL, title, lines, _of(envelopes, slow), required=spec.tiers_stated)]


def _pinned(spec: PropertySpec, tests: Sequence[PropertyTest], envelopes: Sequence[Envelope]) -> list[Finding]:
    pinned = [test for test in tests if test.pinned is not None and test.pinned > spec.ci]
    if not pinned:
        return []
    lines = [f"{_place(test)}: max_examples={test.pinned} of {one_line(test.test)}{_do(test)}" for test in pinned]
    title = f"{_count(len(pinned), 'property test')} with max_examples of their own, which no profile overrides"
    return [_finding("pinned", Verdict.FAIL, title, lines, _of(envelopes, pinned), required=False)]


def _ci_profile(started: PropertyStarted, envelopes: Sequence[Envelope]) -> list[Finding]:
    if started.derandomize:
        title = f"the profile {one_line(started.profile)} is derandomised: every run tries the same examples"
    elif started.own_ci and not started.profiles_loaded:
        title = "in CI, Hypothesis loads its own profile: derandomised, no database; it explores nothing new"
    else:
        return []
    lines = [
        "Register and load profiles of your own: their code is in property_tests.md of this run.",
        "Have CI cache .hypothesis/examples, so that what failed once is tried first.",
        "Where a gate must never fail by luck: derandomised for the gate, random every night.",
    ]
    return [_finding("ci-profile", Verdict.FAIL, title, lines, _sessions(envelopes), required=False)]


def _verified(told: PropertySummary, tests: Sequence[PropertyTest], envelopes: Sequence[Envelope]) -> list[Finding]:
    if told.verified is None:
        title = "the recommended numbers were not tried: brinell property verifies them unless told not to"
        return [_unknown("predictions", Reason.NOT_EXERCISED, title, "", envelopes, required=False)]
    pairs = [(test, said, was) for test in tests for said, was in compared(test)]
    if not pairs:
        title = f"every verified run took less than {told.verified.floor_seconds * 1000:g} ms: too short to compare"
        return [_unknown("predictions", Reason.INCONCLUSIVE, title, "", envelopes, required=False)]
    close, tried = told.verified.within_20_percent, told.verified.tried
    far = sorted(pairs, key=lambda pair: -abs(pair[1] - pair[2]) / pair[2])[:_MOST_NAMED]
    lines = [
        f"{one_line(test.test)}: predicted {said:.2f} s, took {was:.2f} s"
        for test, said, was in far
        if abs(said - was) > 0.2 * was
    ]
    verdict = Verdict.PASS if close >= _REQUIRED_SHARE * tried else Verdict.FAIL
    title = f"{close} of {tried} predictions within 20 % of what the runs took"
    return [_finding("predictions", verdict, title, lines, _sessions(envelopes), required=False)]


def _targets(told: PropertySummary, envelopes: Sequence[Envelope]) -> list[Finding]:
    verified = told.verified
    if verified is None:
        return []
    title = f"{verified.targets_met} of {verified.targets} property tests meet their target in CI"
    fast, medium, slow = verified.ci_fast_tier_seconds, verified.ci_medium_tier_seconds, verified.ci_slow_tier_seconds
    detail = [
        f"fast ones {fast:g} s, medium ones {medium:g} s, slow ones {slow:g} s: {verified.share_required:.0%} have to"
    ]
    verdict = Verdict.PASS if verified.met else Verdict.FAIL
    return [_finding("targets", verdict, title, detail, _sessions(envelopes), required=False)]


def _rejecting(tests: Sequence[PropertyTest], envelopes: Sequence[Envelope]) -> list[Finding]:
    much = [test for test in tests if test.rejected is not None and test.rejected > _REJECTS_MUCH]
    if not much:
        return []
    lines = [f"{one_line(test.test)}: {test.rejected:.0%} rejected" for test in much]
    lines.append("A strategy that makes only what is wanted costs less than a filter or assume() that turns down.")
    title = f"{_count(len(much), 'property test')} throwing away more than half of their examples"
    return [_finding("rejected", Verdict.FAIL, title, lines, _of(envelopes, much), required=False)]


def _reproducing(facts: Facts, tests: Sequence[PropertyTest], envelopes: Sequence[Envelope]) -> list[Finding]:
    left = [test for test in tests if any(run.reproduce for run in facts.runs[test.test])]
    if not left:
        return []
    lines = [f"{_place(test)}: {one_line(test.test)}" for test in left]
    title = f"@reproduce_failure was left on {_count(len(left), 'property test')}: only that one example runs"
    return [_finding("reproduce", Verdict.FAIL, title, lines, _of(envelopes, left), required=False)]


def _observability(started: PropertyStarted, envelopes: Sequence[Envelope]) -> list[Finding]:
    if started.observability:
        return []
    title = (
        f"Hypothesis {started.hypothesis} has no observability: saturation and the parts of an example are not known"
    )
    advice = (
        "Hypothesis 6.92 or newer has it. Times and predictions come from its statistics here, which all versions have."
    )
    return [_unknown("observability", Reason.UNSUPPORTED, title, advice, envelopes, required=False)]


def _database(started: PropertyStarted, envelopes: Sequence[Envelope]) -> list[Finding]:
    if not started.unusable_database:
        return []
    title = "Hypothesis cannot write its database: what failed once is forgotten"
    other = "settings.register_profile(..., database=DirectoryBasedExampleDatabase(FOLDER)) names another one"
    lines = [f"{one_line(started.unusable_database, 300)} cannot be written to", other]
    return [_finding("database", Verdict.FAIL, title, lines, _sessions(envelopes), required=False)]


def _left_out(facts: Facts, envelopes: Sequence[Envelope]) -> list[Finding]:
    left = {test: why for one in facts.ended for test, why in one.left_out.items()}
    if not left:
        return []
    title = f"{_count(len(left), 'property test')} not reached: {next(iter(left.values()))}"
    names = "\n".join(one_line(test) for test in list(left)[:_MOST_NAMED])
    return [_unknown("left-out", Reason.INCONCLUSIVE, title, names, envelopes)]


def _incomplete(facts: Facts, envelopes: Sequence[Envelope]) -> list[Finding]:
    errors = max((one.collect_errors for one in facts.ended), default=0)
    if not errors:
        return []
    title = f"{_count(errors, 'file')} could not be collected: the property tests in there are not measured"
    return [_unknown("collected", Reason.INCONCLUSIVE, title, "brinell suite says why", envelopes)]


def _do(test: PropertyTest) -> str:
    if test.edit == "no max_examples":
        return "; take it away, and the profiles decide"
    return f"; write @settings({test.edit})" if test.edit else ""


def _place(test: PropertyTest) -> str:
    return f"{one_line(test.file, 300)}:{test.line}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _of(envelopes: Iterable[Envelope], tests: Iterable[PropertyTest]) -> tuple[str, ...]:
    names = {test.test for test in tests}
    found = [observation_id(one) for one in envelopes if isinstance(one.data, PropertyRun) and one.data.test in names]
    return tuple(found[:_MOST_CITED])


def _sessions(envelopes: Iterable[Envelope]) -> tuple[str, ...]:
    kinds = (PropertyStarted, PropertyEnded)
    return tuple(observation_id(one) for one in envelopes if isinstance(one.data, kinds))[:_MOST_CITED]


def _finding(
    name: str, verdict: Verdict, title: str, lines: Sequence[str], evidence: tuple[str, ...], *, required: bool,
    owner: Owner | None = None,
) -> Finding:  # fmt: skip
    shown = [*lines[:_MOST_NAMED], *([f"and {len(lines) - _MOST_NAMED:,} more"] if len(lines) > _MOST_NAMED else [])]
    return Finding(
        id=f"property.{name}", check=CHECK, required=required, verdict=verdict, title=title,
        detail="\n".join(shown), owner=owner, evidence=evidence,
    )  # fmt: skip


def _unknown(
    name: str, reason: Reason, title: str, detail: str, envelopes: Sequence[Envelope], *, required: bool = True
) -> Finding:
    return Finding(
        id=f"property.{name}", check=CHECK, required=required, verdict=Verdict.UNKNOWN, reason=reason, title=title,
        detail=detail, evidence=_sessions(envelopes),
    )  # fmt: skip
