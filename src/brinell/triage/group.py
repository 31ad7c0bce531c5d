"""Failures to groups: each failure in exactly one, whatever the order they came in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from brinell.triage.failure import Failure
from brinell.triage.ownership import Layout
from brinell.triage.signature import Key, Reading, key_of, read_failure


@dataclass(frozen=True)
class Group:
    """Failures with one root, sorted by test id; ``aliases`` are the ids its failures would have had alone."""

    key: Key
    readings: tuple[Reading, ...]
    aliases: frozenset[str]

    @property
    def first(self) -> Reading:
        """The failure that speaks for the group: one that saw the exception itself, of those the first by id."""
        return min(self.readings, key=lambda reading: (reading.printed, reading.failure.test))

    @property
    def tests(self) -> tuple[str, ...]:
        """Ids of the tests (or of what could not be collected), sorted, each once."""
        return tuple(sorted({reading.failure.test for reading in self.readings if reading.failure.test}))


def group(failures: Iterable[Failure], layout: Layout) -> list[Group]:
    """Return the groups, sorted by key. A partition: every failure is in exactly one."""
    keyed = [(key_of(reading), reading) for reading in (read_failure(failure, layout) for failure in failures)]
    homes = _homes(keyed)
    members: dict[Key, list[Reading]] = defaultdict(list)
    aliases: dict[Key, set[str]] = defaultdict(set)
    for key, reading in keyed:
        home = homes.get(_bare(key), key) if reading.printed else key
        members[home].append(reading)
        aliases[home].update({key.id, home.id})
    return [
        Group(key, tuple(sorted(members[key], key=_order)), frozenset(aliases[key]))
        for key in sorted(members, key=lambda key: key.parts)
    ]


def _order(reading: Reading) -> tuple[str, str, str]:
    return reading.failure.test, reading.failure.phase, reading.failure.evidence


def _homes(keyed: list[tuple[Key, Reading]]) -> dict[tuple[str, ...], Key]:
    """The bugs that printed tracebacks may belong to, by their keys as a printed traceback would give them."""
    direct = sorted({key for key, reading in keyed if not reading.printed}, key=lambda key: key.parts)
    return {_bare(key): key for key in reversed(direct)}


def _bare(key: Key) -> tuple[str, ...]:
    """A key without the class of its function: printed tracebacks name functions without their classes."""
    if key.parts[0] != "code":
        return key.parts
    kind, exception, path, function, what = key.parts
    return kind, exception, path, function.rsplit(".", maxsplit=1)[-1], what
