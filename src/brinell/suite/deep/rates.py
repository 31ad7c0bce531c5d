"""Whether a factor changes how often a test fails: runs with it and without, alternately, until a test decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brinell.core.flaky_rates import TwoRates
from brinell.suite.deep.conditions import Way
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.factor import Factor

_PAIRS = 4  # runs with and without that are asked for at a time; even, for a test beside itself
_OVERTIME_S = 10.0  # a decision that has begun may end


def higher(examiner: Examiner, way: Way, test: int, factor: Factor, levels: Mapping[str, Any] | None = None) -> bool:
    """Whether the test fails more often under the factor (applied as ``levels``), alone in its process."""
    rates = TwoRates(max_runs=way.most_runs)
    changed = {factor.name: factor.level} if levels is None else levels
    if factor.certain and not any(result.failures() for result in way.ask("probe", [way.job([test], changed)])):
        return False
    while rates.decision is None:
        for with_factor in (True, False):
            jobs = [way.job([test], changed if with_factor else {}) for _ in range(_PAIRS)]
            for result in way.ask(f"factor {factor.name}", jobs):
                if result.unsupported or not result.ran:
                    return False
                rates.add(with_factor, bool(result.failures()))
        if examiner.left_s < -_OVERTIME_S:
            return False
    return rates.decision == "higher"
