"""What did the subject do with clients of bad manners, and did others notice?

Whoever goes on where the RFC says to fail the connection is told so, which is advice; who stops serving others has a
bug.
"""

from __future__ import annotations

from brinell.checks.websocket.limits import CHECK
from brinell.checks.websocket.seen import Seen
from brinell.core.finding import Finding
from brinell.core.judgement import WebSocket
from brinell.core.socket_judgement import Hostile, HostileCase, LimitStockNow
from brinell.core.socket_manners import (
    BANNED,
    ENDED,
    MANNERS,
    MUTE,
    NOT_MADE,
    PASSED_ON,
    QUIET,
    SILENT,
    STOPPED,
    is_tolerated,
)
from brinell.core.socket_view import FEW_FDS
from brinell.core.verdicts import Reason, Severity, Verdict

_HARM = {
    STOPPED: "the subject let nobody in any more",
    ENDED: "the subject ended connections of others",
    MUTE: "the subject did not answer others any more",
}
_SHOWN = 20


def hostile_of(seen: Seen) -> Hostile:
    """Return what came of the trial."""
    fds = {moment: one.fds for moment, one in seen.stock.items()}
    first, later = ("once", "twice") if "twice" in fds else ("before", "once")
    before, after = fds.get(first), fds.get(later)
    tried = {one.case for _, one in seen.hostile}
    return Hostile(
        cases=tuple(
            HostileCase(
                case=one.case,
                outcome=one.outcome,
                took_ms=one.took_ns / 1e6,
                tolerated=is_tolerated(one.case, one.outcome),
                said=one.said,
                harm=one.harm,
                harmed=one.harmed,
            )
            for _, one in seen.hostile
        ),
        whole=tried >= MANNERS.keys(),
        leaked_fds=None if before is None or after is None else after - before,
        stock=tuple(
            LimitStockNow(moment=one.moment, connections=one.connections, rss_bytes=one.rss_bytes, fds=one.fds)
            for one in seen.stock.values()
        ),
    )


def findings(scenario: str, entry: WebSocket, seen: Seen) -> list[Finding]:
    """Return what is to be said of it."""
    judged = entry.hostile
    if judged is None:
        return []
    cited = tuple(identity for identity, _ in seen.hostile)[:_SHOWN]
    return [
        _serves(scenario, judged, cited),
        *_leaks(scenario, judged, is_repeated="twice" in seen.stock),
        *_tolerates(scenario, judged, cited),
    ]


def _serves(scenario: str, judged: Hostile, cited: tuple[str, ...]) -> Finding:
    name, title = f"{scenario}.hostile_serves", f"{scenario}: whether bad clients harm others"
    harmed = [one for one in judged.cases if one.case != QUIET and one.harm in _HARM]
    if harmed:
        first = harmed[0]
        title = f"{scenario}: after {MANNERS[first.case].words}, {_HARM[first.harm]}"
        return _finding(name, title, cited, ok=False, detail="; ".join(_told(one) for one in harmed))
    quiet = [one for one in judged.cases if one.case == QUIET]
    if not quiet or len(judged.cases) == 1:
        said = ", ".join(words for one in quiet for words in (one.outcome, one.harmed or one.said) if words)
        why = f"with nobody misbehaving: {said}" if said else "the trial did not come so far"
        return _unknown(name, title, Reason.NOT_EXERCISED, why)
    banned = [one for one in judged.cases if one.harm == BANNED]
    if banned:
        why = f"after {MANNERS[banned[0].case].words} it refuses whoever comes from here ({banned[0].harmed})"
        return _unknown(name, title, Reason.INCONCLUSIVE, why)
    missing = [case for case in MANNERS if case not in {one.case for one in judged.cases if one.outcome != NOT_MADE}]
    if missing:
        return _unknown(name, title, Reason.INCONCLUSIVE, f"not tried: {', '.join(missing)}")
    title = f"{scenario}: none of {len(MANNERS)} kinds of bad clients harmed others"
    return _finding(name, title, cited, ok=True)


def _leaks(scenario: str, judged: Hostile, *, is_repeated: bool) -> list[Finding]:
    """Of two rounds the second one: what the first one opened may be pools and logs."""
    name, left = f"{scenario}.hostile_leaks", judged.leaked_fds
    if left is None or (left > FEW_FDS and not is_repeated):
        return []
    title = f"{scenario}: bad clients left {max(0, left)} descriptors open"
    detail = "counted in a second round of all of them" if left > FEW_FDS else ""
    return [_finding(name, title, (), ok=left <= FEW_FDS, detail=detail)]


def _tolerates(scenario: str, judged: Hostile, cited: tuple[str, ...]) -> list[Finding]:
    found = [one for one in judged.cases if one.tolerated]
    pongs = [one for one in found if one.case == "ping"]
    rest = [one for one in found if one.case != "ping"]
    told = []
    if pongs:
        detail = "RFC 6455, 5.5.2; what keeps connections alive relies on it"
        told.append(_advice(f"{scenario}.hostile_ping", f"{scenario}: a ping had no pong", detail, cited))
    if rest:
        plural = "kinds of bad clients were" if len(rest) > 1 else "kind of bad client was"
        title = f"{scenario}: {len(rest)} {plural} not cut off"
        detail = "; ".join(_spelled(one) for one in rest)
        told.append(_advice(f"{scenario}.hostile_tolerates", title, f"RFC 6455 asks for it: {detail}", cited))
    return told


def _spelled(one: HostileCase) -> str:
    manner = MANNERS[one.case]
    words = {SILENT: ": neither ended nor answered any more", PASSED_ON: ": it was sent back as it was"}
    code = f", {manner.code}" if manner.code else ""
    return f"{manner.words} ({manner.rule}{code}){words.get(one.outcome, '')}" if manner.rule else manner.words


def _told(one: HostileCase) -> str:
    how = f": {one.harmed}" if one.harmed else ""
    return f"{MANNERS[one.case].words}: {_HARM[one.harm]}{how}"


def _finding(name: str, title: str, cited: tuple[str, ...], *, ok: bool, detail: str = "") -> Finding:
    return Finding(
        id=f"{CHECK}.{name}",
        check=CHECK,
        required=True,
        verdict=Verdict.PASS if ok else Verdict.FAIL,
        title=title,
        detail=detail,
        evidence=cited,
        severity=None if ok else Severity.P0 if name.endswith("serves") else Severity.P1,
    )


def _advice(name: str, title: str, detail: str, cited: tuple[str, ...]) -> Finding:
    return Finding(
        id=f"{CHECK}.{name}",
        check=CHECK,
        required=False,
        verdict=Verdict.FAIL,
        title=title,
        detail=detail,
        evidence=cited,
    )


def _unknown(name: str, title: str, reason: Reason, why: str) -> Finding:
    return Finding(
        id=f"{CHECK}.{name}",
        check=CHECK,
        required=True,
        verdict=Verdict.UNKNOWN,
        reason=reason,
        title=f"{title} is not known",
        detail=why,
    )
