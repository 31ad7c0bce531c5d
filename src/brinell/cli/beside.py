"""Two judgements side by side. Pure: shows differences, judges none of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brinell.core.judgement import Judgement, Load, SuiteReport, TestEntry
from brinell.core.redact import one_line

_COUNTS = ("test_count", "passed", "failed", "errors", "skipped", "xfailed", "xpassed", "flaky_retries")
_QUANTILES = ("p50", "p90", "p95", "p99", "p99_9", "max")


class Row(NamedTuple):
    """One line of the comparison; ``change`` is B against A in words, empty where there is nothing to say."""

    section: str
    name: str
    a: str
    b: str
    change: str = ""


def rows(a: Judgement, b: Judgement) -> list[Row]:
    """Return what there is to compare, sections together: run, suite, bugs, tests, one section per load scenario."""
    return [*_run(a, b), *_suite(a.suite, b.suite), *_bugs(a, b), *_tests(a.suite, b.suite), *_loads(a, b)]


def _run(a: Judgement, b: Judgement) -> Iterator[Row]:
    yield Row("run", "verdict", a.verdict, b.verdict, "" if a.verdict == b.verdict else "changed")
    yield Row("run", "state", a.run.state, b.run.state)
    yield _number("run", "seconds", a.run.duration_s, b.run.duration_s)


def _suite(a: SuiteReport | None, b: SuiteReport | None) -> Iterator[Row]:
    if a is None and b is None:
        return
    for name in _COUNTS:
        left, right = getattr(a, name, None), getattr(b, name, None)
        if left or right:
            yield _number("suite", name.replace("test_count", "tests").replace("_", " "), left, right, share=False)
    seconds = [suite.execution_time_seconds if suite else None for suite in (a, b)]
    yield _number("suite", "seconds", *seconds)


def _bugs(a: Judgement, b: Judgement) -> Iterator[Row]:
    """Compare bugs by signature, which survives moved lines."""
    before, after = ({bug.signature: bug for bug in judgement.bugs} for judgement in (a, b))
    for signature in dict.fromkeys([*after, *before]):
        old, new = before.get(signature), after.get(signature)
        bug = new or old
        if bug is not None:
            change = "still there" if old and new else "new" if new else "gone"
            yield Row(
                "bugs", one_line(bug.title, 60), old.severity if old else "-", new.severity if new else "-", change
            )


def _tests(a: SuiteReport | None, b: SuiteReport | None) -> Iterator[Row]:
    """Tests whose outcome changed, and tests that came or went."""
    before, after = (_by_id(suite) for suite in (a, b))
    if not before or not after:
        return
    for identity in sorted({*before, *after}):
        old, new = before.get(identity), after.get(identity)
        left, right = old.outcome if old else "-", new.outcome if new else "-"
        if left != right:
            yield Row("tests", identity, left, right, "new" if old is None else "gone" if new is None else "changed")


def _by_id(suite: SuiteReport | None) -> dict[str, TestEntry]:
    return {test.id: test for test in suite.tests} if suite else {}


def _loads(a: Judgement, b: Judgement) -> Iterator[Row]:
    before, after = ({load.scenario: load for load in judgement.load} for judgement in (a, b))
    for scenario in dict.fromkeys([*before, *after]):
        yield from _load(f"load {scenario}", before.get(scenario), after.get(scenario))


def _load(section: str, a: Load | None, b: Load | None) -> Iterator[Row]:
    yield _number(section, "target rate", getattr(a, "target_rate", None), getattr(b, "target_rate", None), share=False)
    yield _number(section, "achieved rate", getattr(a, "achieved_rate", None), getattr(b, "achieved_rate", None))
    yield _number(section, "requests", getattr(a, "requests", None), getattr(b, "requests", None), share=False)
    errors = [sum(load.errors.values()) if load else None for load in (a, b)]
    yield _number(section, "errors", *errors, share=False)
    for name in _QUANTILES:
        values = [getattr(load.response_ms, name) if load else None for load in (a, b)]
        yield _number(section, f"response {name.replace('_', '.')} ms", *values)
    valid = ["-" if load is None else "valid" if load.generator.valid else "not valid" for load in (a, b)]
    yield Row(section, "generator", *valid)


def _number(section: str, name: str, a: float | None, b: float | None, *, share: bool = True) -> Row:
    change = ""
    if a is not None and b is not None and a != b:
        change = f"{(b - a) / a:+.1%}" if share and a else f"{b - a:+,}" if isinstance(b - a, int) else f"{b - a:+,.3g}"
    return Row(section, name, _said(a), _said(b), change)


def _said(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")
