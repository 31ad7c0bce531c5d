"""The judge's checks, in the order their findings are shown, and those of what the others measured."""

from __future__ import annotations

from brinell.checks.baseline import baseline
from brinell.checks.cache import cache
from brinell.checks.capacity import capacity
from brinell.checks.drills import drills
from brinell.checks.load import load
from brinell.checks.parallel import parallel
from brinell.checks.parallel_map import parallel_map
from brinell.checks.property_tests import property_tests
from brinell.checks.quality import quality
from brinell.checks.steps import steps
from brinell.checks.suite_against import suite_against
from brinell.checks.suite_baseline import suite_baseline
from brinell.checks.suite_outcomes import suite_outcomes
from brinell.checks.suite_report import suite_report
from brinell.checks.traffic import traffic
from brinell.checks.trust import trust
from brinell.checks.websocket import websocket
from brinell.core.roles import Check, Later
from brinell.triage.check import triage

CHECKS: dict[str, Check] = {
    "steps": steps,
    "suite-outcomes": suite_outcomes,
    "parallel": parallel,
    "parallel-map": parallel_map,
    "suite-report": suite_report,
    "suite-baseline": suite_baseline,
    "suite-against": suite_against,
    "trust": trust,
    "property": property_tests,
    "quality": quality,
    "triage": triage,
    "load": load,
    "cache": cache,
    "capacity": capacity,
    "websocket": websocket,
    "traffic": traffic,
    "drills": drills,
}

LATER: dict[str, Later] = {
    "baseline": baseline,
}
