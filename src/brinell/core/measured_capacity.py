"""What one search for the breaking point found, as a bracket: the highest level that held, the lowest that broke."""

from __future__ import annotations

import math

from brinell.core.capacity_judgement import Capacity
from brinell.core.measured import CANNOT_TELL, Change, Measured, by_bracket

HIGHEST = "highest_level"


def capacity_measured(capacity: Capacity) -> Measured:
    """Return the bracket; its value is the middle of both (geometric), or what held where nothing broke."""
    low, high = capacity.low, capacity.high
    value = math.sqrt(low) * math.sqrt(high) if low > 0 and high is not None else low
    why = "" if capacity.confirmed or low <= 0 else "what held was not tried often enough to be confirmed"
    if high is None and low <= 0:
        why = "no step was believed"
    return Measured(value=value, low=low, high=high, why=why)


def capacity_change(a: Capacity, b: Capacity) -> Change:
    """Compare two searches. A difference is one where both brackets are further apart than the search is exact.

    Brackets that merely do not overlap are no difference yet: levels that a search tries lie a tolerance apart, and
    from one start of a subject to the next its capacity is not the same to that.
    """
    if a.quantity != b.quantity:
        one, other = capacity_measured(a), capacity_measured(b)
        why = f"one searched for {a.quantity}, the other for {b.quantity}"
        return Change(a=one.value, b=other.value, answer=CANNOT_TELL, why=why)
    return by_bracket(capacity_measured(a), capacity_measured(b), apart=1.0 + max(a.tolerance, b.tolerance))


def capacity_conditions(capacity: Capacity) -> dict[str, str]:
    """Return what was looked for, as words."""
    limits = ", ".join(f"{name} {one.limit:g}" for name, one in sorted(capacity.thresholds.items()))
    tolerance = f"{capacity.tolerance:g}"
    return {"quantity": capacity.quantity, "unit": capacity.unit, "thresholds": limits, "tolerance": tolerance}
