"""``test_performance_baseline.py`` and the ``performance_baseline.json`` beside it: the suite takes no longer.

The allowance for noise is twice the spread of the run's repeats, and at least a quarter.
"""

from __future__ import annotations

import json
from statistics import median

from brinell.core.judgement import Judgement, SuiteReport
from brinell.kit import flaky_detection, isolation_validation
from brinell.kit.seal import sealed
from brinell.kit.templates import template

NAME = "test_performance_baseline.py"
BASELINE = "performance_baseline.json"
UPDATE = "UPDATE_PERFORMANCE_BASELINE"
_LEAST_NOISE = 0.25
_PROPERTY = "property"


def performance_test(judgement: Judgement) -> str:
    """Return the test file; "" where no suite was run. Without property tests it has no test of those."""
    if judgement.suite is None or not _passed(judgement.suite):
        return ""
    extra = template("property_test.py") + "\n" if property_tests(judgement) else ""
    return sealed(template(NAME, update=UPDATE, property_test=extra))


def performance_baseline(judgement: Judgement, calibration_s: float | None) -> str:
    """Return the baseline as JSON, one line a test; "" where no suite was run.

    Shape: ``{source, python, calibration_seconds, noise, property_tests[], fixtures{name: s}, tests{id: {phase: s}}}``,
    of the tests that passed. ``calibration_s`` is what the test file's fixed piece of work took on the run's machine.
    """
    suite = judgement.suite
    if suite is None or not (passed := _passed(suite)):
        return ""
    content = {
        "source": judgement.run.id,
        "python": suite.python,
        "calibration_seconds": calibration_s,
        "noise": noise(suite),
        "property_tests": [test for test in property_tests(judgement) if test in passed],
        "fixtures": _fixtures(suite),
        "tests": passed,
    }
    return json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace").decode() + "\n"


def noise(suite: SuiteReport) -> float:
    """Return the share by which the suite may be slower without being it."""
    if len(suite.repeats) < 2 or not (middle := median(suite.repeats)):
        return _LEAST_NOISE
    return round(max(_LEAST_NOISE, 2 * (max(suite.repeats) - min(suite.repeats)) / middle), 3)


def starved(judgement: Judgement) -> float:
    """Return the share of the run in which its tests could have run and had no processor; 0 where nothing tells."""
    time = judgement.suite.time if judgement.suite else None
    return time.starved_s / time.wall_s if time is not None and time.starved_s and time.wall_s else 0.0


def property_tests(judgement: Judgement) -> list[str]:
    """Return the ids of property tests: those that were examined as such, and the category of that name."""
    examined = [one.test for one in judgement.property_tests]
    of_category = [test.id for test in judgement.suite.tests if test.category == _PROPERTY] if judgement.suite else []
    return sorted({*examined, *of_category})


def _fixtures(suite: SuiteReport) -> dict[str, float]:
    """Return the set-up seconds of the dearest fixtures, by name, as the test file adds them up."""
    found: dict[str, float] = {}
    for fixture in suite.fixtures:
        found[fixture.name] = round(found.get(fixture.name, 0.0) + fixture.setup_s, 4)
    return dict(sorted(found.items()))


def _passed(suite: SuiteReport) -> dict[str, dict[str, float]]:
    found = {}
    for test in sorted(suite.tests, key=lambda one: one.id):
        phases = (("setup", test.seconds.setup), ("call", test.seconds.call), ("teardown", test.seconds.teardown))
        if test.outcome == "passed" and not test.teardown_error and not _is_guard(test.id):
            found[test.id] = {phase: round(seconds, 4) for phase, seconds in phases if seconds is not None}
    return found


def _is_guard(test: str) -> bool:
    """Whether it is one of the tests written here: what those take depends on what they find."""
    return test.partition("::")[0].rpartition("/")[2] in {NAME, flaky_detection.NAME, isolation_validation.NAME}
