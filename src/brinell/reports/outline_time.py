"""Where the suite's time went, in the words and the order of every report."""

from __future__ import annotations

from typing import NamedTuple

from brinell.core.judgement import SuiteReport
from brinell.core.time_judgement import FixtureCost, ImportCost
from brinell.reports.figures import plural, seconds

TITLE = "Where the time goes"
FIXTURES = "Fixtures"
IMPORTS = "Imports"
_MOST = 12
_LEAST_SHARE = 0.005  # of the suite's time: what is below is not listed


class Row(NamedTuple):
    """A part of the time; ``cpu_s`` None where that is not known."""

    name: str
    seconds: float
    share: float
    cpu_s: float | None


_NAMES = (
    ("import", "imports"),
    ("collection", "collection"),
    ("fixtures", "fixtures"),
    ("call", "tests"),
    ("teardown", "teardown beside fixtures"),
    ("start", "start of pytest and plug-ins"),
    ("setup", "set-up beside fixtures"),
    ("between", "between tests"),
    ("end", "end of pytest"),
)


def rows(suite: SuiteReport) -> list[Row]:
    """Return the parts in the order in which they come to a reader's mind; they add up to the suite's time."""
    time = suite.time
    if time is None:
        return []
    whole = time.wall_s or 1.0
    found = []
    for part, words in _NAMES:
        spent = getattr(time, f"{part}_s")
        found.append(Row(words, spent, spent / whole, time.cpu.get(part)))
    return [*found, Row("unexplained", time.unexplained_s, time.unexplained_s / whole, None)]


def waited(suite: SuiteReport) -> str:
    """Say how much of the time the tests had to wait for a processor; empty where that is little or not known."""
    time = suite.time
    if time is None or time.starved_s is None or time.starved_s < 0.05 * time.wall_s:
        return ""
    return f"{seconds(time.starved_s)} of it the tests were ready to run and others had the processor"


def fixtures(suite: SuiteReport) -> list[FixtureCost]:
    """Return the fixtures that are worth a line."""
    least = _LEAST_SHARE * (suite.time.wall_s if suite.time else 0.0)
    return [one for one in suite.fixtures if one.seconds >= max(least, 0.001)][:_MOST]


def imports(suite: SuiteReport) -> list[ImportCost]:
    """Return the imports that are worth a line: not what pytest itself needs before anything of the project runs."""
    least = _LEAST_SHARE * (suite.time.wall_s if suite.time else 0.0)
    return [one for one in suite.imports if not one.at_start and one.seconds >= max(least, 0.001)][:_MOST]


def place(one: FixtureCost) -> str:
    """Return where a fixture is defined: ``tests/conftest.py:12``."""
    return f"{one.file}:{one.line}" if one.file and one.line else one.file


def uses(one: FixtureCost) -> str:
    """Say how often it was set up, and for what."""
    return f"{plural(one.uses, 'time')}, {one.scope}"


def advice(suite: SuiteReport) -> list[tuple[str, str]]:
    """Return what to do, as (what, advice): only where the numbers say so."""
    found = [(f"fixture {one.name}", one.advice) for one in fixtures(suite) if one.advice]
    return found + [(f"import {one.module}", one.advice) for one in imports(suite) if one.advice]
