"""``judgement.property_tests``: one entry for each property test that was begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brinell.core.property_cost import Cost, Predicted, usable
from brinell.core.property_facts import UNFIT, Facts
from brinell.core.property_judgement import (
    ExampleCounts,
    ExampleSeconds,
    PredictedSeconds,
    Predictions,
    PropertyTest,
    VerifiedSeconds,
)
from brinell.core.property_plan import Recommended, Sizes, tier
from brinell.core.property_records import PropertyRun

_FAST = "fast"


def entry(facts: Facts, test: str, chosen: Mapping[str, Recommended], sizes: Sizes) -> PropertyTest:
    """Return the entry of a test; without numbers where no ordinary run of it passed."""
    runs = facts.runs[test]
    first = runs[0]
    place = next((run for run in runs if run.file), first)
    bad = next((run for run in runs if run.outcome in UNFIT), None)
    plain = PropertyTest(
        test=test,
        file=place.file,
        line=place.line,
        outcome=bad.outcome if bad else first.outcome,
        pinned=facts.pinned(test),
        database_hits=max(run.reused for run in runs),
        stateful_steps=place.stateful_steps,
        explicit_examples=place.explicit,
        message=next((run.message for run in runs if run.message), ""),
        seconds_per_example=_failing(runs),
        tier="too-slow" if bad is not None and bad.outcome in {"limit", "died"} else None,
    )
    cost, one = facts.cost(test), chosen.get(test)
    if cost is None or one is None:
        return plain
    return _measured(facts, plain, cost, one, sizes)


def _measured(facts: Facts, plain: PropertyTest, cost: Cost, one: Recommended, sizes: Sizes) -> PropertyTest:
    test = plain.test
    fixtures_s = min(run.setup_s for run in usable(facts.runs[test]))
    now = facts.now(test)
    local_now = plain.pinned or sizes.local
    local_s = fixtures_s + cost.predict(local_now).seconds
    verified = facts.verified_s(test, "ci")
    ci_s = fixtures_s + (verified[1] if verified else cost.predict(one.ci).seconds)
    found = plain.tier or tier(local_s, sizes.tiers_s)
    parts = _parts(facts, test, cost)
    return PropertyTest(
        **{name: getattr(plain, name) for name in plain.__struct_fields__ if name not in _MEASURED},
        seconds_per_example=parts,
        rejected=_rejected(facts, test),
        saturation_examples=facts.saturation(test),
        tier=found,
        ci_tier=tier(ci_s, sizes.ci_tiers_s),
        slow_because=None if found == _FAST else _slow_because(facts, test, parts, fixtures_s, local_now),
        max_examples=ExampleCounts(now=now, ci=one.ci, local=one.local),
        predicted_s=Predictions(
            now=predicted(cost.predict(now)),
            ci=predicted(cost.predict(one.ci)),
            local=predicted(cost.predict(one.local)),
        ),
        verified_s=VerifiedSeconds(ci=_verified(facts, test, "ci"), local=_verified(facts, test, "local")),
        edit=_edit(plain.pinned, one, sizes),
        why=one.why,
        once_s=round(cost.once_s, 6),
        fixtures_s=round(fixtures_s, 6),
        exhausted_at=cost.exhausted,
        draws=_draws(facts, test),
    )


_MEASURED = frozenset(
    {
        "seconds_per_example", "rejected", "saturation_examples", "tier", "ci_tier", "slow_because", "max_examples",
        "predicted_s", "verified_s", "edit", "why", "once_s", "fixtures_s", "exhausted_at", "draws",
    }
)  # fmt: skip


def _failing(runs: Sequence[PropertyRun]) -> ExampleSeconds | None:
    """The parts of an example of a test that fails: the only one that is shrunk. None where it was not."""
    shrunk = next((run for run in runs if run.outcome == "failed" and run.shrunk and run.cost_us), None)
    if shrunk is None:
        return None
    number = len(shrunk.cost_us)
    told_s, draw_s = sum(shrunk.cost_us) / 1e6, sum(shrunk.draw_us) / 1e6
    return ExampleSeconds(
        generate=round(draw_s / number, 9),
        run=round(max(0.0, told_s - draw_s) / number, 9),
        engine=round(max(0.0, shrunk.phases_s.get("generate", 0.0) - told_s) / number, 9),
        shrink=round(shrunk.phases_s.get("shrink", 0.0) / shrunk.shrunk, 9),
    )


def predicted(found: Predicted) -> PredictedSeconds:
    """Return a prediction as the judgement has it."""
    return PredictedSeconds(seconds=round(found.seconds, 6), low=round(found.low, 6), high=round(found.high, 6))


def _verified(facts: Facts, test: str, purpose: str) -> float | None:
    found = facts.verified_s(test, purpose)
    return None if found is None else round(found[1], 6)


def _edit(pinned: int | None, one: Recommended, sizes: Sizes) -> str | None:
    if one.edit:
        return one.edit
    if pinned is not None and pinned > sizes.ci:
        return "no max_examples"
    return None


def _parts(facts: Facts, test: str, cost: Cost) -> ExampleSeconds:
    """Split an example's seconds: the engine's own from ordinary runs, the shares of the rest from observability,
    without it from the engine's statistics.
    """
    runs = usable(facts.runs[test])
    told_s = sum(sum(run.cost_us) for run in runs) / 1e6
    generate_phase_s = sum(run.phases_s.get("generate", 0.0) for run in runs)
    engine_share = max(0.0, 1 - told_s / generate_phase_s) if generate_phase_s > 0 else 0.0
    observed = facts.observed.get(test, {}).get("observe")
    timing = observed.timing if observed else {}
    inside = timing.get("generate", 0.0) + timing.get("run", 0.0)
    if inside > 0:
        generate_share = timing.get("generate", 0.0) / inside
    else:
        generate_share = min(1.0, sum(sum(run.draw_us) for run in runs) / 1e6 / told_s) if told_s > 0 else 0.0
    each = cost.per_example_s if cost.later_seen else cost.young_s
    rest = each * (1 - engine_share)
    shrunk = observed.shrink_examples if observed else 0
    return ExampleSeconds(
        generate=round(rest * generate_share, 9),
        run=round(rest * (1 - generate_share), 9),
        engine=round(each * engine_share, 9),
        shrink=round(observed.shrink_s / shrunk, 9) if observed and shrunk else None,
    )


def _rejected(facts: Facts, test: str) -> float | None:
    """The share of examples that the test or its strategies turned down."""
    seen = [facts.observed[test][purpose].statuses for purpose in ("observe", "cover") if _was(facts, test, purpose)]
    total = sum(sum(statuses.values()) for statuses in seen)
    if total:
        return round(sum(statuses.get("gave_up", 0) for statuses in seen) / total, 4)
    letters = "".join(run.statuses for run in usable(facts.runs[test]))
    return round(sum(letter in "io" for letter in letters) / len(letters), 4) if letters else None


def _was(facts: Facts, test: str, purpose: str) -> bool:
    return purpose in facts.observed.get(test, {})


def _slow_because(facts: Facts, test: str, parts: ExampleSeconds, fixtures_s: float, examples: int) -> str:
    """Name what takes most of a test's time."""
    runs: list[PropertyRun] = usable(facts.runs[test])
    shares = {
        "generation": (parts.generate + parts.engine) * examples,
        "body": parts.run * examples,
        "fixture": fixtures_s,
        "database": max(run.phases_s.get("reuse", 0.0) for run in runs),
    }
    return max(shares, key=lambda name: shares[name])


def _draws(facts: Facts, test: str) -> dict[str, float]:
    """The arguments that cost most to generate, as shares of all generating; those of 5 % or more."""
    if not _was(facts, test, "observe"):
        return {}
    observed = facts.observed[test]["observe"]
    total = observed.timing.get("generate", 0.0)
    if total <= 0:
        return {}
    shares = {name.removeprefix("generate:"): round(seconds / total, 3) for name, seconds in observed.draws.items()}
    return {name: share for name, share in shares.items() if share >= 0.05}
