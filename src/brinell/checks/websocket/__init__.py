"""WebSocket scenarios: judged as every load is, and by what only sockets have: handshakes, deliveries, limits."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from brinell.checks import load as loads
from brinell.checks.load.generator import Trust, trust
from brinell.checks.load.limits import Ruling
from brinell.checks.load.tally import Tally, tallies
from brinell.checks.websocket import hostile
from brinell.checks.websocket import limit as limit_of_connections
from brinell.checks.websocket.advice import BROKEN, SHARE, Context, advice, kinds, told
from brinell.checks.websocket.limits import CHECK, by_receiver, finding, rule
from brinell.checks.websocket.numbers import entry
from brinell.checks.websocket.seen import AsRequests, Seen, look, websocket_steps
from brinell.core import outcomes
from brinell.core.evidence import Evidence
from brinell.core.finding import Finding
from brinell.core.judgement import Part, WebSocket
from brinell.core.plan import LoadSpec
from brinell.core.redact import redact
from brinell.core.socket_manners import HOSTILE, MANNERS
from brinell.core.socket_records import CONNECT, JOIN
from brinell.core.thresholds import SOCKET_METRICS, THRESHOLDS
from brinell.core.verdicts import Reason, Verdict

FAILED = 0.5  # share of messages that failed, of deliveries lost, of connections not made, above which it did not run
_OWN = {"ran", "errors", "connections"}  # findings of a load that are worded here
_CODES = {
    "1002": ": frames that it may not send",
    "1003": ": it takes no such messages",
    "1007": ": not UTF-8, or what does not unpack",
    "1009": ": a message too big for who ended it",
    "1011": ": an error of the subject's own",
}
_NO_SOCKET = "HTTP is answered at this path, and no WebSocket: look at the path"
_HINTS = {
    outcomes.OWN_FAULT: "raise the descriptor limit (ulimit -n), widen ip_local_port_range, or make fewer connections",
    outcomes.REFUSED: "nothing listens there: is the service running, and the port right?",
    "status-403": "so frameworks refuse whom they do not know, and paths without a WebSocket: look at the path first",
    "status-200": _NO_SOCKET,
    "status-404": "nothing is at this path",
    "status-405": _NO_SOCKET,
    "status-426": _NO_SOCKET,
}
_ONE_BY_ONE = "a limit is tried connection by connection, at no rate"
_WITHOUT_RATE = "bad manners are tried connection by connection, at no rate"


def websocket(evidence: Evidence) -> Part:
    """Judge every WebSocket scenario of the plan."""
    steps = websocket_steps(evidence)
    if not steps:
        return Part()
    seen = look(evidence)
    requests = AsRequests(evidence, seen)
    found = tallies(requests)
    findings: list[Finding] = []
    entries: list[WebSocket] = []
    missing: dict[str, str] = {}
    for step, spec in steps:
        tally = found.get(step)
        if tally is None:
            findings += _never_began(spec, _limits(evidence, spec))
            continue
        told, one, why = _scenario(requests, step, spec, tally, seen[step])
        findings += told
        entries.append(one)
        missing |= why
    return Part(findings=tuple(findings), websocket=tuple(entries), not_measured=missing)


def _scenario(
    evidence: AsRequests, step: str, spec: LoadSpec, tally: Tally, seen: Seen
) -> tuple[list[Finding], WebSocket, dict[str, str]]:
    limits = _limits(evidence, spec)
    split = _split(limits, seen)
    ruled, load, why = loads.scenario(evidence, step, spec, split.loads, tally)
    trusted = trust(tally, split.loads)
    cited = tuple(one for one in (tally.started_id, tally.ended_id) if one)
    rulings = {name: rule(name, limit, seen, tally, trusted) for name, limit in split.own.items()}
    thresholds = {split.named.get(name, name): row for name, row in load.thresholds.items()}
    for name, limit in split.own.items():
        one = rulings[name]
        thresholds[name] = {"limit": limit, "observed": one.observed, "verdict": one.verdict.value}
    judged = entry(msgspec.structs.replace(load, thresholds=thresholds, url=place(load.url, spec)), seen)
    wrong = _wrong(tally, seen, trusted, limits)
    findings = [_ran(spec.name, tally, seen, wrong, cited)]
    if seen.does.limit:
        whole = tally.ended is not None and not tally.ended.interrupted
        processes = len(tally.started.subject_pids)
        findings += limit_of_connections.findings(spec.name, judged, seen, whole=whole, processes=processes)
    elif seen.does.one_by_one:
        findings += hostile.findings(spec.name, judged, seen)
    else:
        findings += [_ours(one, spec.name, split.named) for one in ruled if one.id.rpartition(".")[2] not in _OWN]
        advised = advice(Context(spec.name, judged, seen, limits, _refusals(seen, tally), cited))
        if SHARE * judged.connections < seen.excluded:
            what = f"{seen.excluded} of {judged.connections} connections were open and never took part"
            advised.append(told(spec.name, "joins", what, _exclusion(tally, seen), cited))
        said = wrong.says if wrong is not None else ()
        findings += [one for one in advised if one.id.rpartition(".")[2] not in said]
    findings += [finding(spec.name, name, limit, rulings[name], cited) for name, limit in split.own.items()]
    return findings, judged, _why_not(spec, seen, judged, why)


def place(url: str, spec: LoadSpec) -> str:
    """Return where the connections went: the path, too, which is all that tells two scenarios of a subject apart."""
    path = spec.requests[0].path if spec.requests else "/"
    return url if path in {"", "/"} else url.rstrip("/") + redact(path)


def _limits(evidence: Evidence, spec: LoadSpec) -> dict[str, float]:
    return {name: limit for name, limit in (evidence.slo or spec.thresholds).items() if name in SOCKET_METRICS}


class _Split(NamedTuple):
    """Limits that are judged as every load's, and the others. ``named``: under which names some of the former came."""

    loads: dict[str, float]
    own: dict[str, float]
    named: dict[str, str]


def _split(limits: dict[str, float], seen: Seen) -> _Split:
    """What is asked of deliveries is asked of response times, which a broadcast's are."""
    found = _Split({name: limit for name, limit in limits.items() if name in THRESHOLDS}, {}, {})
    for name, limit in limits.items():
        plain = name.removeprefix("delivery_")
        if name in THRESHOLDS:
            continue
        if seen.broadcasts and plain != name and plain not in limits:
            found.loads[plain] = limit
            found.named[plain] = name
        else:
            found.own[name] = limit
    return found


def _ours(one: Finding, scenario: str, named: dict[str, str]) -> Finding:
    """Return a load's finding as one of this check, its threshold under the name that it came by."""
    plain = one.id.removeprefix(f"load.{scenario}.")
    name = named.get(plain, plain)
    title = one.title.replace(f"{scenario}: {plain} is", f"{scenario}: {name} is", 1)
    return msgspec.structs.replace(one, id=f"{CHECK}.{scenario}.{name}", check=CHECK, title=title)


class _Wrong(NamedTuple):
    """Why it did not work. ``says``: names of the findings that would be advice, and would say it again."""

    title: str
    detail: str
    says: tuple[str, ...]


def _ran(scenario: str, tally: Tally, seen: Seen, wrong: _Wrong | None, cited: tuple[str, ...]) -> Finding:
    """Did it run to its end, were most connections made, and did most messages go through?"""
    asked, own = _asked(tally, seen), seen.failed.get(outcomes.OWN_FAULT, 0)
    verdict, reason, detail = Verdict.PASS, None, ""
    title = f"ran for {tally.span_s:.3g} s, {tally.completed} of {tally.requests} {_what(seen)} went through"
    if seen.does.limit:
        title = f"{tally.requests} attempts to connect to a subject with {seen.does.limit} places"
    elif seen.does.one_by_one:
        kinds_tried = {one.case for _, one in seen.hostile} & MANNERS.keys()
        title = f"{len(kinds_tried)} kinds of bad clients, {tally.requests} connections in all"
    if _is_own(tally, seen):
        verdict, reason, title = Verdict.UNKNOWN, Reason.INVALID, f"{own} of {asked} connections failed on this side"
        detail = _refusals(seen, tally)
    elif wrong is not None:
        verdict, title, detail = Verdict.FAIL, wrong.title, wrong.detail
    elif not tally.requests or tally.ended is None or tally.ended.interrupted:
        verdict, reason = Verdict.UNKNOWN, Reason.INCONCLUSIVE
        detail = f"{tally.span_s:.3g} s of {tally.started.span_s:.3g} s were run"
    return Finding(
        id=f"{CHECK}.{scenario}.ran",
        check=CHECK,
        required=True,
        verdict=verdict,
        reason=reason,
        title=f"{scenario}: {title}",
        detail=detail,
        evidence=cited,
    )


def _asked(tally: Tally, seen: Seen) -> int:
    """Return how many connections were asked for; those that are made again are asked for again."""
    return max(tally.started.connections, seen.connect.requests)


def _is_own(tally: Tally, seen: Seen) -> bool:
    """Whether so many connections failed on this side that nothing can be said."""
    return seen.failed.get(outcomes.OWN_FAULT, 0) > SHARE * _asked(tally, seen)


def _wrong(tally: Tally, seen: Seen, trusted: Trust, limits: dict[str, float]) -> _Wrong | None:
    """Say what of it did not work, and how; None where most of it did."""
    if _is_own(tally, seen):
        return None
    whole = tally.ended is not None and not tally.ended.interrupted
    return _unmade(tally, seen, trusted) or _unheard(tally, seen, trusted, limits, whole=whole)


def _unmade(tally: Tally, seen: Seen, trusted: Trust) -> _Wrong | None:
    """Look at connections."""
    asked, failed = _asked(tally, seen), sum(seen.failed.values())
    if failed and not seen.opened:
        return _Wrong(f"not one of {asked} connections was made", _refusals(seen, tally), ("refused", "errors"))
    if trusted.valid and not seen.does.one_by_one and failed > FAILED * asked:
        title = f"{failed} of {asked} connections were not made, more than half"
        return _Wrong(title, _refusals(seen, tally), ("refused",))
    if (trusted.valid and seen.excluded > FAILED * asked) or 0 < asked == seen.excluded:
        title = f"{seen.excluded} of {asked} connections were open and never took part"
        says = ("joins", "errors") if seen.excluded == asked else ("joins",)
        return _Wrong(title, _exclusion(tally, seen), says)
    return None


def _unheard(tally: Tally, seen: Seen, trusted: Trust, limits: dict[str, float], *, whole: bool) -> _Wrong | None:
    """Look at messages, and at whom they came to. ``whole``: it ran to its end."""
    errors, owed = sum(tally.errors.values()), seen.account.whole
    broken = any(code in BROKEN for one in seen.seconds.rows.values() for code in one.own_closes)
    if tally.requests and not tally.completed and not seen.does.one_by_one and whole:
        # No generator is so late that nothing at all goes through.
        return _Wrong(f"not one of {tally.requests} messages went through", _failures(tally, seen), ("errors",))
    if (trusted.valid or broken) and errors > FAILED * tally.requests and seen.mode != HOSTILE:  # whose harm is told
        title = f"{errors} of {tally.requests} {_what(seen)} failed, more than half of them"
        return _Wrong(title, _failures(tally, seen), ("errors",))
    if trusted.valid and whole and not {"reach", "lost"} & limits.keys() and owed.lost > FAILED * owed.expected:
        title = f"{owed.lost} of {owed.expected} deliveries that were owed did not come, more than half of them"
        return _Wrong(title, _why_lost(seen), ("lost",))
    return None


def _failures(tally: Tally, seen: Seen) -> str:
    """Say how messages failed, with what codes connections ended, and what the scenario does that not all do."""
    told = [kinds(tally.errors)]
    ended: dict[str, int] = {}
    for one in seen.seconds.rows.values():
        for code, count in (*one.closes.items(), *((c, n) for c, n in one.own_closes.items() if c in BROKEN)):
            ended[code] = ended.get(code, 0) + count
    told += [f"{count} connections ended with {code}{_CODES.get(code, '')}" for code, count in sorted(ended.items())]
    special = (
        (seen.does.fragments > 1, f"each was sent in {seen.does.fragments} frames (--fragments)"),
        (seen.does.binary, "they were sent as binary messages (--binary)"),
    )
    told += [f"{what}: do they go through otherwise?" for said, what in special if said]
    return "; ".join(told)


def _why_lost(seen: Seen) -> str:
    """Return what it usually comes from that most of what was owed was not delivered."""
    owed, strays = seen.account.whole, sum(one.strays for one in seen.seconds.rows.values())
    if owed.published and owed.received == owed.published:
        return (
            "each message came to one connection: a server that sends it back to its publisher only is an echo "
            '(--echo, mode = "echo"); else, does it send to everybody in the room?'
        )
    if not owed.received and strays:
        return f"{strays} messages came without the stamp of one that was sent: does the server pass it on?"
    words = "does the server send to everybody in the room, and are all in it (--join)? State the reach that is enough"
    where = by_receiver(seen)
    return f"{where}; {words}" if where else words


def _what(seen: Seen) -> str:
    return "attempts to connect" if seen.does.one_by_one else "messages"


def _refusals(seen: Seen, tally: Tally) -> str:
    """Say how often handshakes failed, and what was said first: ``5 status-403 (log in)``."""
    told = []
    for outcome, count in seen.failed.items():
        kept = [one.detail for _, one in tally.failed.get(outcome, ()) if one.operation == CONNECT]
        said = "".join(kept[:1]).removeprefix(outcome.replace("-", " ")).lstrip(":, ")
        hint = _hint(outcome, said)
        told.append(f"{count} {outcome}{f' ({said})' if said else ''}{f'; {hint}' if hint else ''}")
    return ", ".join(told)


def _hint(outcome: str, said: str) -> str:
    """Return what a refusal usually comes from, where its outcome alone says so."""
    if outcome == outcomes.TLS:
        if "WRONG_VERSION_NUMBER" in said:
            return "no TLS is spoken there: ws:// in place of wss://"
        return (
            "the certificate of a CA of your own is believed with SSL_CERT_FILE=ca.pem, and any with "
            "--no-verify (verify_tls = false)"
        )
    return _HINTS.get(outcome, "")


def _exclusion(tally: Tally, seen: Seen) -> str:
    """Say what connections waited for that never took part."""
    kept = [one.detail for found in tally.failed.values() for _, one in found if one.operation == JOIN and one.detail]
    said = f"; it said: {kept[0]}" if kept else ""
    joins = seen.beside.get(JOIN)
    is_timed_out = joins is None or outcomes.TIMEOUT in joins.errors
    when = f"in {tally.started.timeout_s:g} s" if is_timed_out else "before the run ended"
    return f"the protocol's welcome, or the answer to join, did not come {when}{said}"


def _never_began(spec: LoadSpec, limits: dict[str, float]) -> list[Finding]:
    ruling = Ruling(None, Verdict.UNKNOWN, Reason.NOT_EXERCISED, "the scenario never began")
    return [finding(spec.name, name, limit, ruling, ()) for name, limit in limits.items()]


def _why_not(spec: LoadSpec, seen: Seen, judged: WebSocket, why: dict[str, str]) -> dict[str, str]:
    """Say why what is None was not measured."""
    found = {path.replace("load.", "websocket.", 1): reason for path, reason in why.items()}
    at = f"websocket.{spec.name}"
    if not seen.broadcasts:
        names = ("reach", "delivery_ms", "skew_ms", "expected", "received", "lost", "duplicated", "reordered")
        found |= dict.fromkeys((f"{at}.{name}" for name in names), "nothing is broadcast in this mode")
    elif judged.reach is None:
        found[f"{at}.reach"] = "nobody was owed a message"
    if seen.does.one_by_one:
        why_not = _ONE_BY_ONE if seen.does.limit else _WITHOUT_RATE
        found |= dict.fromkeys((f"{at}.{name}" for name in ("target_rate", "warm_up_s", "steady")), why_not)
    if judged.limit is None:
        found[f"{at}.limit"] = "no limit was to be tried"
    elif judged.limit.leaked_fds is None:
        found[f"{at}.limit.leaked_fds"] = "the subject's process is not known, or cannot be read"
    if judged.hostile is None:
        found[f"{at}.hostile"] = "no bad manners were to be tried"
    elif judged.hostile.leaked_fds is None:
        found[f"{at}.hostile.leaked_fds"] = "not all of it was tried, or the subject's process cannot be read"
    return found
