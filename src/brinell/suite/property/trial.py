"""The property trial: what the examples of Hypothesis tests cost and find; then, whether the chosen numbers hold.

Every session is a fresh pytest in the user's interpreter over the property tests alone:

measure  ``look`` (ten examples each: which tests there are, which fail or hang), ``measure`` (as many examples as the
         effort allows, until the mean cost is known: what the cost model is fitted to), ``observe`` (with
         observability) and ``cover`` (with coverage as well). Both disturb what they watch: no time is taken from them.
verify   the profiles ``ci`` and ``local`` with the recommended numbers, by turns.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from os import environ
from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.observation import Choice
from brinell.core.plan import PropertySpec
from brinell.core.property_cost import Cost
from brinell.core.property_facts import Facts
from brinell.core.property_plan import Sizes, recommend
from brinell.core.property_records import PropertyEnded, PropertyObserved, PropertyRun, PropertyStarted
from brinell.core.roles import Room
from brinell.subject.interpreter import choose, probe
from brinell.suite.property.measuring import measuring_sizes, rounds, seconds_of, unsure
from brinell.suite.property.session import Job, Sessions, environment
from brinell.suite.session import Command
from brinell.suite.trial import TO_THE_END

MEASURE = "property"
_LOOK = 10
_REPEATS = 3
_MOST_REPEATS = 12  # of tests of which three runs say little
_SHARE = 0.75
"""Of the effort, for the first measuring session; what is left is for the next, as far as it goes. One that sees many
examples tells more than several that see few: later examples are larger than early ones, and the costly ones are rare.
"""
_OVERTIME = 0.25  # of the effort, for repetitions of the smaller profile, however little is left
_OBSERVED = 50  # examples that observability watches
_COVERED = 200
_QUIET = {"deadline_ms": None}
"""Hypothesis's deadline of 200 ms fails tests on a busy machine, and adds nothing to what they cost."""
_COVERAGE_COSTS = 8.0  # times the seconds of an ordinary example: tracing line by line, before Python 3.12


def sizes_of(spec: PropertySpec) -> Sizes:
    """Return what a recommendation under this specification has to keep to."""
    return Sizes(spec.ci, spec.local, spec.budget_s, spec.tiers_s, spec.ci_tiers_s)


class PropertyTrial:
    """Does one part of the examination."""

    def run(self, room: Room) -> None:
        """Do the step. ``UsageError`` where there is no interpreter with pytest."""
        spec = room.step.spec
        if not isinstance(spec, PropertySpec):
            raise TypeError(f"step {room.step.id} is no examination of property tests")
        directory = Path(room.plan.root, spec.directory)
        if not directory.is_dir():
            raise UsageError(f"there is no directory {directory}", "brinell property DIR")
        chosen = choose(directory, spec.python or room.plan.python, environ, configured=room.plan.python)
        probe(chosen, cwd=directory)
        args = (*TO_THE_END, *spec.args, *spec.paths)
        command = Command(str(chosen.path), args, directory, environment(), spec.timeout_s)
        with closing(Sessions(room, command, chosen.because)) as sessions:
            (_verify if spec.part == "verify" else _measure)(room, sessions, spec)


def _measure(room: Room, sessions: Sessions, spec: PropertySpec) -> None:
    facts = Facts()
    limit_s = spec.test_timeout_s
    look = min(_LOOK, spec.ci)
    if look == spec.local:
        look = max(1, look - 1)  # two profiles that differ tell which tests have a number of their own
    _take(facts, sessions, Job("look", look, most=look, limit_s=limit_s, profile=_QUIET), "a first look")
    costs = _costs(facts, facts.tests)
    if not costs:
        return
    spent_s = 0.0
    for number in range(_MOST_REPEATS):
        left_s = spec.effort_s - spent_s
        if number >= _REPEATS:
            costs = unsure(costs, spec.local)
        sizes = measuring_sizes(costs, spec.local, left_s if number else left_s * _SHARE)
        if number and (not costs or seconds_of(costs, sizes) > left_s):
            break
        begun_s = room.clock.now_ns() / 1e9
        job = Job("measure", spec.local, sizes=sizes, only=tuple(costs), limit_s=limit_s, profile=_QUIET)
        _take(facts, sessions, job, f"what examples cost, {number + 1} of at most {_MOST_REPEATS}")
        spent_s += room.clock.now_ns() / 1e9 - begun_s
        costs = _costs(facts, costs)
    if sessions.started is None or not sessions.started.observability:
        room.emit(Choice("observe", "this Hypothesis has no observability: times come from its statistics alone"))
        return
    _watch(facts, sessions, spec)


def _watch(facts: Facts, sessions: Sessions, spec: PropertySpec) -> None:
    """See what the examples are made of, then which lines they run."""
    costs = _costs(facts, facts.tests)
    share_s = spec.effort_s / 4
    sizes = measuring_sizes(costs, min(_OBSERVED, spec.local), share_s)
    limit_s = spec.test_timeout_s
    _take(
        facts,
        sessions,
        Job("observe", spec.local, sizes=sizes, only=tuple(costs), limit_s=limit_s, profile=_QUIET),
        "observed",
    )
    if spec.coverage:
        sizes = measuring_sizes(costs, min(_COVERED, spec.local), share_s / _COVERAGE_COSTS)
        job = Job("cover", spec.local, sizes=sizes, only=tuple(costs), limit_s=limit_s, profile=_QUIET)
        _take(facts, sessions, job, "which lines they run")


def _verify(room: Room, sessions: Sessions, spec: PropertySpec) -> None:
    kinds = (PropertyStarted, PropertyRun, PropertyObserved, PropertyEnded)
    facts = Facts(one.data for one in room.history(*kinds, source=MEASURE))
    known = {test: found for test in facts.tests if (found := facts.known(test)) is not None}
    if not known:
        return
    chosen = recommend(known, sizes_of(spec))
    ci = {test: one.ci for test, one in chosen.items()}
    local = {test: one.local for test, one in chosen.items()}
    costs = {test: one.cost for test, one in known.items()}
    together_s = seconds_of(costs, ci) + seconds_of(costs, local)
    repeats = max(1, min(_REPEATS, int(spec.effort_s / max(together_s, 0.001))))
    room.emit(Choice("verify", f"{repeats} runs of each profile, predicted {together_s:.1f} s for both"))
    spare_s = spec.effort_s - repeats * together_s
    # Few examples are more a matter of luck than many, and cheap to repeat.
    counts = repeats, _MOST_REPEATS
    planned = {
        "ci": rounds(costs, ci, counts, max(spare_s / 2, spec.effort_s * _OVERTIME)),
        "local": rounds(costs, local, counts, spare_s / 2),
    }
    for number in range(_MOST_REPEATS):
        for purpose, examples, sizes in (("ci", spec.ci, ci), ("local", spec.local, local)):
            tests = planned[purpose][number]
            if tests:
                job = Job(purpose, examples, sizes=sizes, only=tests, limit_s=spec.test_timeout_s, profile=_QUIET)
                sessions.run(job, f"profile {purpose}, {number + 1} of at most {_MOST_REPEATS}")


def _take(facts: Facts, sessions: Sessions, job: Job, words: str) -> None:
    for run in sessions.run(job, words):
        facts.add(run)


def _costs(facts: Facts, tests: Iterable[str]) -> dict[str, Cost]:
    """The models of those that passed and did not have to be ended."""
    return {test: cost for test in tests if (cost := facts.cost(test)) is not None}
