"""Lifecycle: it starts every time, ends in its time and order, leaves nothing behind, and says no when it must."""

from __future__ import annotations

import re

from brinell.checks.drills.ruling import (
    ORDERLY,
    Ruled,
    counted,
    failed,
    passed,
    quantile,
    ruled,
    took,
    unknown,
)
from brinell.checks.drills.seen import Seen
from brinell.core.drill_judgement import DrillRule
from brinell.core.drill_records import ServiceLife, StartTried
from brinell.core.verdicts import Reason

OFTEN = 0.5  # share of stops that leave new files behind from which on they pile up
LEAST_STOPS = 3
_IN_USE = re.compile(r"address already in use|EADDRINUSE", re.IGNORECASE)
_SAYS_WHY = re.compile(r"in use|already|bind|EADDRINUSE|\b98\b|\b48\b|taken|occupied", re.IGNORECASE)


def lifecycle(seen: Seen) -> Ruled:
    """Judge one lifecycle."""
    lives = seen.lives
    ready = [life for life in lives if life.ready_s is not None]
    if not ready:
        said = "the service never got ready"
        return Ruled({}, [unknown("start", Reason.NOT_EXERCISED, said)], said)
    stops = [life for life in ready if life.ending == "stop" and life.exit_s is not None]
    kills = [life for life in ready if life.ending == "kill" and life.exit_s is not None]
    starts = [life.ready_s for life in ready if life.ready_s is not None]
    measured = {
        "lives": len(lives),
        "ready_s": _spread(starts),
        "stop_s": _spread([life.exit_s for life in stops if life.exit_s is not None]),
        "failed_starts": len(lives) - len(ready),
        "failed_starts_after_kill": sum(_after_kill(lives, life) for life in lives if life.ready_s is None),
        "overdue": sum(life.overdue for life in stops),
        "orphans": sum(len(life.left) for life in stops),
        "orphans_after_kill": sum(len(life.left) for life in kills),
        "ports_held": sum(life.held for life in stops),
        "files_left": sum(life.files_left for life in stops),
        "files_left_after_kill": sum(life.files_left for life in kills),
        "second_start": _tried(seen.tried.get("second")),
        "port_taken": _tried(seen.tried.get("taken")),
        "at_once": _tried(seen.tried.get("at-once")),
        "at_once_other": _tried(seen.tried.get("at-once-other")),
        "stale_pid": _tried(seen.tried.get("stale-pid")),
    }
    rules = [_starts(lives), *_stops(stops), *_left(stops, kills), *_files(stops)]
    rules += [*_second(seen.tried.get("second")), *_at_once(seen), *_taken(seen.tried.get("taken"))]
    rules += _stale(seen.tried.get("stale-pid"))
    p50, p95 = quantile(starts, 0.5), quantile(starts, 0.95)
    title = f"{counted(len(ready), 'start')} of {len(lives)} got ready, p50 {took(p50)}, p95 {took(p95)}"
    return Ruled(measured, rules, title, _not_tried(seen, measured))


_WORDS = {
    "second_start": "second",
    "port_taken": "taken",
    "at_once": "at-once",
    "at_once_other": "at-once",
    "stale_pid": "stale-pid",
}


def _not_tried(seen: Seen, measured: dict[str, object]) -> dict[str, str]:
    """Say why a start was not tried: what was said of it, or of what came before it."""
    marks = [one.detail for one in seen.marks if one.what == "not-tried"]
    general = next(
        (one for one in marks if one.partition(":")[0] != "stale-pid"), "the drill ended before it was tried"
    )
    found = {}
    for key, what in _WORDS.items():
        if measured[key] is None:
            own = next((one.partition(": ")[2] for one in marks if one.startswith(f"{what}: ")), None)
            found[key] = own or general
    return found


def _spread(values: list[float]) -> dict[str, float | None]:
    return {"p50": quantile(values, 0.5), "p95": quantile(values, 0.95), "max": quantile(values, 1.0)}


def _tried(tried: StartTried | None) -> dict[str, object] | None:
    if tried is None:
        return None
    return {"state": tried.state, "exit_status": tried.exit_status, "after_s": round(tried.after_s, 3)}


def _after_kill(lives: list[ServiceLife], life: ServiceLife) -> bool:
    """Whether a life is the first after one that was killed, or follows others that failed since."""
    for earlier in reversed([one for one in lives if one.number < life.number]):
        if earlier.ready_s is not None:
            return earlier.ending == "kill"
    return False


def _starts(lives: list[ServiceLife]) -> DrillRule:
    broken = [life for life in lives if life.ready_s is None]
    if not broken:
        return passed("start", f"it got ready {counted(len(lives), 'time')} of {len(lives)}")
    first = broken[0]
    killed = _after_kill(lives, first)
    before = next((one for one in reversed(lives) if one.number < first.number and one.ready_s is not None), None)
    left = f" ({', '.join(before.files)})" if killed and before is not None and before.files else ""
    what = f"after a SIGKILL: what it left then{left} keeps it from starting" if killed else "after an orderly stop"
    said = f"start {first.number} failed {what}. {first.said}"
    if _IN_USE.search(first.said):
        said += ". Its port is the same in every life: SO_REUSEADDR lets it listen beside connections that have ended"
    return failed("start", said)


def _stops(stops: list[ServiceLife]) -> list[DrillRule]:
    if not stops:
        return [unknown("stop", Reason.INCONCLUSIVE, "it was never stopped in order")]
    overdue = [life for life in stops if life.overdue]
    odd = sorted({life.exit_status for life in stops if not life.overdue and life.exit_status not in ORDERLY}, key=str)
    slowest = quantile([life.exit_s for life in stops if life.exit_s is not None], 1.0)
    rules = [
        ruled(
            "stop",
            not overdue,
            f"it ended {counted(len(stops), 'time')} in order, the slowest in {took(slowest)}",
            f"{len(overdue)} of {counted(len(stops), 'stop')} took longer than its stop_timeout_s",
        )
    ]
    if odd:
        rules.append(failed("status", f"exit status {', '.join(map(str, odd))} after SIGTERM: it looks like a crash"))
    return rules


def _left(stops: list[ServiceLife], kills: list[ServiceLife]) -> list[DrillRule]:
    left = [life for life in stops if life.left]
    names = ", ".join(dict.fromkeys(name.partition(" (")[0] for life in left for name in life.left))
    rules = [
        ruled(
            "orphans",
            not left,
            "no process outlived it",
            f"processes outlived {len(left)} of {counted(len(stops), 'stop')}: {names}",
        )
    ]
    if any(life.held for life in stops):
        rules.append(failed("port", "something of it still listened on its port after it had ended"))
    if any(life.left for life in kills):
        count = sum(bool(life.left) for life in kills)
        says = f"processes outlived it {count} times when it was killed: what restarts it has to end them all"
        rules.append(failed("orphans-after-kill", says, required=False))
    return rules


def _files(stops: list[ServiceLife]) -> list[DrillRule]:
    """Files of the first life may be there to stay (a database, a cache); what every stop adds piles up."""
    later = stops[1:]
    leaving = [life for life in later if life.files_left]
    if len(later) < LEAST_STOPS - 1:
        return [unknown("files", Reason.INCONCLUSIVE, "too few stops to tell what piles up", required=False)]
    each = ", ".join(leaving[-1].files[:3]) if leaving else ""
    return [
        ruled(
            "files",
            len(leaving) <= OFTEN * len(later),
            "no files pile up",
            f"{len(leaving)} of {len(later)} stops left new files behind, such as {each}",
        )
    ]


def _second(tried: StartTried | None) -> list[DrillRule]:
    if tried is None:
        return []
    rule, status = "second-start", tried.exit_status
    if not tried.first_alive:
        return [failed(rule, "a second start made the first instance stop serving")]
    if tried.state == "ready":
        return [passed(rule, "a second instance serves beside the first")]
    if tried.state == "hung":
        return [failed(rule, f"a second start neither served nor ended within {took(tried.after_s)}")]
    return [
        ruled(
            rule,
            status != 0,
            f"a second start ended with status {status} after {took(tried.after_s)}; the first goes on",
            "a second start ended with status 0, as if all were well, and does not serve",
        )
    ]


def _at_once(seen: Seen) -> list[DrillRule]:
    """Of two that are started at the same moment one serves, and the other says no; or both serve."""
    both = [seen.tried[what] for what in ("at-once", "at-once-other") if what in seen.tried]
    if len(both) < len(("at-once", "at-once-other")):
        return []
    rule, states = "at-once", [one.state for one in both]
    serving = states.count("ready")
    if not serving or not both[0].first_alive:
        return [failed(rule, f"of two starts at once neither serves: {', '.join(map(_became, both))}")]
    if "hung" in states:
        after = max(one.after_s for one in both)
        return [failed(rule, f"of two starts at once one neither served nor ended within {took(after)}")]
    if any(one.state == "ended" and one.exit_status == 0 for one in both):
        return [failed(rule, "of two starts at once one ended with status 0, as if all were well, and does not serve")]
    return [passed(rule, f"of two starts at once {'one serves' if serving == 1 else 'both serve'}")]


def _became(tried: StartTried) -> str:
    return f"{tried.state} with status {tried.exit_status}" if tried.state == "ended" else tried.state


def _stale(tried: StartTried | None) -> list[DrillRule]:
    """A pid file that a kill left names another process by now, as after a restart of a container."""
    if tried is None:
        return []
    rule, named = "stale-pid", ", ".join(tried.files)
    if not tried.first_alive:
        return [failed(rule, f"it ended a process of somebody else's, which its stale {named} named")]
    if tried.state == "ready":
        return [passed(rule, f"it starts although its stale {named} names another process")]
    said = tried.tail[-1] if tried.tail else "it says nothing"
    why = f"it does not start while its stale {named} names another process that lives, as in a new container: {said}"
    return [failed(rule, why, required=False)]


def _taken(tried: StartTried | None) -> list[DrillRule]:
    if tried is None:
        return []
    rule, status = "port-taken", tried.exit_status
    if tried.state == "ready":
        return [passed(rule, "with its port taken it listens elsewhere")]
    if tried.state == "hung":
        return [failed(rule, f"with its port taken it neither served nor ended within {took(tried.after_s)}")]
    if status == 0:
        return [failed(rule, "with its port taken it ended with status 0, as if all were well")]
    found = [passed(rule, f"with its port taken it ended with status {status} after {took(tried.after_s)}")]
    said = "\n".join(tried.tail)
    if not (_SAYS_WHY.search(said) or str(tried.port) in said):
        found.append(failed("port-taken-said", "and does not say that the port is why", required=False))
    return found
