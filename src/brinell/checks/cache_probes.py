"""What was tried before the load: whether entries live as long as was stated, and what blocks the event loop."""

from __future__ import annotations

import msgspec

from brinell.checks.cache_facts import Seen
from brinell.checks.cache_limits import said
from brinell.core.cache_judgement import Cache, CacheBlocked, CacheLifetimes
from brinell.core.finding import Finding
from brinell.core.plan import CacheSpec
from brinell.core.verdicts import Reason, Severity, Verdict

_WAITS = (
    (("open", "os.", "file.", "sqlite3.", "fcntl."), "the disk"),
    ("socket.", "the network"),
    ("subprocess", "a process"),
    ("time.sleep", "a sleep"),
)


def lifetimes(seen: Seen) -> CacheLifetimes | None:
    """Return what became of keys that expire; None where none could be tried."""
    tried = [one for one in seen.lifetimes if one.keys]
    if not tried:
        return None
    is_waited_for = all(one.looked_s >= 2 * one.stated_s for one in tried)
    return CacheLifetimes(
        stated_s=tried[0].stated_s,
        keys=sum(one.keys for one in tried),
        early=sum(one.early for one in tried),
        late=sum(one.late for one in tried) if is_waited_for else None,
    )


def blocked(seen: Seen) -> tuple[CacheBlocked, ...] | None:
    """Return what blocks, the operation that does so most often first; None where nobody looked."""
    if not any(not one.operation and not one.why for one in seen.blocking):
        return None
    found = {one.operation: one for one in seen.blocking if one.operation}  # workers ask the same code
    return tuple(
        CacheBlocked(
            operation=one.operation,
            what=one.what,
            where=one.where,
            times=one.times,
            of=one.of,
            longest_ms=one.longest_ns / 1e6,
        )
        for one in sorted(found.values(), key=lambda one: (-one.times, one.operation != "get", one.operation))
    )


def expires(judged: Cache, wanted: CacheSpec, seen: Seen, cited: tuple[str, ...]) -> list[Finding]:
    """A lifetime that was stated is a requirement."""
    if wanted.expires_s is None:
        return []
    found, stated = judged.lifetime, f"{wanted.expires_s:g} s"
    severity = reason = None
    if found is None:
        reason, title = Reason.NOT_EXERCISED, f"whether entries live for {stated} could not be tried"
        detail = next((one.why for one in seen.lifetimes if one.why), "it was not tried")
    elif found.early or found.late:
        wrong = [f"{found.early} of {found.keys} were gone before half of it"] if found.early else []
        wrong += [f"{found.late} of {found.keys} were still there after twice as long"] if found.late else []
        severity, title = Severity.P1, f"entries are to live for {stated}: {', and '.join(wrong)}"
        detail = "Are seconds taken for milliseconds or minutes, or is the lifetime not handed on?"
    elif found.late is None:
        reason, title = (
            Reason.INCONCLUSIVE,
            f"entries are to live for {stated}: after half of it, 2 s at most, all were",
        )
        title += " there"
        detail = "Nobody waited for their end: set_options and expires_s of 5 s or less show it"
    else:
        title = f"entries live for {stated}"
        detail = f"{found.keys} of {found.keys} were there after half of it and gone after twice as long"
    is_met = severity is None and reason is None
    told = said(judged, "expires", title, detail, cited, severity=severity, reason=reason, required=True)
    return [msgspec.structs.replace(told, verdict=Verdict.PASS) if is_met else told]


def blocking(judged: Cache, cited: tuple[str, ...]) -> list[Finding]:
    """Whatever waits for a disk in a coroutine keeps every other request waiting with it."""
    if not judged.blocking:
        return []
    one = judged.blocking[0]
    kind = next((kind for begin, kind in _WAITS if one.what.startswith(begin)), "what it calls")
    every = [f"{each.operation}: {each.what} in {each.times} of {each.of}, at {each.where}" for each in judged.blocking]
    longest = f"{max(each.longest_ms for each in judged.blocking):.3g} ms at most here"
    title = f"{one.operation} keeps the event loop waiting for {kind}, in {one.where}"
    detail = (
        f"{'; '.join(every)}; {longest}, and as long as the disk or the network takes elsewhere. Call it with "
        "asyncio.to_thread"
    )
    return [said(judged, "blocking", title, detail, cited, severity=Severity.P2)]
