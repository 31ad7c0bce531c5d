"""Unreliable tests put together by what they have in common: a polluter, else leaked state, else a cause.

Most flaky tests come in groups with one cause (Parry et al., Systemic flakiness, 2025), and one repair heals them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from brinell.core.trust import Trust

MOST_TOGETHER = 8  # tests in a sequence; a longer one is a whole order that was not narrowed down


@dataclass(frozen=True, slots=True)
class Cluster:
    """Tests with one reason. ``key`` is the same for every run in which the reason is."""

    key: str
    tests: tuple[Trust, ...]
    polluters: tuple[int, ...]  # of the victims; none where no victim is in it
    setters: tuple[int, ...]
    roots: tuple[str, ...]  # leaked state that was proved
    cause: str | None

    def of(self, verdict: str) -> list[Trust]:
        """Return the tests with this verdict."""
        return [trust for trust in self.tests if trust.verdict == verdict]

    @property
    def confirmed(self) -> bool:
        """Whether fresh processes showed it for one of its tests at least."""
        return any(trust.confirmed for trust in self.tests)


def clusters(trusts: Iterable[Trust], names: tuple[str, ...]) -> list[Cluster]:
    """Return the clusters of the tests that are not stable: confirmed first, then those that make most runs fail."""
    groups: list[tuple[set[Hashable], list[Trust]]] = []
    for trust in trusts:
        if trust.verdict == "stable":
            continue
        reasons, members = _reasons(trust), [trust]
        apart = []
        for known, others in groups:
            if known & reasons:
                reasons |= known
                members = [*others, *members]
            else:
                apart.append((known, others))
        groups = [*apart, (reasons, members)]
    found = [_cluster(members, names) for _, members in groups]
    return sorted(found, key=lambda one: (not one.confirmed, -len(one.tests), one.tests[0].test))


def narrow(sequences: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the sequences that name culprits, without whole orders that were not narrowed down."""
    return [sequence for sequence in sequences if len(sequence) <= MOST_TOGETHER]


def _reasons(trust: Trust) -> set[Hashable]:
    """Return what a test shares with others of its cluster; never empty."""
    found: set[Hashable] = {("state", root) for root in trust.leaked}
    match trust.verdict:
        case "victim":
            found |= {("polluter", one) for sequence in narrow(trust.polluters) for one in sequence}
        case "brittle":
            found |= {("setter", one) for sequence in narrow(trust.setters) for one in sequence}
        case "self-polluting":
            found.add(("polluter", trust.test))
        case _:
            found.add(("cause", trust.cause))
    return found or {("order", trust.verdict)}


def _cluster(members: list[Trust], names: tuple[str, ...]) -> Cluster:
    members = sorted(members, key=lambda trust: trust.test)
    polluters = _of(sequence for trust in members for sequence in narrow(trust.polluters))
    setters = _of(sequence for trust in members for sequence in narrow(trust.setters))
    roots = tuple(dict.fromkeys(root for trust in members for root in trust.leaked))
    causes = {trust.cause for trust in members}
    cause = causes.pop() if len(causes) == 1 else None
    # Named after the reason where it has a name, else after its first test.
    reason = [*(names[one] for one in (*polluters, *setters)), *roots] or [str(cause), names[members[0].test]]
    digest = hashlib.sha256("\0".join(sorted(reason)).encode("utf-8", "replace")).hexdigest()[:8]
    return Cluster(digest, tuple(members), polluters, setters, roots, cause)


def _of(sequences: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the tests of the sequences, each once, those of most sequences first."""
    times: dict[int, int] = {}
    for sequence in sequences:
        for one in sequence:
            times[one] = times.get(one, 0) + 1
    return tuple(sorted(times, key=lambda one: (-times[one], one)))
