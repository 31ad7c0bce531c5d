"""All property tests together: the profiles as code, targets, and what the profiles took when they were run."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from statistics import median
from typing import Any

import msgspec

from brinell.core.evidence import Evidence, steps_of
from brinell.core.judgement import SuiteReport
from brinell.core.observation import Envelope, Epoch
from brinell.core.plan import PropertySpec
from brinell.core.property_cost import undisturbed_s
from brinell.core.property_facts import Facts
from brinell.core.property_judgement import (
    ExampleCounts,
    PredictedSeconds,
    PropertySummary,
    PropertyTest,
    TargetValues,
    VerifiedSeconds,
    VerifiedTargets,
)
from brinell.core.property_plan import Sizes
from brinell.core.property_records import PropertyEnded, PropertyObserved, PropertyRun, PropertyStarted

FLOOR_S = 0.05
SHARE_REQUIRED = 0.8
CLOSE = 0.2
_KINDS = (PropertyStarted, PropertyRun, PropertyObserved, PropertyEnded)
_TIERS = ("fast", "medium", "slow", "too-slow")


def facts_of(evidence: Evidence) -> tuple[PropertySpec, Facts, list[Envelope]] | None:
    """Return the specification, what was seen and its envelopes; None where the plan asks for nothing of the kind."""
    steps = steps_of(evidence, "property")
    if not steps or not isinstance(steps[0].spec, PropertySpec):
        return None
    found = [one for step in steps for one in evidence.envelopes(*_KINDS, source=step.id)]
    return steps[0].spec, Facts(one.data for one in found), found


def sizes_of(spec: PropertySpec) -> Sizes:
    """Return what a recommendation under this specification has to keep to."""
    return Sizes(spec.ci, spec.local, spec.budget_s, spec.tiers_s, spec.ci_tiers_s)


def summary(evidence: Evidence, spec: PropertySpec, facts: Facts, tests: Sequence[PropertyTest]) -> PropertySummary:
    """Put the tests together; at least one of them was measured."""
    started = facts.started[0]
    measured = [test for test in tests if test.predicted_s is not None]
    ends = [one for one in evidence.envelopes(PropertyEnded) if one.data.purpose in {"ci", "local"}]  # type: ignore[union-attr]  # narrowed by the kind
    verified = _verified(spec, measured)
    return PropertySummary(
        hypothesis=started.hypothesis,
        observability=started.observability or None,
        profile=started.profile,
        derandomized_ci=derandomized_ci(started),
        tests=len(tests),
        examples=ExampleCounts(now=started.examples, ci=spec.ci, local=spec.local),
        budget_s=spec.budget_s,
        ci_s=_together(measured, "ci"),
        local_s=_together(measured, "local"),
        verified_s=VerifiedSeconds(
            ci=verified.ci_seconds if verified else None, local=verified.local_seconds if verified else None
        ),
        conftest=conftest(spec, started),
        targets=_targets(spec, measured, started),
        verified=verified,
        verification_timestamp=_wall(evidence, ends[-1]) if ends and verified else None,
        observability_slowdown=_slowdown(facts),
    )


def with_targets(suite: SuiteReport, told: PropertySummary | None) -> SuiteReport:
    """Return the suite's report with the targets of its property tests, where they were examined in the same run."""
    if told is None:
        return suite
    slow_s = told.targets.slow_tier_seconds
    met = None if told.verified is None else told.verified.local_tiers.get("too-slow") == 0
    changes = baseline_fields(told) | {"target_property_test": slow_s}
    return msgspec.structs.replace(suite, **changes, targets_met=suite.targets_met | {"property_test": met})


def baseline_fields(told: PropertySummary) -> dict[str, Any]:
    """Return what ``performance_baseline.json`` says about property tests, under its names."""
    return {
        "property_test_targets": msgspec.to_builtins(told.targets),
        "targets_verified": None if told.verified is None else msgspec.to_builtins(told.verified),
        "verification_timestamp": told.verification_timestamp,
    }


def derandomized_ci(started: PropertyStarted) -> bool:
    """Whether the profile of a CI run explores nothing new: Hypothesis's own one, or a loaded one of that kind."""
    return started.derandomize or (started.own_ci and not started.profiles_loaded)


def conftest(spec: PropertySpec, started: PropertyStarted) -> str:
    """Return both profiles as code for the project's conftest."""
    name = started.profiles_loaded[-1] if started.profiles_loaded else ""
    parent = f"settings.get_profile({name!r}), " if name and name not in {"ci", "local"} else ""
    return f"""import os

from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

settings.register_profile("local", {parent}max_examples={spec.local})
settings.register_profile(
    "ci",
    {parent}max_examples={spec.ci},
    deadline=None,  # a busy machine is no bug
    derandomize=False,  # new examples in every run
    database=DirectoryBasedExampleDatabase(".hypothesis/examples"),  # have CI cache this folder
    print_blob=True,  # a failure comes with the line that reproduces it
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "local"))
"""


def _targets(spec: PropertySpec, tests: Sequence[PropertyTest], started: PropertyStarted) -> TargetValues:
    fast, medium, slow = spec.tiers_s
    counts = Counter(test.tier for test in tests)
    told = ", ".join(f"{counts[name]} {name}" for name in _TIERS if counts[name])
    ended = [test.saturation_examples for test in tests if test.saturation_examples is not None]
    found = f"; half of them run no new line after {median(ended):.0f} examples" if ended else ""
    edits = sum(test.edit is not None for test in tests)
    needed = f"; {edits} need an edit of their own" if edits else ""
    ci = _together(tests, "ci")
    cost = f"; the ci profile is predicted to take {ci.seconds:.1f} s of {spec.budget_s:g} s" if ci else ""
    return TargetValues(
        fast_tier_seconds=fast,
        medium_tier_seconds=medium,
        slow_tier_seconds=slow,
        max_examples_default=spec.local,
        max_examples_ci=spec.ci,
        rationale=f"{len(tests)} tests measured with Hypothesis {started.hypothesis}: {told}{found}{cost}{needed}",
    )


def _verified(spec: PropertySpec, tests: Sequence[PropertyTest]) -> VerifiedTargets | None:
    tried = [test for test in tests if test.verified_s is not None and test.verified_s.ci is not None]
    if not tried:
        return None
    bounds = dict(zip(_TIERS, spec.ci_tiers_s, strict=False))
    met = sum(_ci_s(test) < bounds.get(test.tier or "", 0.0) for test in tried)
    pairs = [pair for test in tried for pair in compared(test)]
    return VerifiedTargets(
        ci_fast_tier_seconds=spec.ci_tiers_s[0],
        ci_medium_tier_seconds=spec.ci_tiers_s[1],
        ci_slow_tier_seconds=spec.ci_tiers_s[2],
        ci_seconds=round(sum(_ci_s(test) for test in tried), 6),
        ci_budget_seconds=spec.budget_s,
        local_seconds=round(
            sum((test.fixtures_s or 0.0) + (test.verified_s.local or 0.0) for test in tried if test.verified_s), 6
        ),
        ci_tiers=_count([test.ci_tier for test in tried]),
        local_tiers=_count([test.tier for test in tried]),
        targets=len(tried),
        targets_met=met,
        share_met=round(met / len(tried), 4),
        share_required=SHARE_REQUIRED,
        met=met / len(tried) >= SHARE_REQUIRED,
        tried=len(pairs),
        within_20_percent=sum(abs(said - was) <= CLOSE * was for said, was in pairs),
        floor_seconds=FLOOR_S,
    )


def compared(test: PropertyTest) -> list[tuple[float, float]]:
    """Return (predicted, measured) seconds of both profiles, where a run took long enough to say anything."""
    if test.predicted_s is None or test.verified_s is None:
        return []
    pairs = (
        (test.predicted_s.ci.seconds, test.verified_s.ci),
        (test.predicted_s.local.seconds, test.verified_s.local),
    )
    return [(said, was) for said, was in pairs if was is not None and was >= FLOOR_S]


def _ci_s(test: PropertyTest) -> float:
    verified = test.verified_s.ci if test.verified_s else None
    return (test.fixtures_s or 0.0) + (verified or 0.0)


def _count(tiers: Sequence[str | None]) -> dict[str, int]:
    counts = Counter(tiers)
    return {name: counts[name] for name in _TIERS}


def _together(tests: Sequence[PropertyTest], profile: str) -> PredictedSeconds | None:
    """The sum with its interval; tests draw their examples independently of each other."""
    found = [(test.fixtures_s or 0.0, getattr(test.predicted_s, profile)) for test in tests]
    if not found:
        return None
    seconds = sum(fixtures + one.seconds for fixtures, one in found)
    half = sqrt(sum((one.high - one.seconds) ** 2 for _, one in found))
    return PredictedSeconds(
        seconds=round(seconds, 6), low=round(max(0.0, seconds - half), 6), high=round(seconds + half, 6)
    )


def _slowdown(facts: Facts) -> float | None:
    """How many times as long tests took under observability as the model says they take without."""
    ratios = []
    for test, runs in facts.runs.items():
        cost = facts.cost(test)
        for run in runs:
            if cost is not None and run.purpose == "observe" and run.outcome == "passed":
                expected = cost.predict(run.ran).seconds
                if expected > 0:
                    ratios.append(undisturbed_s(run, facts.pace_s) / expected)
    return round(median(ratios), 3) if ratios else None


def _wall(evidence: Evidence, at: Envelope) -> str | None:
    """The UTC time of an envelope, by the clocks that its epoch paired."""
    for one in evidence.envelopes(Epoch):
        if isinstance(one.data, Epoch) and one.epoch == at.epoch:
            begun = dt.datetime.fromisoformat(one.data.wall)
            moment = begun + dt.timedelta(microseconds=(at.t_ns - one.data.mono_ns) / 1000)
            return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return None
