"""Failures to groups: each failure in exactly one, whatever the order they came in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from brinell.triage.failure import Failure
from brinell.triage.masks import mask
from brinell.triage.ownership import Layout
from brinell.triage.reading import Reading, read_failure, shown_exception
from brinell.triage.signature import Key, key_of, shown_key


@dataclass(frozen=True)
class Group:
    """Failures with one root, those that saw the exception itself first; ``aliases`` are the ids they had alone."""

    key: Key
    readings: tuple[Reading, ...]
    aliases: frozenset[str]

    @property
    def first(self) -> Reading:
        """The failure that speaks for the group."""
        return self.readings[0]

    @property
    def tests(self) -> tuple[str, ...]:
        """Ids of the tests (or of what could not be collected), sorted, each once."""
        return tuple(sorted({reading.failure.test for reading in self.readings if reading.failure.test}))


def group(failures: Iterable[Failure], layout: Layout) -> list[Group]:
    """Return the groups, sorted by key. A partition: every failure is in exactly one."""
    keyed = [(key_of(reading), reading) for reading in (read_failure(failure, layout) for failure in failures)]
    homes = _Homes(keyed)
    members: dict[Key, list[tuple[bool, Reading]]] = defaultdict(list)
    aliases: dict[Key, set[str]] = defaultdict(set)
    for key, reading in keyed:
        home = homes.of(key, reading)
        members[home].append((home != key, reading))
        aliases[home].update({key.id, home.id})
    return [
        Group(key, tuple(reading for _, reading in sorted(members[key], key=_order)), frozenset(aliases[key]))
        for key in sorted(members, key=lambda key: key.parts)
    ]


def _order(member: tuple[bool, Reading]) -> tuple[bool, bool, str, str, str]:
    moved, reading = member
    return moved, reading.printed, reading.failure.test, reading.failure.phase, reading.failure.evidence


class _Homes:
    """The bugs whose exception was seen itself: where those belong that saw it printed or shown only."""

    def __init__(self, keyed: list[tuple[Key, Reading]]) -> None:
        self._bare: dict[tuple[str, ...], Key] = {}
        self._shown: dict[tuple[str, str], set[Key]] = defaultdict(set)
        direct = [(key, reading) for key, reading in keyed if not reading.printed and key.parts[0] == "code"]
        for key, reading in sorted(direct, key=lambda pair: pair[0].parts, reverse=True):
            self._bare[_bare(key)] = key
            if reading.raised is not None:
                self._shown[reading.raised.type.rpartition(".")[2], mask(reading.raised.message)].add(key)

    def of(self, key: Key, reading: Reading) -> Key:
        if reading.printed:
            return self._bare.get(_bare(key), key)
        shown = shown_exception(reading)
        if shown is None:
            return key
        kind, message = shown
        # A KeyError's text is the repr of what it shows.
        homes = self._shown.get(shown) or self._shown.get((kind, mask(repr(message)))) or set()
        if len(homes) > 1:
            return key  # the same exception in two places: which of them is not known
        return next(iter(homes), None) or shown_key(shown) or key


def _bare(key: Key) -> tuple[str, ...]:
    """A key without the class of its function: printed tracebacks name functions without their classes."""
    if key.parts[0] != "code":
        return key.parts
    kind, exception, path, function, what = key.parts
    return kind, exception, path, function.rsplit(".", maxsplit=1)[-1], what
