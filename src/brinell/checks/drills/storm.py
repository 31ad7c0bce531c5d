"""Storm: all who were cut are in again in time, and stay; who has to wait is refused, and not dropped; what the cut
connections held is free.
"""

from __future__ import annotations

from typing import Any

from brinell.checks.drills.ruling import Ruled, counted, failed, passed, ruled, took, unknown
from brinell.checks.drills.seen import Seen
from brinell.core import outcomes
from brinell.core.drill_judgement import DrillRule
from brinell.core.verdicts import Reason

AGAIN = 0.5  # of what the first cut added to the memory the second one adds, too: then each does
FREE = 0.1  # of the connections' descriptors may be missing afterwards
_RSS = ("rss_before_bytes", "rss_after_bytes", "rss_again_bytes")
_DELIBERATE = frozenset((1001, 1008, 1012, 1013))  # it says why: goes away, not allowed, restarts, try again later
_OWN_CODES = 3000  # from here on, codes of applications and libraries (RFC 6455, 7.4.2)
_BROKEN = ("status-500", "status-501", "status-502", "status-504", outcomes.PROTOCOL, outcomes.TLS)


def storm(seen: Seen) -> Ruled:
    """Judge one storm."""
    numbers = seen.numbers
    if not numbers.get("cut"):
        said = "nothing was cut"
        return Ruled({}, [unknown("cut", Reason.NOT_EXERCISED, said)], said)
    measured = {
        key: numbers.get(key)
        for key in (
            "sockets", "connected", "cut", "wanted", "back", "attempts", "attempts_most", "failed", "first_attempts_s",
            "half_back_s", "most_back_s", "all_back_s", "steady_s", "reconnect_rate", "accept_rate", "waited_s",
            "usual_ms", "storm_ms", "lost_while_calm", "fds_before", "fds_after",
        )
    }  # fmt: skip
    measured |= {key: numbers[key] for key in _RSS if key in numbers}
    rules = [*_there(seen), _back(seen), *_limited(seen), *_closed(numbers), *_errors(numbers), *_free(numbers)]
    rules += _kept(numbers)
    title = f"{numbers['back']} of {counted(numbers['wanted'], 'connection')} back"
    title += f", steady after {took(numbers['steady_s'])}" if numbers["steady_s"] is not None else ""
    why = {
        **dict.fromkeys(("half_back_s", "most_back_s", "all_back_s"), "so many never came back"),
        "steady_s": "they were never all in for a second",
        **dict.fromkeys(("fds_before", "fds_after", *_RSS), "the service's process could not be looked at"),
    }
    return Ruled(measured, rules, title, {key: words for key, words in why.items() if measured.get(key, 0) is None})


def _there(seen: Seen) -> list[DrillRule]:
    """Were there as many as asked for when they were cut?"""
    numbers, limit = seen.numbers, int(seen.options.get("limit") or 0)
    wanted = min(numbers["sockets"], limit or numbers["sockets"])
    if numbers["cut"] >= wanted:
        return []
    refused = numbers.get("refused_why")
    why = f"only {numbers['cut']} of {wanted} were connected before the storm"
    if refused:
        why += f" (then: {refused})"
    elif numbers["lost_while_calm"]:
        why += f" ({numbers['lost_while_calm']} were closed again)"
    if not limit:
        why += (
            f"; if it lets in no more, say limit = {numbers['cut']}, and if it lets them in slowly, a longer within_s"
        )
    return [unknown("connected", Reason.INCONCLUSIVE, why)]


def _back(seen: Seen) -> DrillRule:
    numbers, within = seen.numbers, float(seen.options["within_s"])
    kinds = ", ".join(f"{count} {kind}" for kind, count in numbers["failed"].items())
    cost = f"{counted(numbers['attempts'], 'attempt')}{f', {kinds}' if kinds else ''}"
    steady = numbers["steady_s"]
    if steady is not None and steady <= within:
        return passed("back", f"all were back and stayed after {took(steady)} ({cost})")
    if seen.ended is not None and seen.ended.interrupted:
        return unknown("back", Reason.INCONCLUSIVE, f"it was interrupted before all were back ({cost})")
    missing = numbers["wanted"] - numbers["held"]
    if missing > 0:
        return failed("back", f"{within:g} s after the cut {missing} of {numbers['wanted']} were not back ({cost})")
    return failed("back", f"all were back only after {took(steady)}, and {within:g} s are allowed ({cost})")


def _limited(seen: Seen) -> list[DrillRule]:
    """With a limit: no more than that are in once the storm is over."""
    numbers, limit = seen.numbers, int(seen.options.get("limit") or 0)
    if not limit:
        return []
    over = numbers["held"] - limit
    good = f"no more than {limit} were let in, of {counted(numbers['sockets'], 'client')}"
    return [ruled("limit", over <= 0, good, f"{numbers['held']} were let in, and its limit is {limit}")]


def _closed(numbers: dict[str, Any]) -> list[DrillRule]:
    """Whom it cannot serve yet it refuses before the upgrade, or closes with a code that says so. 1000 says that all
    is done, and a client need not come back; 1011, or no close frame at all, that something broke.
    """
    again = {code: count for code, count in numbers.get("closed_again", {}).items() if not _says_why(int(code))}
    if not again:
        return []
    told = ", ".join(f"{count} with {code}" for code, count in again.items())
    why = "shed a storm by 503 or 429 before the upgrade, or by 1013 (try again later)"
    return [failed("closed", f"{counted(sum(again.values()), 'connection')} let in and closed again: {told}; {why}")]


def _says_why(code: int) -> bool:
    return code in _DELIBERATE or code >= _OWN_CODES


def _errors(numbers: dict[str, Any]) -> list[DrillRule]:
    """An attempt may be refused; that it breaks something is told."""
    broken = {kind: count for kind, count in numbers["failed"].items() if kind.startswith(_BROKEN)}
    if not broken:
        return []
    told = ", ".join(f"{count} {kind}" for kind, count in broken.items())
    return [failed("errors", f"attempts that the service failed at instead of refusing them: {told}", required=False)]


def _free(numbers: dict[str, Any]) -> list[DrillRule]:
    before, after = numbers.get("fds_before"), numbers.get("fds_after")
    if before is None or after is None or numbers["back"] < numbers["wanted"]:
        return []
    more = after - before - max(0, numbers["held"] - numbers["cut"])  # who is in beyond a limit is no remainder
    return [
        ruled(
            "free",
            more <= max(5, FREE * numbers["cut"]),
            f"the service has {after} descriptors, {before} before the cut",
            f"the service has {after} descriptors, {before} before the cut: those that were cut are not closed",
        )
    ]


def _kept(numbers: dict[str, Any]) -> list[DrillRule]:
    """Memory that two cuts add, one like the other, is that of connections that are gone."""
    before, after, again = (numbers.get(key) for key in _RSS)
    if before is None or after is None or again is None or again - after < AGAIN * (after - before):
        return []
    sizes = ", ".join(f"{size / 1e6:,.0f} MB" for size in (before, after, again))
    says = f"each cut leaves memory behind: {sizes} with as many connections before, after it, and after a second one"
    return [failed("memory", f"{says}, {(again - after) / 1e3 / numbers['cut']:,.0f} kB a connection", required=False)]
