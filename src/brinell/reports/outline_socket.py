"""Words and rows for WebSocket scenarios, the same in every report."""

from __future__ import annotations

from brinell.core.judgement import Distribution, WebSocket
from brinell.core.socket_judgement import Hostile, HostileCase
from brinell.core.socket_manners import CUT_OFF, HOSTILE, MANNERS, NOT_MADE, PASSED_ON, SILENT, WENT_ON, has_ended
from brinell.core.socket_view import BEYOND, CUT, FILL, FREE, KEPT, LIMIT, RACE, REFILL, STORM
from brinell.core.verdicts import Verdict
from brinell.reports.figures import MISSING, count, latency, milliseconds, plural, rate, seconds, size

ROOMS = ("Room", "Published", "Owed", "Delivered", "Reach", "Lost", "Twice", "Out of order", "Slowest, ms")
ATTEMPTS = ("Attempts", "Came to", "How many", "Longest, ms", "What was said")
STOCK = ("Moment", "Connections", "Memory", "Descriptors")
MOST_ROOMS = 20
_PARTS = {
    FILL: "to fill it",
    BEYOND: "one more",
    FREE: "after one had left",
    STORM: "at the full subject",
    CUT: "after one was cut off",
    RACE: "at once, more than fit",
    REFILL: "to fill it again",
    KEPT: "those that had a place",
}
_ENDS = {
    WENT_ON: "it went on",
    SILENT: "neither ended nor answered",
    PASSED_ON: "sent back as it was",
    CUT_OFF: "cut off by the client",
    NOT_MADE: "no connection",
}
_MOMENTS = {
    "before": "before",
    "filled": "full",
    "half": "after half of the refusals",
    "refused": "after all refusals",
    "emptied": "after all had left",
    "once": "after all of it",
    "twice": "after all of it again",
}


def title(one: WebSocket) -> str:
    """Return the section's title."""
    return f"WebSocket: {one.scenario}"


def facts(one: WebSocket) -> list[str]:
    """Return what was done and what came of it, a sentence a line."""
    if one.mode == LIMIT:
        return _limit(one)
    if one.hostile is not None:
        return _hostile(one.hostile)
    return [_messages(one), _connections(one), *_disorder(one)]


def reach(value: float | None) -> str:
    """Format a share that must not look better than it is: ``1``, ``0.9999``."""
    return MISSING if value is None else f"{int(value * 1e6) / 1e6:g}"


def times(one: WebSocket) -> list[tuple[str, Distribution]]:
    """Return the rows of the table of times."""
    rows = [("connect", one.connect_ms)]
    if one.mode in {LIMIT, HOSTILE}:
        return rows
    first = "delivery" if one.delivery_ms is not None else one.mode
    rows = [(first, one.response_ms), (f"{first}, from the send", one.service_ms), *rows]
    if one.skew_ms is not None:
        rows.insert(2, ("first to last receiver", one.skew_ms))
    return rows + [(name, one.operations[name].response_ms) for name in ("join", "ping") if name in one.operations]


def rooms(one: WebSocket) -> list[tuple[str, ...]]:
    """Return a row for each room, the worst first; none where there is only one."""
    if one.room_count < 2:
        return []
    return [
        (
            str(room.room),
            count(room.published),
            count(room.expected),
            count(room.received),
            reach(room.reach),
            count(room.lost),
            count(room.duplicated),
            count(room.reordered),
            latency(room.delivery_max_ms),
        )
        for room in one.rooms[:MOST_ROOMS]
    ]


def attempts(one: WebSocket) -> list[tuple[Verdict, tuple[str, ...]]]:
    """Return a row for what came of the attempts of each part of a trial, and whether that was right."""
    if one.hostile is not None:
        return [_misbehaved(case) for case in one.hostile.cases]
    if one.limit is None:
        return []
    return [
        (
            Verdict.PASS if part.right else Verdict.FAIL,
            (_PARTS.get(part.part, part.part), part.outcome, count(part.count), latency(part.longest_ms), part.detail),
        )
        for part in one.limit.parts
    ]


def stock(one: WebSocket) -> list[tuple[str, ...]]:
    """Return what the subject held at each moment of a trial."""
    trial = one.limit or one.hostile
    if trial is None:
        return []
    return [
        (_MOMENTS.get(now.moment, now.moment), count(now.connections), size(now.rss_bytes), count(now.fds))
        for now in trial.stock
    ]


def _misbehaved(case: HostileCase) -> tuple[Verdict, tuple[str, ...]]:
    words = MANNERS[case.case].words if case.case in MANNERS else "nobody misbehaves"
    said = "; ".join(part for part in (case.said, f"others: {case.harmed}" if case.harm else "") if part)
    verdict = Verdict.FAIL if case.harm else Verdict.UNKNOWN if case.tolerated else Verdict.PASS
    return verdict, (words, _ENDS.get(case.outcome, case.outcome), "1", latency(case.took_ms), said)


def _hostile(trial: Hostile) -> list[str]:
    cases = [case for case in trial.cases if case.case in MANNERS]
    told = [f"{count(len(cases))} of {plural(len(MANNERS), 'kind')} of bad clients tried, a connection each"]
    if ended := sum(has_ended(case.outcome) for case in cases):
        told[0] += f"; {count(ended)} of them were cut off"
    harmed = sum(bool(case.harm) for case in cases)
    told.append(f"{count(harmed)} harmed others" if harmed else "none of them harmed others")
    return told


def _limit(one: WebSocket) -> list[str]:
    limit = one.limit
    if limit is None:
        return []
    lines = [f"{count(limit.accepted)} of {plural(limit.configured, 'connection')} accepted"]
    if limit.tried:
        lines[0] += f", {count(limit.rejected)} of {count(limit.tried)} beyond refused"
    if limit.freed_s is not None:
        lines.append(f"a place was free {seconds(limit.freed_s)} after its connection was closed")
    if limit.raced is not None:
        lines.append(f"{count(limit.raced)} let in at once to {plural(limit.race_places, 'free place')}")
    if limit.recovered is not None:
        lines.append("as many fit again afterwards" if limit.recovered else "not as many fit again afterwards")
    if limit.leaked_fds is not None:
        lines.append(f"{plural(max(0, limit.leaked_fds), 'descriptor')} left open by the refusals")
    return lines


def _messages(one: WebSocket) -> str:
    asked = f"{rate(one.achieved_rate)} of {rate(one.target_rate)} asked for"
    if one.mode != "broadcast":
        failed = sum(one.errors.values())
        return f"{one.mode} over {plural(one.connections, 'connection')}, {asked}: {_counted(one.requests, failed)}"
    where = plural(max(1, one.room_count), "room")
    came = f"{count(one.received)} of {plural(one.expected or 0, 'delivery', 'deliveries')}, reach {reach(one.reach)}"
    return f"broadcast to {plural(one.connections, 'connection')} in {where}, {asked}: {came}"


def _counted(messages: int, failed: int) -> str:
    return plural(messages, "message") + (f", {count(failed)} failed" if failed else ", none failed")


def _connections(one: WebSocket) -> str:
    sockets = one.sockets
    told = f"{count(min(sockets.opened, one.connections))} of {plural(one.connections, 'connection')} made"
    if sockets.opened > one.connections:
        told += f", {count(sockets.opened - one.connections)} of them again"
    told += f", p95 {milliseconds(one.connect_ms.p95)}; {count(sockets.most_open)} open at most"
    ended = sum(sockets.closes.values())
    if ended:
        codes = ", ".join(f"{count(number)} with {code}" for code, number in sockets.closes.items())
        told += f"; the subject ended {count(ended)}: {codes}"
    if sockets.slow:
        told += f"; {count(sockets.slow)} read slowly"
    if sockets.pings:
        told += f"; {count(sockets.pongs)} of {plural(sockets.pings, 'ping')} answered"
        told += f", {milliseconds(sockets.ping_max_ms)} at most" if sockets.ping_max_ms is not None else ""
    return told


def _disorder(one: WebSocket) -> list[str]:
    words = (("lost", "did not come"), ("duplicated", "came twice"), ("reordered", "came after a later one"))
    told = [f"{count(number)} {what}" for name, what in words if (number := getattr(one, name))]
    return [", ".join(told)] if told else []
