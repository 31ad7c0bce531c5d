"""Storm: all who were cut are in again in time, and stay; what the cut connections held is free."""

from __future__ import annotations

from brinell.checks.drills.ruling import Ruled, counted, failed, passed, ruled, took, unknown
from brinell.checks.drills.seen import Seen
from brinell.core.drill_judgement import DrillRule
from brinell.core.verdicts import Reason

FREE = 0.1  # of the connections' descriptors may be missing afterwards


def storm(seen: Seen) -> Ruled:
    """Judge one storm."""
    numbers = seen.numbers
    if not numbers.get("cut"):
        said = "nothing was cut"
        return Ruled({}, [unknown("cut", Reason.NOT_EXERCISED, said)], said)
    measured = {
        key: numbers.get(key)
        for key in (
            "sockets", "connected", "cut", "back", "attempts", "failed", "half_back_s", "most_back_s", "all_back_s",
            "highest_rate", "usual_ms", "storm_ms", "lost_while_calm", "lost_afterwards", "fds_before", "fds_after",
        )
    }  # fmt: skip
    rules = [*_there(numbers), _back(seen), *_stays(seen), *_free(numbers)]
    title = f"{numbers['back']} of {counted(numbers['cut'], 'connection')} back"
    title += f", all after {took(numbers['all_back_s'])}" if numbers["all_back_s"] is not None else ""
    why = {
        **dict.fromkeys(("half_back_s", "most_back_s", "all_back_s"), "so many never came back"),
        "highest_rate": "none came back",
        **dict.fromkeys(("fds_before", "fds_after"), "the service's process could not be looked at"),
        "lost_afterwards": "the drill ended before",
    }
    return Ruled(measured, rules, title, {key: words for key, words in why.items() if measured[key] is None})


def _there(numbers: dict[str, int]) -> list[DrillRule]:
    if numbers["connected"] >= numbers["sockets"]:
        return []
    why = f"only {numbers['connected']} of {numbers['sockets']} could be connected before the storm"
    return [unknown("connected", Reason.INCONCLUSIVE, why)]


def _back(seen: Seen) -> DrillRule:
    numbers, within = seen.numbers, float(seen.options["within_s"])
    kinds = ", ".join(f"{count} {kind}" for kind, count in numbers["failed"].items())
    cost = f"{counted(numbers['attempts'], 'attempt')}{f', {kinds}' if kinds else ''}"
    if numbers["back"] < numbers["cut"]:
        missing = numbers["cut"] - numbers["back"]
        return failed("back", f"{within:g} s after the cut {missing} of {numbers['cut']} were not back ({cost})")
    return passed("back", f"all were back after {took(numbers['all_back_s'])} ({cost})")


def _stays(seen: Seen) -> list[DrillRule]:
    lost = seen.numbers.get("lost_afterwards")
    if lost is None:
        return []
    return [ruled("stays", not lost, "and stayed", f"{lost} of them were closed again within a second")]


def _free(numbers: dict[str, int]) -> list[DrillRule]:
    before, after = numbers.get("fds_before"), numbers.get("fds_after")
    if before is None or after is None or numbers["back"] < numbers["cut"]:
        return []
    more = after - before
    return [
        ruled(
            "free",
            more <= max(5, FREE * numbers["cut"]),
            f"the service has {after} descriptors, {before} before the cut",
            f"the service has {after} descriptors, {before} before the cut: those that were cut are not closed",
        )
    ]
