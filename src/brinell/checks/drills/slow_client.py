"""Slow clients: the others are served as before, and what the slow ones held is free again afterwards."""

from __future__ import annotations

from brinell.checks.drills.ruling import Ruled, failed, milliseconds, passed, percent, ruled, unknown
from brinell.checks.drills.seen import Seen
from brinell.checks.load.generator import LATE, trust
from brinell.core.drill_judgement import DrillRule
from brinell.core.drill_records import SlowClients
from brinell.core.returning import LEAST, Seconds
from brinell.core.sparse import merged, quantiles_ns
from brinell.core.verdicts import Reason

FLOOR_NS = 5_000_000  # a p95 up to so much above the one without is no harm, whatever the factor
TAKEN_IN = 4 << 20  # bytes that a system takes from a server at most before anybody reads them (Linux: tcp_wmem)
HOLDS_BYTES = 8 << 20  # memory that one slow client may cost the service: an answer made in one piece, say
WELL = 0.5  # share of requests that must succeed before they come
_FDS = ("fds_before", "fds_during", "fds_after")
_RSS = ("rss_before_bytes", "rss_during_bytes", "rss_after_bytes")
FREE = 0.5  # share of the slow clients' descriptors that must be free again


def slow_client(seen: Seen) -> Ruled:
    """Judge one drill with slow clients."""
    options, tally = seen.options, seen.tally
    part = int(options["part_s"])
    if tally is None or seen.mark("slow-came") is None:
        said = "no slow client ever came"
        return Ruled({}, [unknown("slow", Reason.NOT_EXERCISED, said)], said)
    spans = {"before": range(1, part), "during": range(part + 1, 2 * part), "after": range(2 * part + 1, 3 * part)}
    p95 = {name: _p95(seen.seconds, span) for name, span in spans.items()}
    ended = {name: sum(seen.seconds[s].ended for s in span if s in seen.seconds) for name, span in spans.items()}
    wrong = {name: _failed(seen.seconds, span) for name, span in spans.items()}
    last = {one.kind_of: one for one in seen.slow}
    fds = _fds(seen, part)
    held = _most_held(seen.slow)
    measured: dict[str, object] = {
        "asked": int(options["slow"]),
        "held": held,
        **{f"p95_{name}_ms": milliseconds(value) for name, value in p95.items()},
        **{f"errors_{name}": None if share is None else round(share, 5) for name, share in wrong.items()},
        "closed_by_service": {kind: one.closed for kind, one in last.items()},
        "refused": {kind: one.refused for kind, one in last.items()},
        "answered": {kind: one.answered for kind, one in last.items()},
        "first_closed_s": min((one.first_closed_s for one in last.values() if one.first_closed_s), default=None),
        "reader_bytes": seen.numbers.get("reader_bytes"),
        "fds_before": fds[0],
        "fds_during": fds[1],
        "fds_after": fds[2],
        **dict(zip(_RSS, _rss(seen, part), strict=True)),
    }
    rules = _took_hold(seen, measured, ended, wrong["before"] or 0.0)
    if not rules:
        trusted = trust(tally, {})
        invalid = None if trusted.valid else trusted.reason
        refused = seen.refused(part + 1, 2 * part) - (wrong["before"] or 0.0)
        if trusted.broken == (LATE,) and refused > float(options["errors"]):
            invalid = None
        rules = [_served(seen, p95, wrong, invalid), *_freed(fds, held), *_costs(measured, held)]
    rules += _read(seen)
    title = (
        f"p95 of the others {measured['p95_during_ms']} ms beside {measured['held']} slow clients, "
        f"{measured['p95_before_ms']} ms without"
    )
    return Ruled(measured, rules, title, _not_measured(seen, measured))


def _p95(seconds: Seconds, span: range) -> int | None:
    chosen = [seconds[number] for number in span if number in seconds]
    parts = [part for one in chosen for part in one.parts]
    return quantiles_ns(merged(parts), [0.95], max((one.max_ns for one in chosen), default=0))[0]


def _failed(seconds: Seconds, span: range) -> float | None:
    chosen = [seconds[number] for number in span if number in seconds]
    ended = sum(one.ended for one in chosen)
    return sum(one.failed for one in chosen) / ended if ended else None


def _most_held(slow: list[SlowClients]) -> int:
    """The most that were open at one time."""
    at: dict[int, int] = {}
    for one in slow:
        at[one.at_ns] = at.get(one.at_ns, 0) + one.held
    return max(at.values(), default=0)


def _fds(seen: Seen, part: int) -> tuple[int | None, int | None, int | None]:
    """Descriptors of the service: the most before, the most during, the last after. Connections of the load itself do
    not count: it keeps those that it opened while the service stood still.
    """
    found: list[list[int]] = [[], [], []]
    start_ns = seen.tally.started.start_ns if seen.tally else 0
    for one in seen.tally.vitals if seen.tally else ():
        at_s = (one.at_ns - start_ns) / 1e9
        number = int(at_s // part)
        if one.fds is not None and number >= 0:
            own = seen.connections.get(round(at_s) - 1, 0)  # at the end of the second that is nearest
            found[min(number, 2)].append(max(0, one.fds - own))
    before, during, after = found
    return max(before, default=None), max(during, default=None), after[-1] if after else None


def _rss(seen: Seen, part: int) -> tuple[int | None, int | None, int | None]:
    """Memory of the service: the most before, the most during, the last after."""
    found: list[list[int]] = [[], [], []]
    start_ns = seen.tally.started.start_ns if seen.tally else 0
    for one in seen.tally.vitals if seen.tally else ():
        number = int((one.at_ns - start_ns) / 1e9 // part)
        if one.rss_bytes is not None and number >= 0:
            found[min(number, 2)].append(one.rss_bytes)
    before, during, after = found
    return max(before, default=None), max(during, default=None), after[-1] if after else None


def _costs(measured: dict[str, object], held: int) -> list[DrillRule]:
    """What is made faster than a client takes it waits where it is made, or in memory, where nothing bounds it."""
    before, during = measured["rss_before_bytes"], measured["rss_during_bytes"]
    if not isinstance(before, int) or not isinstance(during, int) or not held:
        return []
    each = max(0, during - before) / held
    said = f"{during / 1e6:,.0f} MB of memory with slow clients, {before / 1e6:,.0f} MB before"
    bad = f"{said}: {each / 1e6:.3g} MB for each of {held}. Make answers as fast as they are taken (back-pressure)"
    return [ruled("memory", each <= HOLDS_BYTES, said, f"{bad}, or put a proxy in front that buffers on disk")]


def _took_hold(seen: Seen, measured: dict[str, object], ended: dict[str, int], failed_before: float) -> list[DrillRule]:
    if ended["before"] < LEAST:
        why = f"only {ended['before']} requests ended before they came: take a higher rate, or longer part_s"
        return [unknown("usual", Reason.INCONCLUSIVE, why)]
    if failed_before > WELL:
        return [unknown("usual", Reason.NOT_EXERCISED, "most requests failed before they came")]
    closed = sum(one.closed + one.answered for one in seen.slow)
    if not measured["held"] and not closed:
        why = seen.numbers.get("short") or "none of them got a connection"
        return [unknown("slow", Reason.NOT_EXERCISED, f"no slow client was there: {why}")]
    if int(seen.tally.span_s if seen.tally else 0) < 2 * int(seen.options["part_s"]):
        return [unknown("slow", Reason.INCONCLUSIVE, "it ended before the slow clients did")]
    return []


def _served(seen: Seen, p95: dict[str, int | None], wrong: dict[str, float | None], invalid: str | None) -> DrillRule:
    allowed = float(seen.options["errors"])
    before, during = p95["before"], p95["during"]
    if before is None:
        return unknown("served", Reason.INCONCLUSIVE, "nothing was answered before they came")
    limit = max(float(seen.options["factor"]) * before, before + FLOOR_NS)
    errors = 1.0 if wrong["during"] is None else wrong["during"]
    more = errors - (wrong["before"] or 0.0)
    slower = during is None or during > limit
    if not slower and more <= allowed:
        return passed("served", f"the others were served as before: p95 {_ms(during)} instead of {_ms(before)}")
    if invalid is not None:
        return unknown("served", Reason.INVALID, f"the others fared worse, but the generator was a limit. {invalid}")
    parts = [f"p95 {_ms(during)} instead of {_ms(before)}"] if slower else []
    parts += [f"{percent(errors)} of requests failed"] if more > allowed else []
    part = int(seen.options["part_s"])
    late = range(5 * part // 2, 3 * part)  # what queued up meanwhile is worked off
    settled = _p95(seen.seconds, late)
    if more <= allowed and settled is not None and settled > limit:
        why = f"the others fared worse ({', '.join(parts)}), and no better after the slow clients had hung up"
        return unknown("served", Reason.INCONCLUSIVE, f"{why}: was this machine busy with something else?")
    return failed("served", f"the others fared worse beside slow clients: {', '.join(parts)}")


def _freed(fds: tuple[int | None, int | None, int | None], held: int) -> list[DrillRule]:
    before, during, after = fds
    if before is None or during is None or after is None or during - before < FREE * held or not held:
        return []  # it could not be seen, or they never were descriptors of the service
    return [
        ruled(
            "freed",
            after - before <= FREE * held,
            f"descriptors are back: {before}, {during} with slow clients, {after} afterwards",
            f"descriptors did not come back: {before}, {during} with slow clients, {after} after they hung up",
        )
    ]


def _read(seen: Seen) -> list[DrillRule]:
    """Slow readers make nobody wait whose answers the system takes in at once."""
    size = seen.numbers.get("reader_bytes")
    if "readers" not in seen.options["kinds"] or size is None or size > TAKEN_IN:
        return []
    why = (
        f"what each slow reader asked for, {size / 1000:,.0f} kB in all, fits into the system's buffers, so "
        "that nothing waited for them: name something larger (large)"
    )
    return [unknown("readers", Reason.NOT_EXERCISED, why, required=False)]


def _ms(value_ns: int | None) -> str:
    return "no answer" if value_ns is None else f"{value_ns / 1e6:.3g} ms"


def _not_measured(seen: Seen, measured: dict[str, object]) -> dict[str, str]:
    why_fds = seen.tally.started.subject_reason if seen.tally else ""
    why = {
        "reader_bytes": "nobody asked, or the answer was not there in time",
        "first_closed_s": f"the service closed none of them in the {seen.options['part_s']} s they were there",
        **dict.fromkeys((*_FDS, *_RSS), why_fds or "the service could not be looked at"),
        **{f"{what}_{name}{unit}": "nothing ended in that time" for name in ("before", "during", "after")
           for what, unit in (("p95", "_ms"), ("errors", ""))},
    }  # fmt: skip
    return {key: reason for key, reason in why.items() if measured[key] is None}
