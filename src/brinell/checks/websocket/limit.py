"""Did a limit of connections hold? From what was tried: filling, going beyond, leaving, a storm of refusals, being cut
off, coming all at once, filling again.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from brinell.checks.websocket.limits import CHECK
from brinell.checks.websocket.seen import Seen
from brinell.core.finding import Finding
from brinell.core.judgement import WebSocket
from brinell.core.outcomes import OWN_FAULT
from brinell.core.socket_judgement import Limit, LimitPart, LimitStockNow
from brinell.core.socket_records import LimitStock, LimitTried
from brinell.core.socket_view import (
    ACCEPTED,
    BEYOND,
    CUT,
    FEW_FDS,
    FILL,
    FREE,
    HANG,
    KEPT,
    RACE,
    REFILL,
    STORM,
    is_right,
)
from brinell.core.verdicts import Reason, Verdict

SHARE_LEFT = 0.1  # of the connections that had left: fewer descriptors than that are no leak of theirs
LEAST_BYTES = 1 << 20  # of memory that an allocator takes and keeps
EACH_BYTES = 2048  # a refusal, on average
_SHORT_S = 0.001  # more exactly it cannot be said when a place was free

_NOTHING = LimitStock("", 0)


def limit_of(seen: Seen) -> Limit:
    """Return what came of the trial."""
    tried = [record for _, record in seen.tried]
    beyond = [one for one in tried if one.part in {BEYOND, STORM}]
    again = [one for one in tried if one.part == REFILL]
    raced = [one for one in tried if one.part == RACE]
    filled, half, refused = (seen.stock.get(moment, _NOTHING) for moment in ("filled", "half", "refused"))
    return Limit(
        configured=seen.does.limit,
        accepted=_count(one for one in tried if one.part == FILL and one.outcome == ACCEPTED),
        rejected=_count(one for one in beyond if is_right(one.part, one.outcome)),
        tried=_count(beyond),
        recovered=_count(one for one in again if one.outcome == ACCEPTED) >= seen.does.limit if again else None,
        freed_s=seen.freed.freed_s if seen.freed else None,
        free_bound_s=seen.does.free_s,
        leaked_fds=_more(filled.fds, refused.fds),
        leaked_bytes=_more(half.rss_bytes, refused.rss_bytes),
        parts=tuple(_part(one, seen) for one in tried),
        stock=tuple(_stock(one) for one in seen.stock.values()),
        cut_freed_s=seen.cut.freed_s if seen.cut else None,
        raced=_count(one for one in raced if one.outcome == ACCEPTED) if raced else None,
        race_places=max((one.places for one in raced), default=0),
    )


def findings(scenario: str, entry: WebSocket, seen: Seen, *, whole: bool, processes: int = 1) -> list[Finding]:
    """Return one finding for each promise. ``whole``: the trial came to its end; ``processes``: the subject's."""
    limit = entry.limit
    if limit is None:
        return []
    cited = {part: tuple(identity for identity, one in seen.tried if one.part == part) for part in _PARTS}
    found = [_accepts(scenario, limit, cited[FILL]), _refuses(scenario, limit, cited[BEYOND] + cited[STORM], processes)]
    found += [_frees(scenario, limit, seen, whole=whole), _recovers(scenario, limit, cited[REFILL], whole=whole)]
    found += [*_cut_off(scenario, limit, seen), *_races(scenario, limit, cited[RACE])]
    found += _leaks(scenario, limit, seen.does.refusals)
    return [_own_fault(one, limit) for one in found]


def _own_fault(finding: Finding, limit: Limit) -> Finding:
    """Blame nobody for what this side could not do."""
    own = [one for one in limit.parts if one.outcome == OWN_FAULT]
    if not own or finding.verdict is not Verdict.FAIL:
        return finding
    why = f"{_count(own)} attempts failed on this side: {own[0].detail or 'no descriptors or ports'}"
    advice = "raise the descriptor limit (ulimit -n), widen net.ipv4.ip_local_port_range, or try a smaller limit"
    return msgspec.structs.replace(
        finding, verdict=Verdict.UNKNOWN, reason=Reason.INVALID, detail=f"{why}. To mend it: {advice}."
    )


_PARTS = (FILL, BEYOND, FREE, STORM, CUT, RACE, REFILL, KEPT)


def _accepts(scenario: str, limit: Limit, cited: tuple[str, ...]) -> Finding:
    wrong = [one for one in _of(limit, FILL) if not one.right]
    ended = _count(_of(limit, KEPT))
    details = [_told(wrong)] if wrong else []
    if ended:
        details.append(f"{ended} of those that had a place were ended by the subject: {_told(_of(limit, KEPT))}")
    name = f"{scenario}.limit_accepts"
    title = f"{scenario}: {limit.accepted} of {limit.configured} connections were accepted"
    asked = _count(_of(limit, FILL))
    if asked < limit.configured and not details:
        why = f"{asked} were tried in the time there was, and {limit.accepted} accepted"
        what = f"{scenario}: whether {limit.configured} connections are accepted"
        return _unknown(name, what, Reason.INCONCLUSIVE, why)
    ok = limit.accepted >= limit.configured and not ended
    return _finding(name, title, cited, ok=ok, detail="; ".join(details))


def _refuses(scenario: str, limit: Limit, cited: tuple[str, ...], processes: int) -> Finding:
    title = f"{scenario}: {limit.rejected} of {limit.tried} connections beyond {limit.configured} were refused"
    wrong = [one for one in limit.parts if one.part in {BEYOND, STORM} and not one.right]
    detail = ""
    if wrong:
        detail = (
            f"{_told(wrong)}. Refused means: 4xx or 503 to the upgrade, or a close with 1008, 1013 or 4xxx after it"
        )
        if processes > 1 and any(one.outcome == ACCEPTED for one in wrong):
            detail += f". The subject has {processes} processes: does each of them count for itself?"
    if not limit.tried:
        what = f"{scenario}: whether connections beyond {limit.configured} are refused"
        return _unknown(f"{scenario}.limit_refuses", what, Reason.NOT_EXERCISED, "nothing was tried beyond the limit")
    return _finding(f"{scenario}.limit_refuses", title, cited, ok=limit.rejected == limit.tried, detail=detail)


def _frees(scenario: str, limit: Limit, seen: Seen, *, whole: bool) -> Finding:
    name = f"{scenario}.limit_frees"
    if seen.freed is None:
        why = "the trial did not come so far" if not whole else "it was not full, or nobody was left to close"
        if whole and any(not one.right for one in _of(limit, BEYOND)):
            why = "it is not tried at a subject that does not refuse as it should"
        return _unknown(name, f"{scenario}: whether a closed connection frees its place", Reason.NOT_EXERCISED, why)
    if limit.freed_s is None:
        title = f"{scenario}: a closed connection did not free its place within {limit.free_bound_s:g} s"
        tried = f"{seen.freed.attempts} attempts were refused"
        return _finding(name, title, (seen.freed_id,), ok=False, detail=tried)
    took = f"{limit.freed_s:.3g} s" if limit.freed_s >= _SHORT_S else f"less than {_SHORT_S * 1e3:g} ms"
    title = f"{scenario}: a closed connection freed its place after {took}"
    return _finding(name, title, (seen.freed_id,), ok=True)


def _cut_off(scenario: str, limit: Limit, seen: Seen) -> list[Finding]:
    """Of a connection that ended without a close. Nothing where the trial did not come so far."""
    if seen.cut is None:
        return []
    name, cited = f"{scenario}.limit_frees_cut", (seen.cut_id,)
    if limit.cut_freed_s is None:
        title = f"{scenario}: a connection that was cut without a close did not free its place"
        detail = (
            f"{seen.cut.attempts} attempts were refused within {limit.free_bound_s:g} s. So end connections whose "
            "network goes: the end of the socket has to free the place, whatever the close code (1006)"
        )
        return [_finding(name, title, cited, ok=False, detail=detail)]
    title = f"{scenario}: a connection that was cut without a close freed its place, too"
    return [_finding(name, title, cited, ok=True)]


def _races(scenario: str, limit: Limit, cited: tuple[str, ...]) -> list[Finding]:
    """Of more connections at once than there are places. Nothing where the trial did not come so far."""
    if limit.raced is None:
        return []
    at_once, places = _count(_of(limit, RACE)), limit.race_places
    title = f"{scenario}: of {at_once} connections at once, {limit.raced} were let in to {places} places"
    detail = ""
    if limit.raced > places:
        detail = "does anything wait (a lookup, the handshake) between the look at how many there are and the count?"
    return [_finding(f"{scenario}.limit_races", title, cited, ok=limit.raced <= places, detail=detail)]


def _recovers(scenario: str, limit: Limit, cited: tuple[str, ...], *, whole: bool) -> Finding:
    name = f"{scenario}.limit_recovers"
    tried = _count(_of(limit, REFILL))
    cut = limit.recovered is False and tried < limit.configured and all(one.right for one in _of(limit, REFILL))
    if limit.recovered is None or cut:
        why = "it was not full" if whole and not tried else "the trial did not come so far"
        return _unknown(name, f"{scenario}: whether as many fit again", Reason.NOT_EXERCISED, why)
    again = _count(one for one in limit.parts if one.part == REFILL and one.outcome == ACCEPTED)
    title = f"{scenario}: {again} of {limit.configured} connections fit again after all had left"
    told = _told(one for one in _of(limit, REFILL) if not one.right)
    return _finding(name, title, cited, ok=limit.recovered, detail=told)


def _leaks(scenario: str, limit: Limit, refusals: int) -> list[Finding]:
    """Descriptors are required: they run out. Memory is advice: an allocator keeps what it once had."""
    name = f"{scenario}.limit_leaks"
    if limit.leaked_fds is None:
        why = "the trial did not come so far"
        if all(one.fds is None for one in limit.stock) and limit.stock:
            why = "nobody can look into the subject's process: name it with --pid, or let [service] start it"
        return [_unknown(name, f"{scenario}: whether refusals leak", Reason.NOT_EXERCISED, why, required=False)]
    fds = limit.leaked_fds
    title = f"{scenario}: {limit.tried} refusals left {max(0, fds)} descriptors open"
    found = [_finding(name, title, (), ok=fds <= FEW_FDS)]
    if fds <= FEW_FDS and limit.tried <= refusals:
        why = f"{limit.tried} of {refusals + 1} attempts were made, and left {max(0, fds)} descriptors open"
        found = [_unknown(name, f"{scenario}: whether refusals leak", Reason.INCONCLUSIVE, why, required=False)]
    found += _farewells(scenario, limit)
    grown, refusals = limit.leaked_bytes, max(1, limit.tried // 2)
    if grown is not None and grown > max(LEAST_BYTES, EACH_BYTES * refusals):
        title = (
            f"{scenario}: memory grew by {grown / refusals / 1024:.1f} KiB with each of the last {refusals} refusals"
        )
        found.append(_finding(f"{scenario}.limit_memory", title, (), ok=False, required=False))
    return found


def _farewells(scenario: str, limit: Limit) -> list[Finding]:
    """Advice: what connections left behind that had a place. Logs and pools may have come meanwhile."""
    fds = {one.moment: one.fds for one in limit.stock}
    left = (_more(fds.get("before"), fds.get("emptied")) or 0) - max(0, limit.leaked_fds or 0)
    if left <= FEW_FDS + SHARE_LEFT * limit.configured:
        return []
    title = f"{scenario}: {left} descriptors stayed open after {limit.configured} connections had left"
    return [_finding(f"{scenario}.limit_farewells", title, (), ok=False, required=False)]


def _finding(
    name: str, title: str, cited: tuple[str, ...], *, ok: bool, detail: str = "", required: bool = True
) -> Finding:
    verdict = Verdict.PASS if ok else Verdict.FAIL
    return Finding(
        id=f"{CHECK}.{name}",
        check=CHECK,
        required=required,
        verdict=verdict,
        title=title,
        detail=detail,
        evidence=cited[:10],
    )


def _unknown(name: str, title: str, reason: Reason, why: str, *, required: bool = True) -> Finding:
    return Finding(
        id=f"{CHECK}.{name}",
        check=CHECK,
        required=required,
        verdict=Verdict.UNKNOWN,
        reason=reason,
        title=f"{title} is not known",
        detail=why,
    )


def _part(one: LimitTried, seen: Seen) -> LimitPart:
    """Refusals were right while a place was being freed that became free in time."""
    freed = {FREE: seen.freed, CUT: seen.cut}.get(one.part)
    return LimitPart(
        part=one.part,
        outcome=one.outcome,
        count=one.count,
        longest_ms=one.longest_ns / 1e6,
        right=is_right(one.part, one.outcome) and (freed is None or freed.freed_s is not None),
        detail=one.detail,
    )


def _stock(one: LimitStock) -> LimitStockNow:
    return LimitStockNow(moment=one.moment, connections=one.connections, rss_bytes=one.rss_bytes, fds=one.fds)


def _count(parts: Iterable[LimitTried | LimitPart]) -> int:
    return sum(one.count for one in parts)


def _of(limit: Limit, part: str) -> list[LimitPart]:
    return [one for one in limit.parts if one.part == part]


def _more(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


_WORDS = {HANG: "got no answer in time"}


def _told(parts: Iterable[LimitPart]) -> str:
    """Say what came instead: ``3 were accepted, 2 ended as status-500``."""
    told = []
    for one in parts:
        why = f" ({one.detail})" if one.detail else ""
        words = _WORDS.get(one.outcome, f"ended as {one.outcome}")
        if one.outcome == ACCEPTED:
            words = "was accepted" if one.count == 1 else "were accepted"
        told.append(f"{one.count} {words}{why}")
    return ", ".join(told)
