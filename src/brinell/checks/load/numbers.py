"""The numbers of one scenario for the judgement, from its tally."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from brinell.checks.load import sessions, surroundings
from brinell.checks.load.generator import Trust
from brinell.checks.load.limits import Ruling
from brinell.checks.load.tally import OperationTally, SecondTally, Tally, keep_slowest
from brinell.core import outcomes
from brinell.core.histogram import Histogram
from brinell.core.judgement import Distribution, Generator, Load, Operation, Series, SubjectVitals
from brinell.core.load_judgement import ErrorSaid, Timeline
from brinell.core.load_records import Exemplar
from brinell.core.observation import Vitals
from brinell.core.timeline import curve
from brinell.core.vitals_records import ProbeLook

_SHARES = (0.5, 0.9, 0.95, 0.99, 0.999)
_MOST_ROWS = 3600  # of the series by second


def distribution(histogram: Histogram) -> Distribution:
    """Return a histogram's quantiles, maximum and mean in milliseconds."""
    p50, p90, p95, p99, p99_9 = (_ms(value) for value in histogram.quantiles_ns(_SHARES))
    mean = histogram.mean_ns()
    return Distribution(
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        p99_9=p99_9,
        max=_ms(histogram.max_ns) if histogram.count else None,
        mean=None if mean is None else mean / 1e6,
    )


MOST_TEXTS = 20


def _texts(tally: Tally) -> tuple[ErrorSaid, ...]:
    start_ns = tally.started.start_ns
    most = sorted(tally.texts.items(), key=lambda item: (-item[1][0], item[0]))[:MOST_TEXTS]
    return tuple(
        ErrorSaid(
            kind=outcomes.kind(outcome),
            text=text,
            count=count,
            first_s=round(max(0, first - start_ns) / 1e9, 3),
            last_s=round(max(0, last - start_ns) / 1e9, 3),
        )
        for (outcome, text), (count, first, last) in most
        if text
    )


def load_of(tally: Tally, trust: Trust, limits: dict[str, float], rulings: dict[str, Ruling]) -> Load:
    """Return the scenario's part of the judgement."""
    started, timeline = tally.started, tally.course.timeline()
    reason = trust.reason or "the generator kept its schedule and had time to spare"
    if started.model == "closed" and trust.valid:
        reason = "the generator had time to spare"
    return Load(
        scenario=started.scenario,
        model=started.model,
        url=started.url,
        target_rate=started.target_rate,
        achieved_rate=tally.achieved_rate,
        sent_rate=tally.sent_rate,
        requests=tally.requests,
        errors=tally.errors,
        statuses=tally.statuses,
        error_seconds=dict(sorted(tally.error_seconds.items())),
        error_texts=_texts(tally),
        response_ms=distribution(tally.response),
        response_ok_ms=distribution(tally.response_ok),
        service_ms=distribution(tally.service),
        histogram=tally.response.encode(),
        generator=_generator(tally, trust, reason),
        subject=_subject(tally),
        connections=started.connections,
        workers=started.workers,
        timeout_s=started.timeout_s,
        span_s=tally.span_s,
        unfinished=tally.ended.unfinished if tally.ended else 0,
        operations={name: operation(one) for name, one in sorted(tally.operations.items())},
        thresholds={
            name: {"limit": limit, "observed": rulings[name].observed, "verdict": rulings[name].verdict.value}
            for name, limit in limits.items()
        },
        samples=_samples(tally),
        series=_series(tally, timeline),
        shape=started.shape,
        peak_rate=started.peak_rate,
        planned=tally.ended.planned if tally.ended else None,
        shed=tally.outcomes.get(outcomes.SHED, 0),
        timeline=timeline,
        curve=curve(tally.response, tally.service),
        sessions=sessions.counts(tally),
    )


def _generator(tally: Tally, trust: Trust, reason: str) -> Generator:
    return Generator(
        valid=trust.valid,
        reason=reason,
        cpu=trust.cpu,
        schedule_lag_ms=distribution(tally.lag),
        calibration=surroundings.numbers(tally.calibrated),
    )


def operation(one: OperationTally) -> Operation:
    """Return the numbers of one kind of request."""
    return Operation(
        requests=one.requests,
        errors=one.errors,
        response_ms=distribution(one.response),
        service_ms=distribution(one.service),
    )


def _subject(tally: Tally) -> SubjectVitals:
    """Means and maxima over the run; CPU is a difference, so it takes two looks."""
    vitals, lag = tally.vitals, Histogram()
    for one in tally.looks:
        for late_us in one.lags_us if isinstance(one, ProbeLook) else ():
            lag.record(late_us * 1000)
    loop_lag_ms = distribution(lag) if lag.count else None
    if not vitals:
        return SubjectVitals(cpu=None, rss=None, fds=None, threads=None, loop_lag_ms=loop_lag_ms)
    rates = _cpu_rates(vitals)
    first, last = vitals[0], vitals[-1]
    elapsed = (last.at_ns - first.at_ns) / 1e9
    return SubjectVitals(
        cpu=(last.cpu_s - first.cpu_s) / elapsed if elapsed > 0 else None,
        cpu_max=max((rate for _, rate in rates), default=None),
        rss=_highest([one.rss_bytes for one in vitals]),
        fds=_highest([one.fds for one in vitals]),
        threads=_highest([one.threads for one in vitals]),
        processes=max(one.processes for one in vitals),
        loop_lag_ms=loop_lag_ms,
        rss_growth=tally.memory_growth,
    )


def _cpu_rates(vitals: list[Vitals]) -> list[tuple[int, float]]:
    """Return (moment, cores used since the look before)."""
    return [
        (late.at_ns, (late.cpu_s - early.cpu_s) / ((late.at_ns - early.at_ns) / 1e9))
        for early, late in pairwise(vitals)
        if late.at_ns > early.at_ns
    ]


def _series(tally: Tally, timeline: Timeline | None) -> Series | None:
    if not tally.seconds or timeline is None:
        return None
    rows = range(max(tally.seconds) + 1)
    if len(rows) > _MOST_ROWS:
        return _series_of(timeline)
    start = tally.started.start_ns
    cpu = _by_second([(at, rate) for at, rate in _cpu_rates(tally.vitals)], start)
    rss = _by_second([(one.at_ns, one.rss_bytes) for one in tally.vitals if one.rss_bytes is not None], start)
    seconds = [tally.seconds.get(row) or SecondTally() for row in rows]
    quantiles = [one.quantiles_ns((0.5, 0.95, 0.99)) for one in seconds]
    return Series(
        t_s=tuple(float(row) for row in rows),
        rate=tuple(float(one.completed) for one in seconds),
        errors=tuple(one.errors for one in seconds),
        p50_ms=tuple(_ms(found[0]) for found in quantiles),
        p95_ms=tuple(_ms(found[1]) for found in quantiles),
        p99_ms=tuple(_ms(found[2]) for found in quantiles),
        max_ms=tuple(_ms(one.max_ns) if one.parts else None for one in seconds),
        cpu=tuple(cpu.get(row) for row in rows),
        rss_bytes=tuple(None if (found := rss.get(row)) is None else int(found) for row in rows),
    )


def _series_of(timeline: Timeline) -> Series:
    """Return the columns of the timeline as a series: a day by seconds would be most of a judgement."""
    return Series(
        t_s=tuple(float(start) for start in timeline.t_s),
        rate=timeline.rate,
        errors=tuple(sum(counts) for counts in zip(*timeline.errors.values(), strict=True)) or (0,) * len(timeline.t_s),
        p50_ms=timeline.p50_ms,
        p95_ms=timeline.p95_ms,
        p99_ms=timeline.p99_ms,
        max_ms=timeline.max_ms,
        cpu=timeline.cpu,
        rss_bytes=timeline.rss_bytes,
    )


def _by_second(points: list[tuple[int, Any]], start_ns: int) -> dict[int, Any]:
    """Return the highest value of each second."""
    found: dict[int, Any] = {}
    for at, value in points:
        row = (at - start_ns) // 1_000_000_000
        found[row] = max(value, found.get(row, value))
    return found


def _samples(tally: Tally) -> tuple[dict[str, Any], ...]:
    keep_slowest(tally)
    failed = [pair for kept in tally.failed.values() for pair in kept]
    slow = [(identity, one) for _, identity, one in tally.slowest]
    return tuple(_sample(identity, one, tally.started.start_ns) for identity, one in [*slow, *failed])


def _sample(identity: str, one: Exemplar, start_ns: int) -> dict[str, Any]:
    """One request on the scenario's clock; ``service_ms`` None: it was never sent."""
    return {
        "operation": one.operation,
        "outcome": one.outcome,
        "due_s": (one.due_ns - start_ns) / 1e9,
        "lag_ms": (one.woken_ns - one.due_ns) / 1e6,
        "response_ms": (one.ended_ns - one.due_ns) / 1e6,
        "service_ms": (one.ended_ns - one.started_ns) / 1e6 if one.started_ns else None,
        "detail": one.detail,
        "evidence": identity,
    }


def _ms(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e6


def _highest(values: list[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
