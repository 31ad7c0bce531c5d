"""What checks of drills are given: the plan of one drill, and records as its step's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from brinell.checks.drills import drills
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import StepStarted
from brinell.core.plan import DrillSpec, LoadSpec, Plan, Step
from brinell.rosters.drills import DRILLS


def plan_of(kind: str, rate: float = 100.0, **options: Any) -> Plan:
    """Return a plan of one drill, its options filled in as the configuration does."""
    whole = msgspec.json.decode(msgspec.json.encode(msgspec.convert(options, DRILLS[kind])))
    load = LoadSpec(name="x", shape={"kind": "constant", "rate": rate, "duration": 1.0})
    return Plan("p", "/p", (Step("drill:x", "drill", DrillSpec("x", kind, load, rate, whole)),))


@pytest.fixture
def plan() -> Callable[..., Plan]:
    return plan_of


@pytest.fixture
def judge() -> Callable[..., Any]:
    """Judge records of one drill; return its entry and the whole part."""

    def at(kind: str, *records: Any, rate: float = 100.0, **options: Any) -> Any:
        part = drills(MemoryEvidence(plan_of(kind, rate, **options), [StepStarted("drill:x"), *records]))
        assert part.drills is not None
        (drill,), (finding,) = part.drills, part.findings
        assert (finding.verdict, finding.reason, finding.required) == (drill.verdict, drill.reason, True)
        return drill, part

    return at


@pytest.fixture
def failed() -> Callable[..., set[str]]:
    """Required rules that failed."""
    return lambda drill: {rule.rule for rule in drill.rules if rule.verdict == "fail" and rule.required}
