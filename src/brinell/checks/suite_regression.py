"""Did the suite get slower? Suite time against the blessed baseline: weaker evidence than pairs of runs (``--against``)
and told in the same words. A threshold alone decides nothing: regressed is what an exact sign test finds beyond it, not
regressed what it finds below; and where processor time did not grow along, a tenth of the error is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from statistics import median
from typing import Any

import msgspec

from brinell.checks.suite_facts import Session, Suite
from brinell.core.finding import Finding
from brinell.core.judgement import Regression
from brinell.core.observation import SuiteStarted
from brinell.core.slower import CANNOT_TELL, NOT_REGRESSED, REGRESSED
from brinell.core.stats import ALPHA, median_interval, runs_to_confirm, sign_test
from brinell.core.verdicts import Reason, Verdict

_MOST_NAMED = 4
_WAITING = 10.0  # times the evidence, where processor time has not grown
_CARRIES = 0.5  # of the difference: processor time that grew by less is not its reason


class Verdicted(msgspec.Struct, frozen=True):
    """The verdict on suite time with all that a finding and the report say about it."""

    regression: Regression
    title: str
    detail: str = ""
    reason: Reason | None = None
    required: bool = False


class _Times(msgspec.Struct, frozen=True):
    """Seconds then and now of the same thing; ``what`` says of which."""

    baseline: tuple[float, ...]
    now: tuple[float, ...]
    what: str
    cpu_then: tuple[float, ...] = ()
    cpu_now: tuple[float, ...] = ()

    @property
    def cpu_ratio(self) -> float | None:
        """Processor time now by then; None where one of them is not known."""
        return median(self.cpu_now) / median(self.cpu_then) if self.cpu_now and self.cpu_then else None

    @property
    def waits(self) -> bool:
        """Whether it is known that processor time did not grow with wall time."""
        if self.cpu_ratio is None:
            return False
        grown_s = median(self.now) - median(self.baseline)
        return median(self.cpu_now) - median(self.cpu_then) < _CARRIES * grown_s


class _Blessed(msgspec.Struct, frozen=True):
    """The suite's part of a baseline."""

    seconds: tuple[float, ...]
    tests: dict[str, tuple[str, float]]
    fingerprint: dict[str, str] = {}
    workers: int | None = None
    cpu_s: tuple[float, ...] = ()


def compare(suite: Suite, baseline: Mapping[str, Any] | None, fingerprint: Mapping[str, str]) -> Verdicted:
    """Judge the time of ``suite``; ``baseline`` is the blessed file's content, ``fingerprint`` that of this run."""
    threshold = suite.spec.regression_ratio
    if baseline is None or "suite" not in baseline:
        return _unknown(threshold, Reason.NOT_EXERCISED, "no baseline for the suite's time", "brinell bless makes one")
    blessed = _read(baseline)
    if blessed is None:
        return _unknown(threshold, Reason.INVALID, "the baseline's suite part cannot be read", "bless a run again")
    complete = [session for session in suite.alike if session.complete]
    times = _comparable(complete, blessed) if complete else None
    different = _incomparable(suite, blessed, fingerprint)
    if different:
        return _unknown(threshold, Reason.INCONCLUSIVE, "the baseline is of another environment", different)
    if times is None:
        why = "no test is in both, with the same outcome" if complete else "no run of it came to its end"
        return _unknown(threshold, Reason.INCONCLUSIVE, "the suite's time cannot be compared with its baseline", why)
    return _decide(times, threshold)


def _incomparable(suite: Suite, blessed: _Blessed, fingerprint: Mapping[str, str]) -> str:
    different = differences(blessed.fingerprint, fingerprint)
    if different:
        return f"{different}. Bless a run of this environment to compare with it."
    workers = side_by_side(suite.started)
    return "" if blessed.workers in (None, workers) else f"workers: {blessed.workers} then, {workers} now"


def side_by_side(started: SuiteStarted | None) -> int:
    """How many workers shared the tests, pytest-xdist's or Brinell's; 0 for one process."""
    return (started.xdist_workers or started.workers) if started else 0


def serial_of(baseline: Mapping[str, Any] | None, tests: AbstractSet[str], now: Mapping[str, str]) -> float | None:
    """Return the blessed seconds of just these tests in one process of this environment; None if there are none."""
    blessed = _read(baseline) if baseline is not None and "suite" in baseline else None
    if blessed is None or blessed.workers != 0 or differences(blessed.fingerprint, now):
        return None
    return median(blessed.seconds) if blessed.tests.keys() == tests else None


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say which facts of two fingerprints differ; empty where none does."""
    keys = [key for key in sorted(then.keys() | now.keys()) if then.get(key) != now.get(key)]
    told = [f"{key}: {then.get(key, 'not known')} then, {now.get(key, 'not known')} now" for key in keys]
    return "; ".join(told)


def _read(baseline: Mapping[str, Any]) -> _Blessed | None:
    try:
        blessed = msgspec.convert({"fingerprint": baseline.get("fingerprint", {}), **baseline["suite"]}, _Blessed)
    except (msgspec.ValidationError, TypeError):
        return None
    usable = blessed.seconds and all(seconds > 0 for seconds in (*blessed.seconds, *blessed.cpu_s))
    return blessed if usable else None


def _comparable(sessions: Sequence[Session], blessed: _Blessed) -> _Times | None:
    """Times of what is the same then and now; None if nothing is.

    A suite that grew is not slower, and one whose tests fail early not faster: tests that are new, gone, or ended
    otherwise are left out, their seconds taken off the wall time. Under xdist those do not add up to wall time, so the
    seconds of all other tests are compared instead.
    """
    common = set(blessed.tests)
    for session in sessions:
        common = {n for n in common if n in session.tests and session.tests[n].outcome == blessed.tests[n][0]}
    others = {name for session in sessions for name in session.tests} | blessed.tests.keys()
    others -= common
    walls = tuple(session.ended.seconds for session in sessions if session.ended)
    if not others:
        known = [cpu_s for session in sessions if (cpu_s := session.cpu_s)]
        cpu = tuple(known) if len(known) == len(sessions) else ()
        return _Times(blessed.seconds, walls, "wall time of the suite", blessed.cpu_s, cpu)
    what = f"{len(common):,} tests in common with the same outcome (not {_named(sorted(others))})"
    if any(side_by_side(session.started) for session in sessions):
        then: tuple[float, ...] = (sum(blessed.tests[name][1] for name in common),)
        now = tuple(sum(session.tests[name].total_s for name in common) for session in sessions)
        times = _Times(then, now, f"seconds of the {what}, added")
    else:
        less = sum(blessed.tests[name][1] for name in others & blessed.tests.keys())
        then = tuple(wall - less for wall in blessed.seconds)
        now = tuple(
            wall - sum(test.total_s for name, test in session.tests.items() if name in others)
            for wall, session in zip(walls, sessions, strict=True)
        )
        times = _Times(then, now, f"wall time without what is not among the {what}")
    return times if common and median(times.baseline) > 0 else None


def _decide(times: _Times, ratio: float) -> Verdicted:
    then, now, runs = median(times.baseline), median(times.now), len(times.now)
    limit = then * ratio
    above, below = sign_test(times.now, limit), sign_test([-seconds for seconds in times.now], -limit)
    alpha = ALPHA / _WAITING if times.waits else ALPHA
    allowed = f"({now / then:.2f} times; allowed {ratio:g} times, {_s(limit)})"
    facts = [f"{times.what}: {_s(now)}{_spread(times.now)} against {_s(then)} blessed {allowed}"]
    if times.cpu_ratio is not None:
        facts.append(f"processor time {times.cpu_ratio:.2f} times")
    told = f"the suite takes {now / then:.2f} times its baseline"
    answer, verdict, required = CANNOT_TELL, Verdict.UNKNOWN, now > limit
    reason: Reason | None = Reason.INCONCLUSIVE
    if now > limit and above.p <= alpha:
        answer, verdict, reason = REGRESSED, Verdict.FAIL, None
        facts.append(
            f"{above.above} of {above.counted} runs are beyond the limit; by chance p = {above.p:.3f} (sign test)"
        )
    elif now <= limit and below.confirmed:
        answer, verdict, reason, required = NOT_REGRESSED, Verdict.PASS, None, True
        facts.append(
            f"{below.above} of {below.counted} runs are below the limit; by chance p = {below.p:.3f} (sign test)"
        )
    else:
        side, words = (above, "slow") if now > limit else (below, "fast")
        needed = runs_to_confirm(side.above, side.counted, alpha if now > limit else ALPHA)
        told += f" in {_runs(runs)}"
        facts.append(
            f"{_runs(needed)} in all settle it (brinell suite --repeat {needed}), if the others are as {words}"
        )
        if now > limit and times.waits:
            facts.append("it takes longer without computing longer, which takes more evidence")
    regression = Regression(
        baseline_seconds=round(then, 6),
        ratio=round(now / then, 4),
        threshold=ratio,
        verdict=verdict,
        answer=answer,
        cpu_ratio=None if times.cpu_ratio is None else round(times.cpu_ratio, 4),
    )
    return Verdicted(regression, f"{answer}: {told}", ". ".join(facts), reason, required=required)


def _unknown(threshold: float, reason: Reason, title: str, detail: str) -> Verdicted:
    regression = Regression(baseline_seconds=None, ratio=None, threshold=threshold, verdict=Verdict.UNKNOWN)
    return Verdicted(regression, title, detail, reason)


def finding(verdicted: Verdicted, identity: str, check: str, evidence: tuple[str, ...]) -> Finding:
    """Return the finding; a comparison that could not be made is advisory."""
    return Finding(
        id=identity,
        check=check,
        required=verdicted.required,
        verdict=verdicted.regression.verdict,
        reason=verdicted.reason,
        title=verdicted.title,
        detail=verdicted.detail,
        evidence=evidence,
    )


def _spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return ""
    interval = median_interval(values)
    if interval is None:
        return f" (median of {len(values)} runs, {_s(min(values))} to {_s(max(values))})"
    return (
        f" (median of {len(values)} runs; {interval.confidence:.0%} interval {_s(interval.low)} to {_s(interval.high)})"
    )


def _s(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"


def _runs(number: int) -> str:
    return f"{number} run" if number == 1 else f"{number} runs"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    return f"{shown} and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else shown
