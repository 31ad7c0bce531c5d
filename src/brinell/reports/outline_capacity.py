"""Words for the breaking point, the same in every report."""

from __future__ import annotations

from collections.abc import Sequence

from brinell.core.capacity_judgement import Capacity, CapacityLevel
from brinell.core.redact import one_line
from brinell.core.sequential import FALLING_BEHIND
from brinell.reports.figures import count, latency, plural, rate, seconds

HEAD = ("Step", "Level", "Verdict", "Answered", "Errors", "p50", "p95", "p99", "Why")
_MOST_WHY = 120
_MOST_DETAIL = 200
_MOST_TOLD = 6


def title(capacity: Capacity) -> str:
    """Return the section's title."""
    return f"Capacity: {capacity.name}"


def facts(capacity: Capacity) -> list[str]:
    """Return what was found, a sentence a line."""
    sure = "" if capacity.confirmed or capacity.low <= 0 else ", not confirmed"
    lines = [f"{capacity.answer}{sure}, with {capacity.limits}"]
    if capacity.knee is not None:
        lines.append(
            f"the knee is at {capacity.level_words(capacity.knee)}: beyond it more load buys more delay than throughput"
        )
    took = f"{plural(len(capacity.steps), 'step')} in {seconds(capacity.took_s)}"
    lines.append(f"{took}: {one_line(capacity.reason, 200)}")
    return lines


def axis(capacity: Capacity) -> str:
    """Say what its levels are: ``requests a second that were asked for``, ``connections at once``, ``rooms``."""
    if capacity.unit == "connections":
        return "connections at once"
    of, per_second, _ = capacity.unit.partition("/s")
    return f"{one_line(of, 40) or 'requests'} a second that were asked for" if per_second else one_line(of, 40)


def limited(capacity: Capacity) -> tuple[str, list[str]]:
    """Return what was at its limit, and the evidence for it; or why nothing is named."""
    found = capacity.limited_by
    if found is None:
        return f"not known: {one_line(capacity.limited_by_reason or 'nothing shows it', 300)}", []
    also = [f"also: {one_line(other, 200)}" for other in found.also]
    return one_line(found.title, 300), [
        *(one_line(line, 300) for line in found.evidence),
        *also,
        one_line(found.fix, 300),
    ]


def rows(capacity: Capacity) -> list[tuple[str, ...]]:
    """Return the steps as a table, in the order in which they were made."""
    return [_row(capacity, step) for step in capacity.steps]


def broke(capacity: Capacity) -> list[str]:
    """Say why steps did not hold, of each level that of its last one, the lowest levels first."""
    told = {step.level: step for step in capacity.steps if step.verdict != "held" and step.why}
    return [
        f"{capacity.level_words(level)} {told[level].verdict}: {_why(told[level])}"
        for level in sorted(told)[:_MOST_TOLD]
    ]


def levels(capacity: Capacity) -> list[CapacityLevel]:
    """Return one step for each level, by level: of several the last that could be believed, else the last."""
    found: dict[float, CapacityLevel] = {}
    for step in capacity.steps:
        known = found.get(step.level)
        if known is None or step.verdict != "invalid" or known.verdict == "invalid":
            found[step.level] = step
    return [found[level] for level in sorted(found)]


def limits_ms(capacity: Capacity) -> Sequence[tuple[str, float]]:
    """Return the limits of response times: name and milliseconds."""
    return [(name, one.limit) for name, one in capacity.thresholds.items() if name.endswith("_ms")]


def _row(capacity: Capacity, step: CapacityLevel) -> tuple[str, ...]:
    why = "" if step.verdict == "held" else _why(step)
    if not step.decided:
        why = f"{why} (by the estimate)".strip()
    return (
        str(step.number),
        capacity.level_words(step.level),
        step.verdict,
        rate(step.achieved),
        count(sum(step.errors.values())),
        *(latency(value) for value in (step.p50_ms, step.p95_ms, step.p99_ms)),
        why,
    )


def _why(step: CapacityLevel) -> str:
    """What decided a step, with its number: ``p95_ms 612``, ``falling behind: 330/s of 336/s``; and what more is known
    of that.
    """
    more = f" ({one_line(step.detail, _MOST_DETAIL)})" if step.detail else ""
    if step.why in step.observed:
        seen = step.observed[step.why]
        return f"{step.why} {f'{seen:,.0f}' if abs(seen) >= 100 else f'{seen:.3g}'}{more}"
    if step.why == FALLING_BEHIND and step.offered is not None:
        return f"{step.why}: {rate(step.achieved)} of {rate(step.offered)}{more}"
    return f"{one_line(step.why, _MOST_WHY)}{more}"
