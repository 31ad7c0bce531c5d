"""When others than the subject and the load had the machine, what the subject lacked then, and what it needs.

The queue of a subject that is denied its core is worked off at the speed that is left: where its work takes a share *u*
of a core, one second without is felt for up to 1 / (1 - *u*) seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from brinell.checks.load.tally import Tally
from brinell.checks.load.words import short
from brinell.core.crowd import FULL, OTHERS, Moment, moments
from brinell.core.reason_case import percent
from brinell.core.vitals_records import VitalsDetail

ROOM = 0.8  # of a core: a process that needs less at a rate keeps up with it
LACKED = 0.15  # of a moment, ready to run without a core: more than passing waits
FEWEST = 20  # answers, to say what one takes
NAMED = 3


class Demand(NamedTuple):
    """What a load takes in cores: the subject's neediest process, all of it, the generator, and what both call upon.
    ``known``: there is a rate that it is for.
    """

    neediest: float
    subject: float
    generator: float
    dependent: float
    known: bool

    @property
    def room(self) -> float:
        """The share of a core that the neediest process leaves for what has queued; all of it where nobody knows."""
        return 1.0 - (min(self.neediest, ROOM) if self.known else 0.0)


class Crowd(NamedTuple):
    """``crowded_s`` of ``span_s`` seconds others had the machine, in the rest (``calm``) not, nor was it felt.

    ``lacked_s``: for so long of these the process that lacked most was ready to run without a core; ``full_s``: so long
    were moments in which it lacked one and had no idle time left, so that a queue grows. ``stays``: they use the
    machine without the load as well.
    """

    crowded_s: float
    span_s: float
    calm: tuple[int, ...]
    lacked_s: float
    full_s: float
    demand: Demand
    number: int
    told: str
    stays: bool


def crowd(tally: Tally, seconds: Sequence[int]) -> Crowd | None:
    """Return when others had the machine in these seconds of the scenario; None: never, or nobody looked."""
    start_ns, chosen = tally.started.start_ns, frozenset(seconds)
    generator = _generator(tally)
    looks = moments(one for one in tally.looks if isinstance(one, VitalsDetail))
    within = [(second, one) for one in looks if (second := _second(one, start_ns)) in chosen]
    full = [(one, second) for second, one in within if one.crowded(generator.get(second, 0.0))]
    if not full:
        return None
    crowded = [one for one, _ in full]
    demand = _demand(tally, within, generator)
    others = sum((one.busy - one.subject - generator.get(second, 0.0)) * one.seconds for one, second in full)
    return Crowd(
        sum(one.seconds for one in crowded),
        float(len(chosen)),
        _calm(chosen, {second for _, second in full}, demand.room),
        sum(_lack(one) * one.seconds for one in crowded),
        sum(one.seconds for one in crowded if _lack(one) >= LACKED and _is_full(one)),
        demand,
        full[0][0].number,
        _told(tally, crowded, others, len(chosen)),
        _stays(tally, crowded),
    )


def _calm(chosen: frozenset[int], crowded: set[int], room: float) -> tuple[int, ...]:
    """Return the other seconds, without those in which the queue of the crowded ones was worked off."""
    found, owed = [], 0.0
    for second in range(min(chosen), max(chosen) + 1):
        if second in crowded:
            owed = max(owed, 1.0) + (1.0 - room) / room
        elif owed >= 0.5:
            owed -= 1.0
        elif second in chosen:
            found.append(second)
    return tuple(found)


def _demand(tally: Tally, within: Sequence[tuple[int, Moment]], generator: Mapping[int, float]) -> Demand:
    """Return what the load takes at the rate that was asked for, from what it took at the one that was answered.

    As long as no request had failed, where there were enough: later it may work on requests that were given up.
    """
    first = min((second for second, one in tally.seconds.items() if one.errors), default=len(tally.seconds) + 1)
    early = [(second, one) for second, one in within if second < first]
    if sum(one.completed for second, one in tally.seconds.items() if second < first) < FEWEST:
        early = list(within)
    chosen = {second for second, _ in early}
    answered = sum(tally.seconds[second].completed for second in chosen & tally.seconds.keys()) / len(chosen)
    looks = [one for _, one in early]
    used: dict[int, float] = {}
    for one in looks:
        for pid, share in one.processes.items():
            used[pid] = used.get(pid, 0.0) + share.cores * one.seconds
    seconds = sum(one.seconds for one in looks)
    cores = [value / seconds for value in used.values()]
    rate = tally.started.peak_rate or tally.started.target_rate
    times = max(1.0, rate / answered) if rate and answered else 1.0
    own = sum(generator.values()) / len(generator) if generator else 0.0
    others = sum((one.busy - one.steal * one.number) * one.seconds for one in looks) / seconds - sum(cores) - own
    ever = 0.0 if tally.bystanders is None else tally.bystanders.ever
    return Demand(
        neediest=max(cores, default=0.0) * times,
        subject=sum(cores) * times,
        generator=own,
        dependent=max(0.0, others - ever) * times,
        known=bool(rate and answered) and tally.started.socket != "broadcast",  # published, and delivered to many
    )


def _stays(tally: Tally, full: Sequence[Moment]) -> bool:
    seconds = sum(one.seconds for one in full)
    stolen = sum(one.steal * one.number * one.seconds for one in full) / seconds
    return stolen + (0.0 if tally.bystanders is None else tally.bystanders.ever) >= OTHERS


def _told(tally: Tally, full: Sequence[Moment], others_s: float, of_s: int) -> str:
    seconds = sum(one.seconds for one in full)
    running = [one.running for one in full if one.running is not None]
    steal = sum(one.steal * one.seconds for one in full) / seconds
    words = f"This machine was crowded for {short(seconds)} of {of_s} s: "
    words += f"{sum(running) / len(running):.1f} tasks wanted its {full[0].number} cores, " if running else ""
    words += f"others had {others_s / seconds:.1f} of them"
    words += f", {percent(steal)} of its time a hypervisor gave away" if steal >= 0.01 else ""
    busiest = () if tally.bystanders is None else tally.bystanders.busiest
    names = [f"{one.name} {max(one.during, one.after):.1f}" for one in busiest if max(one.during, one.after) >= 0.1]
    return f"{words} ({', '.join(names[:NAMED])})." if names else f"{words}."


def _generator(tally: Tally) -> dict[int, float]:
    """Return the cores that the generator used, by second."""
    found: dict[int, float] = {}
    for rows in tally.workers.values():
        for second, cpu_s, _ in rows:
            found[second] = found.get(second, 0.0) + cpu_s
    return found


def _lack(one: Moment) -> float:
    """Return the share of a moment in which the process that lacked most was ready to run without a core."""
    return max((min(1.0, share.starved + one.steal) for share in one.processes.values()), default=0.0)


def _is_full(one: Moment) -> bool:
    """Whether a process of the subject had no moment in which it had nothing to do."""
    return any(share.cores + share.starved + one.steal >= FULL for share in one.processes.values())


def _second(one: Moment, start_ns: int) -> int:
    return ((one.from_ns + one.to_ns) // 2 - start_ns) // 1_000_000_000
