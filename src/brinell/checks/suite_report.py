"""``judgement.suite``: the numbers of the suite, and whether it met its time target. What was not measured is null."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from statistics import median

import msgspec

from brinell.checks.property_targets import with_targets
from brinell.checks.property_tests import property_tests
from brinell.checks.suite_against import compared
from brinell.checks.suite_categories import Categories
from brinell.checks.suite_facts import Seen, Suite, reported, suites
from brinell.checks.suite_regression import compare, serial_of, side_by_side
from brinell.checks.suite_slowest import slowest
from brinell.checks.suite_time import fixtures, imports, suite_time, timed
from brinell.checks.trust_facts import examinations, trust_by_test
from brinell.core.evidence import Evidence, fingerprint, steps_of
from brinell.core.finding import Finding
from brinell.core.judgement import Category, Part, Regression, SuiteReport, TestEntry
from brinell.core.trust import Trust
from brinell.core.verdicts import Reason, Verdict

CHECK = "suite-report"
_FULL = "full_suite"
_ONE_WAY = "brinell suite --workers auto --serial-too runs it both ways"
_NO_STARVING = "this kernel does not count how long a process waited for a processor"
_NO_COST = "what a property test's examples cost was not measured: brinell property, or [suite] property"

_NOT_TRIED = "no numbers of examples were recommended from measured costs and tried"


def suite_report(evidence: Evidence) -> Part:
    """Report the run's suite (the first, where the plan has several) and every suite's time against its target.

    The tests of further suites are judged, and are in no report: that is said among what was not measured.
    """
    found = suites(evidence)
    findings = tuple(_target(suite) for suite in found)
    planned = [step.id for step in steps_of(evidence, "suite")]
    others = {f"suite ({name})": f"the tests of {name} are judged and not listed" for name in planned[1:]}
    first = reported(evidence, found)
    if first is None:
        why = f"{planned[0]} left no record" if planned else "the plan has no suite"
        return Part(findings=findings, not_measured={"suite": why, **others})
    regression = compare(first, evidence.baseline, fingerprint(evidence)).regression
    blessed_s = serial_of(evidence.baseline, set(first.worst()), fingerprint(evidence))
    report = _report(first, regression, evidence.plan.root, trust_by_test(examinations(evidence)), blessed_s)
    report = with_targets(report, property_tests(evidence).property_summary)
    report = msgspec.structs.replace(report, against=compared(evidence))
    return Part(findings=findings, suite=report, not_measured=_not_measured(report) | others)


def _both_ways(suite: Suite, blessed_s: float | None) -> tuple[float | None, float | None]:
    """Return the suite's serial and parallel seconds, None where it is not known. Failures run again do not count.

    The serial time of a suite that ran in parallel is that of its own serial session (``serial_too``), else the blessed
    one, if that was of these tests in this environment.
    """
    if not side_by_side(suite.started):
        return suite.typical_s, None
    complete = [(one.workers, one.ended) for one in suite.sessions if one.complete and one.ended]
    spans = [ended.seconds - ended.checked_s for workers, ended in complete if workers]
    serial = [ended.seconds for workers, ended in complete if not workers]
    return median(serial) if serial else blessed_s, median(spans) if spans else None


def _report(
    suite: Suite, regression: Regression, root: str, examined: Mapping[str, Trust], blessed_s: float | None
) -> SuiteReport:
    worst = suite.worst()
    differing = suite.differing()
    started = suite.started
    categories = Categories(suite.spec.categories, _prefix(root, started.rootdir if started else ""))
    of_test = {name: categories.of(test.path, test.markers) for name, test in worst.items()}
    counts = Counter(word for test in worst.values() for word in test.counted)
    seconds = suite.typical_s
    serial, parallel = _both_ways(suite, blessed_s)
    typical = timed(suite.alike)
    last = next((session.ended for session in reversed(suite.sessions) if session.ended), None)
    return SuiteReport(
        timestamp=suite.timestamp,
        execution_time_seconds=_rounded(seconds),
        test_count=len(worst),
        passed=counts["passed"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        errors=counts["error"],
        xfailed=counts["xfailed"],
        xpassed=counts["xpassed"],
        flaky_retries=sum(test.reruns for test in worst.values()),
        categories=_categories(worst.values(), of_test),
        slowest_tests=slowest(worst.values(), of_test),
        serial_seconds=_rounded(serial),
        parallel_seconds=_rounded(parallel),
        parallel_speedup=round(serial / parallel, 3) if serial and parallel else None,
        target_full_suite=suite.spec.target_s,
        target_property_test=None,
        targets_met={_FULL: None if seconds is None else seconds <= suite.spec.target_s},
        property_test_targets=None,
        targets_verified=None,
        verification_timestamp=None,
        regression=regression,
        tests=tuple(
            _entry(test, of_test[name], _trust(suite, test, examined.get(name), differs=name in differing))
            for name, test in worst.items()
        ),
        deselected=max((session.deselected for session in suite.sessions), default=0),
        exit_status=last.exit_status if last else None,
        python=started.python if started else "",
        pytest=started.pytest if started else "",
        interpreter=started.interpreter if started else "",
        warnings=max((session.warnings for session in suite.sessions), default=0),
        repeats=tuple(round(s, 6) for s in suite.seconds) if len(suite.sessions) > 1 else (),
        xdist_workers=started.xdist_workers if started else 0,
        workers=started.workers if started else 0,
        cpu_repeats=_cpu_repeats(suite),
        time=suite_time(typical) if typical else None,
        fixtures=fixtures(typical) if typical else (),
        imports=imports(typical) if typical else (),
    )


def _entry(test: Seen, category: str, trust: str) -> TestEntry:
    return TestEntry(
        id=test.id,
        outcome=test.outcome,
        trust=trust,
        category=category,
        seconds=test.seconds,
        reruns=test.reruns,
        reason=test.reason,
        teardown_error=test.teardown_error,
    )


def _trust(suite: Suite, test: Seen, examined: Trust | None, *, differs: bool) -> str:
    """Return what an outcome is worth. An examination's verdict speaks before what repeats and reruns suggest; where it
    says stable, that confirms an outcome only if every clean process gave the same.
    """
    if examined is not None and examined.verdict != "stable":
        return examined.verdict
    if differs:
        return "differed"
    if examined is not None and test.failed:
        return "confirmed" if examined.always_fails else "differed"
    if test.reruns:
        return "retried"
    if examined is not None:
        return "differed" if examined.always_fails else "stable"
    return "repeated" if len(suite.outcomes(test.id)) > 1 else "single-run"


def _categories(tests: Iterable[Seen], of_test: Mapping[str, str]) -> dict[str, Category]:
    groups: dict[str, list[Seen]] = {}
    for test in tests:
        groups.setdefault(of_test[test.id], []).append(test)
    return {
        name: Category(
            count=len(group),
            passed=sum(test.outcome in ("passed", "xpassed") and not test.failed for test in group),
            failed=sum(test.failed for test in group),
            seconds=round(sum(test.total_s for test in group), 6),
        )
        for name, group in sorted(groups.items())
    }


def _prefix(root: str, rootdir: str) -> str:
    """Where pytest's rootdir lies below the project; empty where it does not."""
    try:
        return str(PurePosixPath(rootdir).relative_to(PurePosixPath(root)))
    except ValueError:
        return ""


def _not_measured(report: SuiteReport) -> dict[str, str]:
    """Every null of the report, with its reason."""
    workers = report.xdist_workers or report.workers
    kind = "xdist workers" if report.xdist_workers else "workers"
    known = report.serial_seconds is not None
    never_ended = "no run of the suite came to its end"
    seconds = never_ended if report.execution_time_seconds is None else ""
    found = {
        "suite.execution_time_seconds": seconds,
        "suite.serial_seconds": "" if known else seconds or f"the suite ran on {workers} {kind}; {_ONE_WAY}",
        "suite.parallel_seconds": seconds or ("" if workers else f"the suite ran in one process; {_ONE_WAY}"),
        "suite.parallel_speedup": ""
        if report.parallel_speedup is not None
        else f"it takes a serial and a parallel run of the same suite; {_ONE_WAY}",
        f"suite.targets_met.{_FULL}": seconds,
        "suite.target_property_test": "" if report.target_property_test else _NO_COST,
        "suite.property_test_targets": "" if report.property_test_targets else _NO_COST,
        "suite.targets_verified": "" if report.targets_verified else _NOT_TRIED,
        "suite.verification_timestamp": "" if report.verification_timestamp else "nothing was verified",
        "suite.time": ""
        if report.time is not None
        else seconds or "only a run in one process, with a recorder of this version, knows where its time went",
        "suite.time.starved_s": _NO_STARVING if report.time is not None and report.time.starved_s is None else "",
        "suite.against": "" if report.against is not None else "brinell suite --against REV compares with other code",
        "suite.exit_status": "" if report.exit_status is not None else "pytest's end was not seen",
    }
    if report.regression.ratio is None:
        why = "there is no comparable baseline: see the finding on regression"
        found |= {"suite.regression.baseline_seconds": why, "suite.regression.ratio": why}
    if report.regression.cpu_ratio is None:
        found["suite.regression.cpu_ratio"] = "processor time is not known of the baseline, or not of this run"
    phases = [test.seconds for test in report.tests]
    if any(None in (one.setup, one.call, one.teardown) for one in phases):
        found["suite.tests[].seconds"] = "a phase that pytest did not reach took no time that could be measured"
    return {path: why for path, why in found.items() if why}


def _target(suite: Suite) -> Finding:
    """A stated target is required; the default one, which nobody asked for, advises."""
    spec, seconds = suite.spec, suite.typical_s
    stated = "" if spec.target_stated else " (the default)"
    verdict, reason = Verdict.PASS, None
    detail = ""
    if seconds is not None:
        verdict = Verdict.PASS if seconds <= spec.target_s else Verdict.FAIL
        title = f"the suite took {seconds:.1f} s; target {spec.target_s:g} s{stated}"
    else:
        spent = max((session.ended.seconds for session in suite.sessions if session.ended), default=0.0)
        title = f"the suite's time is not known; target {spec.target_s:g} s{stated}"
        detail = f"no run came to its end; the longest was stopped after {spent:.1f} s"
        verdict, reason = Verdict.UNKNOWN, Reason.INCONCLUSIVE
        if spent > spec.target_s:
            verdict, reason = Verdict.FAIL, None
            title = f"the suite had taken {spent:.1f} s when it was stopped; target {spec.target_s:g} s{stated}"
    return Finding(
        id=f"{suite.step.id}.target",
        check=CHECK,
        required=spec.target_stated,
        verdict=verdict,
        reason=reason,
        title=title,
        detail=detail,
        evidence=tuple(session.at for session in suite.sessions if session.at),
    )


def _cpu_repeats(suite: Suite) -> tuple[float, ...]:
    ran = [session.cpu_s for session in suite.alike if session.complete]
    return tuple(round(cpu_s, 6) for cpu_s in ran if cpu_s) if all(ran) else ()


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
