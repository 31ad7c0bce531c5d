"""Unreliable tests put together by what they have in common, as ``core.clusters`` does it, and named after it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from brinell.checks.trust_facts import Examined
from brinell.core import clusters as core
from brinell.core.trust import Count, Trust

MOST_TOGETHER = 8  # tests in a sequence; a longer one is a whole order that was not narrowed down
_ORDER = "order"
_T = TypeVar("_T", int, str)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Tests with one reason. ``key`` is the same for every run in which the reason is."""

    key: str
    kind: core.Kind
    tests: tuple[Trust, ...]
    polluters: tuple[int, ...]  # of the victims, those of most victims first; none where no victim is in it
    setters: tuple[int, ...]
    roots: tuple[str, ...]  # leaked state that was proved
    cause: str | None
    probability: float  # of a run of the suite that fails by it, in any order
    files: tuple[str, ...] = ()  # whose collection it is, those of most tests first

    def of(self, verdict: str) -> list[Trust]:
        """Return the tests with this verdict."""
        return [trust for trust in self.tests if trust.verdict == verdict]

    @property
    def confirmed(self) -> bool:
        """Whether fresh processes showed it for one of its tests at least."""
        return any(trust.confirmed for trust in self.tests)


def clusters(examined: Examined, trusts: Iterable[Trust]) -> list[Cluster]:
    """Return the clusters of the tests that are not stable: confirmed ones first, then by the time a repair saves."""
    known = {trust.test: trust for trust in trusts if trust.verdict != "stable"}
    found = core.clusters(_unreliable(examined, trust) for trust in known.values())
    named = [_cluster(examined, one, [known[test] for test in one.tests]) for one in found]
    return sorted(named, key=lambda one: not one.confirmed)


def narrow(sequences: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Return the sequences that name culprits, without whole orders that were not narrowed down."""
    return tuple(sequence for sequence in sequences if len(sequence) <= MOST_TOGETHER)


def _unreliable(examined: Examined, trust: Trust) -> core.Unreliable:
    """Return what clustering asks for. A test that fails only when it runs twice fails no ordinary run; of one that did
    the same each time alone, since all these runs had one hash seed, say, it is not known how many it fails.
    """
    itself = trust.verdict == "self-polluting"
    alone = examined.ledger.alone[trust.test]
    count = examined.in_orders[trust.test]
    if trust.verdict == "nondeterministic":
        count = alone if alone.mixed else Count()
    return core.Unreliable(
        trust.test,
        polluters=((trust.test,),) if itself else narrow(trust.polluters),
        roots=trust.leaked,
        cause=None if trust.cause == _ORDER else trust.cause,
        probability=0.0 if itself or not count.runs else count.failures / count.runs,
        seconds=examined.suite_s,
        failing_runs=frozenset(examined.failed_in[trust.test]),
        setters=narrow(trust.setters),
        files=trust.files,
    )


def _cluster(examined: Examined, found: core.Cluster, members: Sequence[Trust]) -> Cluster:
    polluters = _of(sequence for trust in members for sequence in narrow(trust.polluters))
    setters = _of(sequence for trust in members for sequence in narrow(trust.setters))
    roots = tuple(dict.fromkeys(root for trust in members for root in trust.leaked))
    causes = {trust.cause for trust in members}
    reason = examined.name(found.reason) if isinstance(found.reason, int) else found.reason
    said = f"{found.kind}\0{examined.name(found.tests[0]) if reason is None else reason}"
    return Cluster(
        hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:8],
        found.kind,
        tuple(members),
        polluters,
        setters,
        roots,
        causes.pop() if len(causes) == 1 else None,
        found.probability,
        _of(files for trust in members for files in trust.files),
    )


def _of(sequences: Iterable[tuple[_T, ...]]) -> tuple[_T, ...]:
    """Return the tests (or files) of the sequences, each once, those of most sequences first."""
    times: dict[_T, int] = {}
    for sequence in sequences:
        for one in sequence:
            times[one] = times.get(one, 0) + 1
    return tuple(sorted(times, key=lambda one: (-times[one], one)))
