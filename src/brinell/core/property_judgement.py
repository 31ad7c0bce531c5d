"""The judgement's part on property tests; see ``brinell.core.judgement`` for the rules of its structs."""

from __future__ import annotations

import msgspec


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parts."""


class ExampleSeconds(_Part, frozen=True, kw_only=True):
    """Seconds of one valid example, its share of rejected ones included; ``engine`` is Hypothesis's own time around it.

    ``shrink`` is of one attempt at a smaller failure, null where nothing was shrunk.
    """

    generate: float
    run: float
    engine: float
    shrink: float | None = None


class ExampleCounts(_Part, frozen=True, kw_only=True):
    """``max_examples``: today's under the project's own profile, and the recommended ones."""

    now: int
    ci: int
    local: int


class PredictedSeconds(_Part, frozen=True, kw_only=True):
    """Seconds of one run of the test's call, and the interval that holds 19 of 20 single runs."""

    seconds: float
    low: float
    high: float


class Predictions(_Part, frozen=True, kw_only=True):
    """Predicted at today's number of examples and at the recommended ones."""

    now: PredictedSeconds
    ci: PredictedSeconds
    local: PredictedSeconds


class VerifiedSeconds(_Part, frozen=True, kw_only=True):
    """Mean seconds of the runs with the recommended numbers; null where they were not run."""

    ci: float | None = None
    local: float | None = None


class PropertyTest(_Part, frozen=True, kw_only=True):
    """One property test. What was not measured is null.

    ``tier`` is at the local profile's number (or the test's own), ``ci_tier`` at the recommended one in CI;
    ``slow_because`` (generation, body, fixture, database) is what takes most of a test that is not fast. ``pinned`` is
    the test's own ``@settings(max_examples=...)``, which no profile overrides. ``edit`` is what its ``max_examples``
    should say for the recommendation to hold, ``why`` the reason. ``rejected`` is a share of all examples,
    ``saturation_examples`` the last one that ran a new line. ``exhausted_at``: the search space has no more examples.
    """

    test: str
    file: str
    line: int
    outcome: str
    seconds_per_example: ExampleSeconds | None = None
    rejected: float | None = None
    saturation_examples: int | None = None
    tier: str | None = None
    ci_tier: str | None = None
    slow_because: str | None = None
    max_examples: ExampleCounts | None = None
    predicted_s: Predictions | None = None
    verified_s: VerifiedSeconds | None = None
    pinned: int | None = None
    edit: str | None = None
    why: str = ""
    once_s: float | None = None
    fixtures_s: float | None = None
    database_hits: int = 0
    exhausted_at: int | None = None
    stateful_steps: int | None = None
    explicit_examples: int = 0
    draws: dict[str, float] = {}  # argument -> share of the seconds of generating
    message: str = ""


class PropertySummary(_Part, frozen=True, kw_only=True):
    """All property tests together. ``targets`` and ``verified`` are those of ``performance_baseline.json``.

    ``conftest`` is code. ``observability_slowdown`` is how many times as long a test took while it was observed
    (median); no time was taken from there.
    """

    hypothesis: str
    observability: str | None
    profile: str
    derandomized_ci: bool
    tests: int
    examples: ExampleCounts
    budget_s: float
    ci_s: PredictedSeconds | None
    local_s: PredictedSeconds | None
    verified_s: VerifiedSeconds
    conftest: str
    targets: TargetValues
    verified: VerifiedTargets | None
    verification_timestamp: str | None
    observability_slowdown: float | None


class TargetValues(_Part, frozen=True, kw_only=True):
    """``property_test_targets``: where the tiers end, the recommended numbers, and why."""

    fast_tier_seconds: float
    medium_tier_seconds: float
    slow_tier_seconds: float
    max_examples_default: int
    max_examples_ci: int
    rationale: str


class VerifiedTargets(_Part, frozen=True, kw_only=True):
    """``targets_verified``: what the two profiles took when they were run.

    A test meets its target if it takes no longer in CI than its local tier may: 3 s for a fast one, 15 s for a medium
    one, 25 s for a slow one. ``within_20_percent`` counts predictions of the ``tried`` tests that took at least
    ``floor_seconds``: below that, a prediction says less than the clock.
    """

    ci_fast_tier_seconds: float
    ci_medium_tier_seconds: float
    ci_slow_tier_seconds: float
    ci_seconds: float
    ci_budget_seconds: float
    local_seconds: float
    ci_tiers: dict[str, int]
    local_tiers: dict[str, int]
    targets: int
    targets_met: int
    share_met: float
    share_required: float
    met: bool
    tried: int
    within_20_percent: int
    floor_seconds: float
