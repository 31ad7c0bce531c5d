"""What reports say of a load scenario's schedule: whether it was steady, and how each of its stages went."""

from __future__ import annotations

from brinell.core.judgement import Load
from brinell.core.steady_judgement import Stage
from brinell.reports.figures import count, latency, milliseconds, rate, seconds

HEAD = ("Stage", "Asked for", "Answered", "Errors", "p50", "p95", "p99", "max")


def steadiness(load: Load) -> str:
    """Say in a line whether it was steady, with the steady part's numbers where a warm-up was left out of them; empty
    where the rate changes by plan.
    """
    steady = load.steady
    if steady is None:
        return ""
    told = steady.why
    if steady.from_s:
        told += f": {rate(steady.achieved_rate)}, p95 {milliseconds(steady.response_ms.get('p95'))}"
    return told + ("; thresholds are judged on that part" if steady.judged else "")


def stages(load: Load) -> list[tuple[str, ...]]:
    """Return a row for each stage, with the columns of ``HEAD``; milliseconds from p50 on."""
    return [_row(stage) for stage in load.stages]


def _row(stage: Stage) -> tuple[str, ...]:
    asked = rate(stage.from_rate)
    if stage.to_rate != stage.from_rate:
        asked = f"{rate(stage.from_rate).removesuffix('/s')} to {rate(stage.to_rate)}"
    state = f", {stage.course}" if stage.course in {"moving", "growing"} else ""
    return (
        f"{seconds(stage.from_s)} to {seconds(stage.to_s)}{state}",
        asked,
        rate(stage.achieved_rate),
        count(stage.errors),
        *(latency(value) for value in (stage.p50_ms, stage.p95_ms, stage.p99_ms, stage.max_ms)),
    )
