"""Two sides of a suite, from their runs to the judgement. Both the trial, which stops as soon as there is an answer,
and the check, which tells it, come here: they cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from brinell.core import slower
from brinell.core.against_records import NEW, OLD, AgainstNames, AgainstStarted, PartName, SideRun
from brinell.core.carriers import Parts, carriers, explained
from brinell.core.paired import ALPHA, Shift, shift
from brinell.core.time_judgement import Against, Effect
from brinell.core.verdicts import Reason

WARM_UP = -1
_MOST_NAMED = 200
_MOST_LOST = 0.2  # of the pairs, that did not come to their end


class Limits(msgspec.Struct, frozen=True):
    """The least effect that is a regression: both the ratio and the seconds must be exceeded."""

    ratio: float = slower.LEAST_RATIO
    seconds: float = slower.LEAST_S


class Collector:
    """Takes the records of a comparison, in their order."""

    def __init__(self) -> None:
        self.started: AgainstStarted | None = None
        self.names: list[PartName] = []
        self.runs: list[SideRun] = []

    def take(self, record: object) -> None:
        """Keep a record of the comparison; others pass."""
        match record:
            case AgainstStarted():
                self.started = record
                self.names, self.runs = [], []
            case AgainstNames(first=first, names=names) if first == len(self.names):
                self.names.extend(names)
            case SideRun():
                self.runs.append(record)

    def judged(self, limits: Limits) -> Against | None:
        """Return the judgement of what was taken; None before the comparison began."""
        return _judged(self.started, self.names, self.runs, limits) if self.started else None


class _Tests(msgspec.Struct, frozen=True):
    """Numbers of tests: those to be compared, and the others by why they are not."""

    common: frozenset[int]
    only_old: tuple[int, ...]
    only_new: tuple[int, ...]
    changed: tuple[int, ...]


def _judged(started: AgainstStarted, names: Sequence[PartName], runs: Sequence[SideRun], limits: Limits) -> Against:
    pairs, lost = _pairs(runs)
    reason, problem = _problem(runs, len(pairs), lost)
    tests = _tests([run for run in runs if not run.problem])
    blank = Against(
        old=started.old,
        new=started.new,
        answer=slower.CANNOT_TELL,
        why=problem,
        pairs=len(pairs),
        more_pairs=None,
        measure="wall",
        old_seconds=None,
        time=None,
        wall=None,
        cpu=None,
        same_code=None,
        smallest_detectable=None,
        limit=None,
        confidence=1 - 2 * ALPHA,
        common_tests=len(tests.common),
        only_old=_named(names, tests.only_old),
        only_new=_named(names, tests.only_new),
        changed=_named(names, tests.changed),
        reason=reason.value,
        notes=started.notes,
    )
    if problem:
        return blank
    if not tests.common:
        return msgspec.structs.replace(blank, why="no test is on both sides and ends the same way on both")
    return _compared(blank, names, pairs, tests.common, limits)


def _compared(
    blank: Against,
    names: Sequence[PartName],
    pairs: Sequence[tuple[SideRun, SideRun]],
    common: frozenset[int],
    limits: Limits,
) -> Against:
    old, new = ([_times(pair[side], common) for pair in pairs] for side in (0, 1))
    answer = slower.decide(old, new, limits.ratio, limits.seconds)
    free = answer.measure == "free"
    before, after = ([one.wall_s - (one.starved_s or 0.0) * free for one in side] for side in (old, new))
    parts = [[_parts(pair[side], names, common, free=free) for pair in pairs] for side in (0, 1)]
    whole_s = shift([b - a for a, b in zip(before, after, strict=True)], 0.05).estimate
    word, why = answer.answer, answer.why
    found = carriers(parts[0], parts[1], whole_s) if word == slower.REGRESSED else ()
    if word == slower.REGRESSED and answer.waits and not found:
        word = slower.CANNOT_TELL
        why = "it takes longer without computing longer, and no test, fixture or import carries it"
    return msgspec.structs.replace(
        blank,
        answer=word,
        why=why,
        more_pairs=answer.more_pairs,
        measure=answer.measure,
        old_seconds=round(sorted(before)[len(before) // 2], 6),
        time=_ratio(answer.time),
        wall=_ratio(answer.wall),
        cpu=_ratio(answer.cpu),
        same_code=_ratio(answer.same_code),
        smallest_detectable=_rounded(math.exp(answer.detectable)) if answer.detectable < 5 else None,
        limit=_rounded(math.exp(answer.limit)),
        reason=Reason.INCONCLUSIVE.value if word == slower.CANNOT_TELL else "",
        carriers=found,
        explained=explained(found),
    )


def _pairs(runs: Sequence[SideRun]) -> tuple[list[tuple[SideRun, SideRun]], int]:
    """Return the pairs of which both runs can be compared, and how many others there are."""
    found: dict[int, dict[str, SideRun]] = {}
    for run in runs:
        if run.pair != WARM_UP:
            found.setdefault(run.pair, {})[run.side] = run
    whole = [(sides[OLD], sides[NEW]) for _, sides in sorted(found.items()) if OLD in sides and NEW in sides]
    good = [pair for pair in whole if not any(run.problem for run in pair)]
    return good, len(whole) - len(good)


def _problem(runs: Sequence[SideRun], good: int, lost: int) -> tuple[Reason, str]:
    """Say why nothing can be compared, if so; else the text is empty."""
    for run in runs:
        if run.strange:
            what = f"{run.strange[0]} of the {NEW if run.side == OLD else OLD} side: it is not {run.side} code that ran"
            return Reason.INVALID, f"the {run.side} side imported {what}"
    for run in runs:
        if run.problem and (run.pair == WARM_UP or lost > _MOST_LOST * (good + lost)):
            return Reason.NOT_EXERCISED, f"the {run.side} side: {run.problem}"
    return Reason.INCONCLUSIVE, "" if good else "no pair of runs came to its end"


def _tests(runs: Sequence[SideRun]) -> _Tests:
    """Sort tests by whether they can be compared: in every run of both sides, with one and the same outcome."""
    outcomes: dict[int, set[str]] = {}
    counts: dict[str, dict[int, int]] = {OLD: {}, NEW: {}}
    for run in runs:
        for number, outcome, *_ in run.tests:
            outcomes.setdefault(number, set()).add(outcome)
            counts[run.side][number] = counts[run.side].get(number, 0) + 1
    both = {number for number in outcomes if number in counts[OLD] and number in counts[NEW]}
    every = len(runs)
    common = {n for n in both if len(outcomes[n]) == 1 and counts[OLD][n] + counts[NEW][n] == every}
    return _Tests(
        frozenset(common),
        tuple(n for n in outcomes if n not in counts[NEW]),
        tuple(n for n in outcomes if n not in counts[OLD]),
        tuple(sorted(both - common)),
    )


def _times(run: SideRun, common: frozenset[int]) -> slower.Times:
    """The run's times without those of tests that are not compared."""
    others = [(wall, cpu) for number, _, wall, cpu in run.tests if number not in common]
    wall_s = run.seconds - sum(wall for wall, _ in others) / 1e6
    cpu_s = None if run.cpu_s is None else run.cpu_s - sum(cpu for _, cpu in others) / 1e6
    least = 1e-6
    return slower.Times(max(least, wall_s), None if cpu_s is None else max(least, cpu_s), run.starved_s)


def _parts(run: SideRun, names: Sequence[PartName], common: frozenset[int], *, free: bool) -> Parts:
    """Wall (without waiting for a processor, if ``free``) and processor seconds of the parts that are compared."""
    return {
        names[number]: (max(0, wall - starved * free) / 1e6, cpu / 1e6)
        for number, wall, cpu, starved in run.parts
        if number < len(names) and (names[number].kind != "test" or number in common)
    }


def _named(names: Sequence[PartName], numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(names[number].name for number in numbers[:_MOST_NAMED] if number < len(names))


def _ratio(one: Shift | None) -> Effect | None:
    """A shift of logarithms as a ratio."""
    if one is None:
        return None
    ends = [_rounded(math.exp(end)) if math.isfinite(end) else None for end in (one.low, one.high)]
    return Effect(estimate=_rounded(math.exp(one.estimate)), low=ends[0], high=ends[1])


def _rounded(value: float) -> float:
    return round(value, 4)
