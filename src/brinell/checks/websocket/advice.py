"""What nobody asked for and everybody should know of a WebSocket scenario: advice, in one finding each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brinell.checks.websocket.limits import CHECK, by_receiver
from brinell.checks.websocket.seen import Seen
from brinell.core import outcomes
from brinell.core.finding import Finding
from brinell.core.judgement import WebSocket
from brinell.core.socket_records import PING
from brinell.core.verdicts import Verdict

SHARE = 0.01  # of connections: above it an advisory finding
FEW = 0.01  # of echoes: where fewer than that hold what was sent, the subject means to change it
_NORMAL = {"1000", "1001"}
_GIVEN_UP = "1006"
BROKEN = frozenset({"1002", "1007", "1009"})
"""Codes by which this side ends a connection over what came; no generator, however late, makes these."""
_OURS = {
    "1002": "it sent frames that a server may not send",
    "1007": "it sent a text that is not UTF-8, or what does not unpack",
    "1009": "it sent a message of more than max_message_bytes",
    _GIVEN_UP: "it read nothing more, or did not answer a close in 3 s",
}


class Context(NamedTuple):
    """What advice is drawn from. ``refusals``: words for connections that were not made."""

    scenario: str
    judged: WebSocket
    seen: Seen
    limits: dict[str, float]
    refusals: str
    cited: tuple[str, ...]


class _Word(NamedTuple):
    name: str
    what: str
    detail: str


def advice(about: Context) -> list[Finding]:
    """Return all of it."""
    words = [*_connections(about), *_pings(about), *_messages(about), *_deliveries(about)]
    return [told(about.scenario, one.name, one.what, one.detail, about.cited) for one in words]


def told(scenario: str, name: str, what: str, detail: str, cited: tuple[str, ...]) -> Finding:
    """Word one."""
    return Finding(
        id=f"{CHECK}.{scenario}.{name}",
        check=CHECK,
        required=False,
        verdict=Verdict.FAIL,
        title=f"{scenario}: {what}",
        detail=detail,
        evidence=cited,
    )


def kinds(counts: dict[str, int]) -> str:
    """Spell counts by outcome."""
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def _connections(about: Context) -> Iterator[_Word]:
    judged, sockets, limits = about.judged, about.judged.sockets, about.limits
    failed = sum(judged.errors.values())
    if "error_rate" not in limits and failed > SHARE * judged.requests:
        yield _Word("errors", f"{failed} of {judged.requests} messages failed", kinds(judged.errors))
    refused = sum(sockets.failed.values()) - sockets.failed.get(outcomes.OWN_FAULT, 0)
    asked = max(judged.connections, sockets.opened + refused)
    if refused > SHARE * asked:
        yield _Word("refused", f"{refused} of {asked} connections were not made", about.refusals)
    cut = _cut(about)
    if sum(cut.values()) > SHARE * judged.connections:
        what = f"the subject ended {sum(cut.values())} of {max(judged.connections, sockets.opened)} connections"
        codes = ", ".join(f"{number} with {code}" for code, number in cut.items())
        yield _Word("closes", what, f"by close code: {codes}{_why_cut(about, cut)}")
    if sockets.after_close:
        what = f"on {sockets.after_close} connections the subject sent data after its own close frame"
        detail = "RFC 6455, 5.5.1: no data may follow it, and nobody reads it; does a task go on sending after close()?"
        yield _Word("after_close", what, detail)
    own = {code: number for code, number in sockets.own_closes.items() if code in _OURS}
    if sockets.slow:
        own.pop(_GIVEN_UP, None)  # those who read slowly on purpose hear late that it is over
    if sum(own.values()) > (0 if own.keys() - {_GIVEN_UP} else SHARE * judged.connections):
        what = f"{sum(own.values())} connections were ended by this side because of what the subject did"
        yield _Word("protocol", what, ", ".join(f"{number} with {code}: {_OURS[code]}" for code, number in own.items()))


def _cut(about: Context) -> dict[str, int]:
    """Return by close code how many connections the subject ended that were to stay.

    A normal close is one of them while messages are due, unless connections are to come back: then it asks them to.
    """
    found = {code: number for code, number in about.judged.sockets.closes.items() if code not in _NORMAL}
    if about.seen.does.reconnect_s:
        return found
    for one in about.seen.seconds.rows.values():
        if one.second < about.seen.span_s:
            for code in sorted(_NORMAL & one.closes.keys()):
                found[code] = found.get(code, 0) + one.closes[code]
    return dict(sorted(found.items()))


def _why_cut(about: Context, cut: dict[str, int]) -> str:
    if not about.seen.broadcasts or not _NORMAL & cut.keys():
        return ""
    return "; they were to stay to the end: are those who only listen taken for idle?"


def _pings(about: Context) -> Iterator[_Word]:
    sockets = about.judged.sockets
    beside = about.seen.beside.get(PING)
    failed = sum(beside.errors.values()) if beside else 0
    missing = failed if sockets.pongs else max(failed, sockets.pings)
    if missing > SHARE * sockets.pings:
        detail = "RFC 6455, 5.5.2: a pong comes as soon as is practical; what keeps connections alive relies on it"
        yield _Word("pings", f"{missing} of {sockets.pings} pings had no pong", detail)


def _messages(about: Context) -> Iterator[_Word]:
    judged, sockets = about.judged, about.judged.sockets
    if sockets.foreign and about.seen.broadcasts:
        what = f"{sockets.foreign} messages came to connections of another room"
        detail = "a connection's room is its number modulo rooms: does {{room}} in the URL, or in join, say it?"
        yield _Word("foreign", what, detail)
    elif sockets.foreign:
        what = f"{sockets.foreign} messages came to another connection than the one that had sent them"
        detail = (
            "an answer belongs to who asked, and to nobody else; where the subject sends to everybody on purpose, "
            "--broadcast says who was reached"
        )
        yield _Word("foreign", what, detail)
    answered = judged.requests - sum(judged.errors.values())
    if sockets.again:
        yield _Word("again", f"{sockets.again} messages came back more than once", f"of {answered} that came back")
    if sockets.changed and answered - sockets.changed > FEW * answered:
        what = f"{sockets.changed} of {answered} messages came back changed"
        yield _Word("changed", what, "something that was sent was not in what came back; in the others it was")
    if about.seen.does.binary and sockets.retyped:
        what = f"{sockets.retyped} of {answered} binary messages came back as text"
        yield _Word("retyped", what, "what is no UTF-8 would not come through")


def _deliveries(about: Context) -> Iterator[_Word]:
    judged, limits = about.judged, about.limits
    if judged.lost and not {"reach", "lost"} & limits.keys():
        where = by_receiver(about.seen)
        detail = f"{where}{'; ' if where else ''}to make it a requirement, state reach = 1.0"
        yield _Word("lost", f"{judged.lost} of {judged.expected} deliveries did not come", detail)
    for name, words in (("duplicated", "came twice"), ("reordered", "came after a later one")):
        number = getattr(judged, name)
        if number and name not in limits:
            detail = f"to make it a requirement, state {name} = 0"
            yield _Word(name, f"{number} deliveries {words}", detail)
