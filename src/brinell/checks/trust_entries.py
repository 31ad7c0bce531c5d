"""``judgement.flaky`` and ``judgement.pollution``: what is known of each unreliable test, and of what tests leave."""

from __future__ import annotations

import posixpath
import shlex
from collections import defaultdict
from collections.abc import Iterable

from brinell.checks.trust_facts import IMPORT, Examined
from brinell.core.examination import Confirmation, LeftState
from brinell.core.flaky_rates import interval
from brinell.core.import_trust import CAUSE, COLLECTED, ONLY, left_by
from brinell.core.judgement import FactorEffect, FlakyTest, LeakedState, Pollution, Probability
from brinell.core.redact import one_line
from brinell.core.trust import BAD, Trust

_WORDS = {
    "p": "passed",
    "f": "failed",
    "e": "ended in an error",
    "s": "was skipped",
    "x": "failed as expected",
    "X": "passed unexpectedly",
    "d": "ended its process",
}
_PURPOSE = {"victim": "sequence", "brittle": "sequence", "self-polluting": "twice"}
_MOST_STATES = 20  # of one test, where it was not shown which of them it is


def flaky_test(examined: Examined, trust: Trust, cluster: str | None) -> FlakyTest:
    """Return the entry of a test that is not simply stable."""
    said = _told(examined, trust)
    polluters, setters = _sets(examined, trust.polluters), _sets(examined, trust.setters)
    if trust.cause == CAUSE:  # files, not tests
        polluters, setters = (trust.files, ()) if trust.verdict == "victim" else ((), trust.files)
    return FlakyTest(
        test=examined.name(trust.test),
        verdict=trust.verdict,
        polluters=_each(polluters),
        polluter_sets=polluters,
        setters=_each(setters),
        setter_sets=setters,
        cleaners=tuple(examined.name(one) for one in trust.cleaners),
        leaked_state=_leaked(examined, trust),
        cause=trust.cause,
        factors={
            seen.factor: FactorEffect(
                level=seen.level,
                with_factor=probability(*seen.with_factor),
                without=probability(*seen.without),
                command=_factor_command(examined, trust, seen.factor),
            )
            for seen in trust.factors
        },
        failure_probability=_failure_probability(examined, trust),
        reproducer=command_line(examined, said) if said else None,
        reproducer_outcome=_outcome(examined, trust, said) if said else None,
        confirmed=trust.confirmed,
        fixture=trust.fixture,
        message=trust.message,
        cluster=cluster,
    )


def probability(failures: int, runs: int) -> Probability:
    """Return the share of runs that fail with its interval; of no run at all, ValueError."""
    if not runs:
        raise ValueError("no run, no probability")
    low, high = interval(failures, runs)
    return Probability(estimate=failures / runs, low=low, high=high, failures=failures, runs=runs)


def command_line(examined: Examined, said: Confirmation) -> str:
    """Return what a person pastes into a shell that stands in the project's root."""
    line = " ".join([*(f"{name}={shlex.quote(value)}" for name, value in said.env.items()), shlex.join(said.command)])
    rootdir = examined.started.rootdir if examined.started else ""
    if not rootdir.startswith("/") or not examined.root.startswith("/"):
        return line
    folder = posixpath.relpath(rootdir, examined.root)
    return line if folder == "." else f"cd {shlex.quote(folder)} && {line}"


def _told(examined: Examined, trust: Trust) -> Confirmation | None:
    """Return the fresh run that speaks for the verdict: one that did what it says, else the last that was tried."""
    wanted = COLLECTED if trust.cause == CAUSE else _PURPOSE.get(trust.verdict)
    tried = [
        said
        for said in examined.ledger.confirmed.get(trust.test, ())
        if (said.purpose.startswith(wanted) if wanted else said.purpose.startswith(("factor", "alone")))
    ]
    agreeing = [said for said in tried if said.command == trust.command and said.env == trust.env and trust.confirmed]
    if not wanted:  # of several tries of one command, the one that showed it
        agreeing = [said for said in agreeing if said.outcomes[-1:] in BAD] or agreeing
    return next(iter(agreeing or tried[::-1]), None)


def _factor_command(examined: Examined, trust: Trust, factor: str) -> str | None:
    """Return the command that shows a factor; one whose purpose names none shows the clearest."""
    purposes = {f"factor {factor}"} | ({"factor"} if factor == trust.factors[0].factor else set())
    for said in examined.ledger.confirmed.get(trust.test, ()):
        if said.purpose in purposes and said.outcomes[-1:] in BAD:
            return command_line(examined, said)
    return None


def _outcome(examined: Examined, trust: Trust, said: Confirmation) -> str:
    """Say what the command gave, and for a sequence what the test did alone."""
    with_only = ONLY if trust.cause == CAUSE else "alone"
    alone = [one for one in examined.ledger.confirmed.get(trust.test, ()) if one.purpose == with_only]
    if trust.cause == CAUSE and alone:
        return f"it {_did(said)}; with only its own file collected it {_did(alone[0])}"
    if said.purpose == "alone":
        bad = sum(one.outcomes[-1:] in BAD for one in alone)
        return f"it failed in {bad} of {len(alone)} fresh processes"
    if not said.outcomes:
        return "not all of its tests ran"
    first, last = said.outcomes[:-1], _did(said)
    if said.purpose == "twice" and first:
        return f"it {_WORDS.get(first[-1], 'ran')} the first time, and the second time it {last}"
    bad = sum(letter in BAD for letter in first)
    told = f"{bad} of the {len(first)} before it failed, " if bad else ""
    return f"{told}it {last}" + (f"; alone it {_did(alone[0])}" if said.purpose == "sequence" and alone else "")


def _did(said: Confirmation) -> str:
    """Say what the last test did, with its message where it failed."""
    word = _WORDS.get(said.outcomes[-1:], "did not run to its end")
    return f"{word} ({one_line(said.message, 300)})" if said.message and said.outcomes[-1:] in BAD else word


def _failure_probability(examined: Examined, trust: Trust) -> Probability | None:
    """Return the share of failing runs where it means something: of whole orders for a test that depends on others, of
    second runs for one that pollutes itself, of runs alone for all else.
    """
    match trust.verdict:
        case "victim" | "brittle":
            count = examined.in_orders.get(trust.test)
        case "self-polluting":
            count = examined.ledger.twice.get(trust.test)
        case _:
            count = examined.ledger.alone.get(trust.test)
            if trust.verdict == "nondeterministic" and count is not None and not count.mixed:
                return None  # all of them had the same hash seed, say: how often another one comes is not known
    return probability(count.failures, count.runs) if count is not None and count.runs else None


def _each(sets: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in sets for name in names))


def _sets(examined: Examined, sequences: Iterable[tuple[int, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(examined.name(one) for one in sequence) for sequence in sequences)


def _leaked(examined: Examined, trust: Trust) -> tuple[LeakedState, ...]:
    """Return the state that was proved to matter; where nothing was, all that the first set of polluters leaves."""
    who = trust.polluters[0] if trust.polluters else (trust.test,) if trust.verdict == "self-polluting" else ()
    left = [state for one in who for state in examined.ledger.left.get(one, ())]
    if trust.cause == CAUSE:
        left = list(left_by(examined.ledger.imports, trust.files).values())
    proved = [state for state in left if state.root in trust.leaked]
    if trust.leaked and not proved:  # of another set of polluters
        others = {one for sequence in trust.polluters for one in sequence}
        proved = [state for one in others for state in examined.ledger.left.get(one, ()) if state.root in trust.leaked]
    shown = proved or [state for state in left if not state.weak][:_MOST_STATES]
    return tuple(
        LeakedState(name=state.name, kind=state.kind, before=state.before, after=state.after, proved=bool(proved))
        for state in {state.name: state for state in shown}.values()
    )


def pollution(examined: Examined, trusts: Iterable[Trust]) -> list[Pollution]:
    """Return what each test left changed, in the suite's order, import and collection first.

    Weak changes (nearly every test makes them) are told only where it was proved that a victim fails by them.
    """
    proved: dict[tuple[int, str], list[str]] = defaultdict(list)
    unproved: dict[int, list[str]] = defaultdict(list)
    for trust in trusts:
        if trust.verdict not in {"victim", "self-polluting"} or trust.cause == CAUSE:
            continue
        victim = examined.name(trust.test)
        for one in {one for sequence in trust.polluters for one in sequence} or {trust.test}:
            for root in trust.leaked:
                proved[one, root].append(victim)
            if not trust.leaked:
                unproved[one].append(victim)
    found = []
    for test, states in sorted(examined.ledger.left.items()):
        for state in states:
            shown = proved.get((test, state.root), [])
            if not state.weak or shown:
                victims = dict.fromkeys([*shown, *([] if state.weak else unproved.get(test, []))])
                found.append(_pollution(examined, test, state, tuple(victims), proved=bool(shown)))
    return found + _by_collection(examined, trusts)


def _by_collection(examined: Examined, trusts: Iterable[Trust]) -> list[Pollution]:
    """Return what the collection of files left changed where a test fails by it; the files stand for a test."""
    hurt: dict[tuple[tuple[str, ...], str], list[Trust]] = defaultdict(list)
    for trust in trusts:
        if trust.cause == CAUSE and trust.verdict == "victim" and trust.files:
            known = left_by(examined.ledger.imports, trust.files[:1])
            for root in trust.leaked or [state.root for state in known.values() if not state.weak]:
                hurt[trust.files[0], root].append(trust)
    found = []
    for (files, root), victims in hurt.items():
        state = left_by(examined.ledger.imports, [files]).get(root)
        if state is not None:
            found.append(
                Pollution(
                    test=", ".join(files),
                    state=state.name,
                    kind=state.kind,
                    before=state.before,
                    after=state.after,
                    victims=tuple(examined.name(one.test) for one in victims),
                    proved=any(root in one.leaked for one in victims),
                )
            )
    return found


def _pollution(examined: Examined, test: int, state: LeftState, victims: tuple[str, ...], *, proved: bool) -> Pollution:
    return Pollution(
        test=None if test == IMPORT else examined.name(test),
        state=state.name,
        kind=state.kind,
        before=state.before,
        after=state.after,
        victims=victims,
        proved=proved,
    )
