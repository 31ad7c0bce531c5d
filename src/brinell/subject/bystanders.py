"""Who else uses this machine while a subject is under load, and whether they do so without the load as well.

Linux only: what each process used is read from /proc three times in all, and only of a machine that was full.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from brinell.core.crowd import FULL
from brinell.core.generator_records import Bystander, Bystanders
from brinell.core.roles import Room
from brinell.subject import process_table
from brinell.subject.vitals_detail import called

EVERY_NS = 1_000_000_000
AFTER_NS = 1_000_000_000
MOST = 8  # names
_MOST_ANCESTORS = 64
LEAST = 0.01  # cores: less is not worth a name
_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_STAT = Path("/proc/stat")

Identity = tuple[int, str]
"""A pid and when it started: a pid that was used again is another process."""


class Used(NamedTuple):
    """A process: the processor time that it has used, ``ended_s`` of which by children that it saw end."""

    name: str
    parent: int
    own_s: float
    ended_s: float

    @property
    def all_s(self) -> float:
        """All of it."""
        return self.own_s + self.ended_s


class BystanderWatch:
    """Made before a load, asked to ``look`` during it, and closed after it by whoever owns time."""

    def __init__(self, room: Room, stat: Path = _STAT) -> None:
        self._room = room
        self._stat = stat
        self._begin_ns = room.clock.now_ns()
        self._begin = used()
        self._busy = _busy_s(stat)
        self._looked_ns = self._begin_ns
        self._full = False

    def look(self, now_ns: int) -> None:
        """Look once a second whether the machine is full."""
        elapsed_ns = now_ns - self._looked_ns
        if elapsed_ns < EVERY_NS or self._busy is None:
            return
        busy = _busy_s(self._stat)
        if busy is not None:
            full = FULL * (os.cpu_count() or 1)
            self._full = self._full or (busy - self._busy) / (elapsed_ns / 1e9) >= full
            self._busy, self._looked_ns = busy, now_ns

    def close(self, subject: Collection[int]) -> None:
        """Write down who used it, where it was ever full. Takes a second then; raises what ``Room.tick`` does."""
        if not self._full or not self._begin:
            return
        clock = self._room.clock
        end_ns, end = clock.now_ns(), used()
        while clock.now_ns() < end_ns + AFTER_NS:
            self._room.tick()
            clock.sleep(0.05)
        after_ns, after = clock.now_ns(), used()
        own = {os.getpid(), *subject}
        processes = process_table.table()
        own |= {one.pid for root in tuple(own) for one in process_table.tree(root, processes)}
        seconds = (end_ns - self._begin_ns) / 1e9, (after_ns - end_ns) / 1e9
        rates = between(self._begin, end, seconds[0], own), between(end, after, seconds[1], own)
        names = {one: used.name for found in (self._begin, end, after) for one, used in found.items()}
        for busy in {identity for row in rates for identity, cores in row.items() if cores >= LEAST}:
            names[busy] = called(busy[0], names[busy])
        self._room.emit(told(after_ns, seconds, rates, names))


def used() -> dict[Identity, Used]:
    """Return what every process has used since its start; empty where there is no /proc."""
    if sys.platform != "linux":
        return {}
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - no Path for each of hundreds
        if name.isdecimal() and (one := _read(int(name))) is not None:
            found[int(name), one[0]] = one[1]
    return found


def between(
    early: Mapping[Identity, Used], late: Mapping[Identity, Used], seconds: float, without: Collection[int]
) -> dict[Identity, float]:
    """Return the cores that each process ``without`` those used between two readings.

    A child that ended counts with its parent, and what it had used before the first reading does not.
    """
    if seconds <= 0:
        return {}
    gone: dict[int, float] = {}
    parents = {pid: one.parent for (pid, _), one in early.items()}
    living = {pid for pid, _ in late}
    for identity, one in early.items():
        if identity not in late:
            heir = one.parent
            for _ in range(_MOST_ANCESTORS):  # who ended with its child left both to the one above
                if heir in living or heir not in parents:
                    break
                heir = parents[heir]
            gone[heir] = gone.get(heir, 0.0) + one.all_s
    found = {}
    for identity, one in late.items():
        if identity[0] not in without:
            before = early.get(identity)
            ended_s = one.ended_s - (0.0 if before is None else before.ended_s)
            own_s = one.own_s - (0.0 if before is None else before.own_s)
            found[identity] = (own_s + max(0.0, ended_s - gone.get(identity[0], 0.0))) / seconds
    return found


def told(
    at_ns: int,
    seconds: tuple[float, float],
    rates: tuple[Mapping[Identity, float], Mapping[Identity, float]],
    names: Mapping[Identity, str],
) -> Bystanders:
    """Word what the processes used during a load and after it (``rates``), by name."""
    during, after = rates
    sums: dict[str, list[float]] = {}
    for identity in {**during, **after}:
        pair = during.get(identity, 0.0), after.get(identity, 0.0)
        row = sums.setdefault(names.get(identity, "?"), [0.0, 0.0, 0.0])
        for column, value in enumerate((*pair, min(pair))):
            row[column] += value
    ranked = sorted(sums.items(), key=lambda item: (-max(item[1]), item[0]))
    total = [round(sum(row[column] for row in sums.values()), 3) for column in range(3)]
    busiest = tuple(
        Bystander(name, *(round(value, 3) for value in row)) for name, row in ranked[:MOST] if max(row) >= LEAST
    )
    return Bystanders(at_ns, *seconds, total[0], total[1], total[2], busiest)


def _read(pid: int) -> tuple[str, Used] | None:
    found = process_table.stat(pid)
    if found is None:
        return None
    name, fields = found
    own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return fields[19].decode(), Used(name, int(fields[1]), own * _TICK_S, ended * _TICK_S)


def _busy_s(stat: Path) -> float | None:
    """Seconds for which all cores were busy, or taken by a hypervisor, added up (proc_stat(5)); None: not told."""
    try:
        words = stat.read_text(encoding="ascii").split("\n", 1)[0].split()
        user, nice, system, _, _, irq, soft, stolen = map(int, words[1:9])
    except (OSError, ValueError):
        return None
    return (user + nice + system + irq + soft + stolen) * _TICK_S
