"""Drain: nothing that had begun is lost, kept connections end in order, and it is gone in time.

A connection that is refused once the listener is closed is counted, and is no loss: nothing of a request reached the
service, and whoever balances load repeats it elsewhere. A request that was sent and has no whole answer is lost, and so
is one that gets a 5xx that did not come before the signal, or not as often: clients see both.
"""

from __future__ import annotations

import math
from typing import Any

from brinell.checks.drills.ruling import ORDERLY, Ruled, counted, failed, passed, ruled, took, unknown
from brinell.checks.drills.seen import Seen
from brinell.checks.drills.usual import answered, as_usual
from brinell.core import outcomes
from brinell.core.drill_judgement import DrillRule
from brinell.core.verdicts import Reason

BROKEN = (outcomes.RESET, outcomes.SHORT_BODY, outcomes.PROTOCOL, outcomes.TIMEOUT, outcomes.TLS)
ABNORMAL = "1006"  # no close frame came (RFC 6455, 7.1.5)
GREEN_S = 1.0  # after the signal, from which on a ready path that says yes misleads
USUAL_LOSSES = 0.01  # share of requests that may have no whole answer before the signal: else it loses some anyway
USUAL_ERRORS = 0.5  # share that may fail, however: the others show what the drain does


def drain(seen: Seen) -> Ruled:
    """Judge one drain."""
    numbers, second = seen.numbers, _second(seen)
    if not numbers.get("signal_ns") or second is None:
        why = unknown("signal", Reason.NOT_EXERCISED, "the service was never asked to end")
        return Ruled({}, [why], "the service was never asked to end")
    before, after = seen.counts(0, second), seen.counts(second)
    lost = _lost(before, after, numbers, interrupted=seen.ended is not None and seen.ended.interrupted)
    measured = {
        "requests_before": sum(before.values()),
        "answered_after": sum(count for outcome, count in after.items() if outcomes.completed(outcome)),
        "lost": sum(lost.values()),
        "lost_by_kind": lost,
        "refused": after.get(outcomes.REFUSED, 0),
        "in_flight": numbers["in_flight"],
        "in_flight_answered": numbers["in_flight_answered"],
        "idle_connections": numbers["idle"],
        "idle_closed": numbers["idle_closed"],
        "idle_reset": numbers["idle_reset"],
        "idle_closed_s": numbers["idle_closed_s"],
        "port_closed_s": numbers["port_closed_s"],
        "exit_s": numbers["exit_s"],
        "exit_status": numbers["exit_status"],
        "left": numbers["left"],
        "sockets": numbers["sockets"],
        "socket_codes": numbers["socket_codes"],
    }
    rules = [*_usual(seen, before, after), _loss(seen, lost, measured), *_gone(seen), *_kept(seen), *_sockets(seen)]
    rules += [*_green(numbers), *_done(seen)]
    if "ready_until_s" in numbers:
        measured["ready_until_s"] = numbers["ready_until_s"]
    if "accepted" in numbers:
        measured |= {key: numbers[key] for key in ("accepted", "done_before", "done_after")}
    title = (
        f"{counted(measured['lost'], 'request')} lost after SIGTERM, "
        f"{'killed' if numbers['overdue'] else 'gone'} after {took(numbers['exit_s'])}"
    )
    return Ruled(measured, rules, title, _not_measured(measured, numbers))


def _second(seen: Seen) -> int | None:
    """The second of the load in which the signal was sent; slices are cut there."""
    if seen.tally is None:
        return None
    return int((seen.numbers.get("signal_ns", 0) - seen.tally.started.start_ns) // 1_000_000_000)


def _lost(
    before: dict[str, int], after: dict[str, int], numbers: dict[str, Any], *, interrupted: bool
) -> dict[str, int]:
    found = {kind: after[kind] for kind in BROKEN if after.get(kind)}
    new = f"{outcomes.STATUS}-5"
    found |= {
        outcome: count
        for outcome, count in after.items()
        if outcome.startswith(new) and not as_usual(outcome, count, answered(after), before)
    }
    unanswered = numbers["in_flight"] - numbers["in_flight_answered"]
    if interrupted:
        unanswered -= numbers["in_flight_waits"]
    if unanswered:
        found["in flight at the signal"] = unanswered
    errors: dict[str, int] = numbers.get("in_flight_errors", {})
    answers = numbers["in_flight_answered"]
    usual = sum(count for outcome, count in errors.items() if as_usual(outcome, count, answers, before))
    if numbers["in_flight_5xx"] > usual:
        found["in flight, answered with 5xx"] = numbers["in_flight_5xx"] - usual
    return found


def _usual(seen: Seen, before: dict[str, int], after: dict[str, int]) -> list[DrillRule]:
    """Was the load what it should be?"""
    rules = []
    total = sum(before.values())
    wrong = {outcome: count for outcome, count in before.items() if outcome != outcomes.OK}
    unanswered = total - answered(before)
    if not total:
        after_s = counted(int(seen.options["before_s"]), "second")
        says = f"no request of the load had ended when the signal came, after {after_s}"
        says += ": let before_s be some times what a request takes, or take a higher rate"
        rules.append(unknown("usual", Reason.INCONCLUSIVE, says))
    elif unanswered > USUAL_LOSSES * total or sum(wrong.values()) > USUAL_ERRORS * total:
        kinds = ", ".join(f"{count} {outcome}" for outcome, count in wrong.items())
        says = f"{sum(wrong.values())} of {counted(total, 'request')} failed before the signal already ({kinds})"
        rules.append(unknown("usual", Reason.INCONCLUSIVE, f"{says}: let the load ask for what the service answers"))
    own = before.get(outcomes.OWN_FAULT, 0) + after.get(outcomes.OWN_FAULT, 0)
    ended = seen.tally.ended if seen.tally else None
    if own or (ended is not None and ended.worker_failures):
        rules.append(unknown("generator", Reason.INVALID, f"{own} requests failed on this side, or a worker died"))
    if seen.numbers["short"]:
        rules.append(
            unknown("generator", Reason.INVALID, f"not all connections could be opened: {seen.numbers['short']}")
        )
    return rules


def _loss(seen: Seen, lost: dict[str, int], measured: dict[str, object]) -> DrillRule:
    allowed, total = int(seen.options["lost"]), sum(lost.values())
    kinds = ", ".join(f"{count} {kind}" for kind, count in lost.items())
    refused = (
        f"; {measured['refused']} connections were refused once the port was closed" if measured["refused"] else ""
    )
    return ruled(
        "lost",
        total <= allowed,
        f"{counted(total, 'request')} lost{f' ({kinds}), {allowed} allowed' if total else ''}{refused}",
        f"{counted(total, 'request')} lost ({kinds}), {allowed} allowed{refused}",
    )


def _gone(seen: Seen) -> list[DrillRule]:
    """Did it end in its time, with an orderly status, and with all that it had started?"""
    numbers = seen.numbers
    if numbers["overdue"]:
        return [failed("exit", f"it had not ended after {took(numbers['exit_s'])}, its stop_timeout_s, and was killed")]
    if numbers["exit_status"] is None:
        return [unknown("exit", Reason.INCONCLUSIVE, "the drill was over before the service was gone")]
    status, left = numbers["exit_status"], numbers["left"]
    rules = [
        passed("exit", f"gone {took(numbers['exit_s'])} after SIGTERM"),
        ruled(
            "status",
            status in ORDERLY,
            f"its exit status was {status}",
            f"its exit status was {status}: a supervisor takes that for a crash",
        ),
    ]
    if left:
        rules.append(failed("left", f"processes that outlived it: {', '.join(left[:5])}"))
    return rules


def _kept(seen: Seen) -> list[DrillRule]:
    """How did connections end on which nothing was under way?"""
    numbers = seen.numbers
    if not numbers["idle"]:
        return []
    return [
        ruled(
            "idle",
            not numbers["idle_reset"],
            f"{numbers['idle_closed']} of {numbers['idle']} kept connections were closed in order",
            f"{numbers['idle_reset']} of {numbers['idle']} kept connections were reset instead of closed",
        )
    ]


def _sockets(seen: Seen) -> list[DrillRule]:
    """A WebSocket ends with a close frame; 1001 (going away) or 1012 (restarting) say why (RFC 6455, 7.4.1)."""
    numbers, asked = seen.numbers, int(seen.options["sockets"])
    if not asked:
        return []
    if numbers["sockets"] < asked:
        path, why = seen.options["socket_path"], numbers["sockets_why"] or "no answer to the upgrade yet"
        said = f"only {numbers['sockets']} of {asked} WebSockets at {path} were open at the signal: {why}"
        return [unknown("sockets", Reason.NOT_EXERCISED, said)]
    codes = numbers["socket_codes"]
    cut = codes.get(ABNORMAL, 0) + numbers["sockets_open"]
    told = ", ".join(f"{count} with {code}" for code, count in sorted(codes.items()) if code != ABNORMAL)
    of = counted(numbers["sockets"], "WebSocket")
    return [
        ruled(
            "sockets",
            not cut,
            f"{of} closed: {told}",
            f"{cut} of {of} ended without a close frame{f'; {told}' if told else ''}",
        )
    ]


def _green(numbers: dict[str, Any]) -> list[DrillRule]:
    """Whoever balances load by its ready path sends on as long as that says yes."""
    until = numbers.get("ready_until_s")
    if until is None or until < GREEN_S:
        return []
    says = f"it still said that it is ready {took(until)} after SIGTERM, on new connections: let it say 503 then"
    return [failed("ready", f"{says}, so that no more are sent to it", required=False)]


def _done(seen: Seen) -> list[DrillRule]:
    """What it had accepted was done, before it was gone or by whoever came after it."""
    numbers = seen.numbers
    if "accepted" not in numbers:
        return []
    accepted, before, after = numbers["accepted"], numbers["done_before"], numbers["done_after"]
    if before is None or after is None:
        why = numbers["done_why"] or "the drill was over before it could be asked"
        return [unknown("done", Reason.INCONCLUSIVE, f"what became of what it had accepted is not known: {why}")]
    if not accepted:
        return [unknown("done", Reason.NOT_EXERCISED, "it accepted nothing that could have been lost")]
    missing = math.ceil(accepted - (after - before))
    within = f"within {float(seen.options['done_s']):g} s of its next start"
    return [
        ruled(
            "done",
            missing <= 0,
            f"all of {counted(accepted, 'request')} that it had accepted were done {within}",
            f"{missing} of {counted(accepted, 'request')} that it had accepted are lost: not done {within}",
        )
    ]


def _not_measured(measured: dict[str, object], numbers: dict[str, Any]) -> dict[str, str]:
    why = {
        "idle_closed_s": "no kept connection was closed",
        "port_closed_s": "the port was still open when the drill ended",
        "exit_s": "the service had not ended when the drill did",
        "exit_status": "the service had not ended when the drill did",
        "ready_until_s": "its ready path did not say yes after the signal",
        **dict.fromkeys(("done_before", "done_after"), numbers.get("done_why") or "it could not be asked"),
    }
    return {key: reason for key, reason in why.items() if measured.get(key, 0) is None}
