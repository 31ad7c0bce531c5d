"""Rules for those who wait: for a lock, for one of a fixed number of things, or for somebody else's answer. Pure.

They are read from stacks: of the other threads and of the tasks as the probe saw them, else of threads as py-spy did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from brinell.core.reason_case import Case, name_of, percent, words_of, workers_of
from brinell.core.stack_words import (
    Culprit,
    Frame,
    awaited_lock,
    awaited_pool,
    frames_of,
    is_idle_thread,
    ranked,
    serves_in_turn,
    waits_for_more,
)
from brinell.core.vitals_window import Inside, Window

POOLED = 0.2  # share of what was looked at that waits for the same thing
LEAST_WAITING = 2.0  # on average
LEAST_LOOKS = 5
ROOM = 0.25  # of a pool
TAKEN = 0.85  # share of the looks at which a worker was busy with a request
COMPUTES = 0.7  # cores that a process uses, or would if it were let
ELSEWHERE = 0.5  # share of those with something to do that wait at the same call
GROWN = 2.0  # as many as well below the knee
STAYED = 1.5  # times as many more as there are more clients that stay: each of them waits for its next message
LEAST_ELSEWHERE = 4.0  # on average, where nothing is known of below
CROWD = 100.0  # tasks at one place, worth a word
_SLEEPS = frozenset({"asyncio.tasks.sleep", "time.sleep", "anyio._core._eventloop.sleep", "trio._timeouts.sleep"})
_POOL_THREAD = "_worker (python/concurrent/futures/thread.py"
_Asked = TypeVar("_Asked", str, Culprit)


class Seen(NamedTuple):
    """Threads or tasks of a process: (frames, count) of the stacks that are not idle, and from how many looks."""

    of: str
    looks: int
    stacks: list[tuple[tuple[Frame, ...], str, int]]

    @property
    def total(self) -> int:
        """How many samples these are."""
        return sum(count for _, _, count in self.stacks)


def seen_in(at: Window, pid: int) -> list[Seen]:
    """Return what was seen in a process, threads first."""
    inside = at.inside.get(pid)
    stacks, looks = (
        ({}, {}) if inside is None else (inside.stacks, {of: inside.looks_at(of) for of in ("thread", "task")})
    )
    if not any(of != "loop" for of, _ in stacks):
        number, stacks = at.stacks.get(pid, (0, {}))
        looks = {"thread": number}
    found = []
    for of in ("thread", "task"):
        rows = [(frames_of(folded), folded, count) for (sort, folded), (count, _) in stacks.items() if sort == of]
        kept = [row for row in rows if not (of == "thread" and is_idle_thread(row[0]))]
        if kept and looks.get(of):
            found.append(Seen(of, looks[of], kept))
    return found


def processes_seen(at: Window) -> list[int]:
    """Return the processes of which there are stacks, those that a probe speaks from first, in a fixed order."""
    spoken = sorted(at.inside, key=lambda pid: (-at.inside[pid].busy, pid))
    return list(dict.fromkeys([*spoken, *sorted(at.stacks)]))


def working_in(at: Window, pid: int) -> list[tuple[str, int]]:
    """Return the stacks of a process's threads that are neither idle nor wait for each other, and their counts."""
    rows = [row for seen in seen_in(at, pid) if seen.of == "thread" for row in seen.stacks]
    return [(folded, count) for frames, folded, count in rows if not (awaited_pool(frames) or awaited_lock(frames))]


# --- rules -----------------------------------------------------------------------------------------------------------


def lock(at: Window) -> list[Case]:
    """Threads wait for a lock."""
    found = []
    for pid in processes_seen(at):
        for seen in seen_in(at, pid):
            held = _held(seen, lambda frames: None if awaited_pool(frames) else awaited_lock(frames), _least(at, pid))
            if held is None:
                continue
            asked, count = held
            holders = _others(seen, lambda frames: awaited_lock(frames) is None, _function(asked.caller))
            found.append(
                Case(
                    "lock",
                    pid,
                    f"lock contended: {count / seen.looks:.0f} threads wait for {asked.name} in {asked.caller} "
                    f"({words_of(at, pid)})",
                    (_share(seen, count), *holders),
                    _first(at, pid),
                    name_of(at, pid),
                    count / seen.looks,
                )
            )
    return found


def pool(at: Window) -> list[Case]:
    """Tasks or threads wait for something of which there is a fixed number."""
    found = []
    for pid in processes_seen(at):
        least = _least(at, pid)
        held = [(one, seen) for seen in seen_in(at, pid) if (one := _held(seen, awaited_pool, least)) is not None]
        held = [(one, seen) for one, seen in held if not _has_more(at, pid, one[0])]
        # Threads that all wait for connections keep tasks waiting for threads.
        held.sort(key=lambda pair: ("thread pool" in pair[0][0], -pair[0][1]))
        if held:
            (name, count), seen = held[0]
            found.append(_exhausted(at, pid, name, count, seen))
        else:
            found += _queued(at, pid)
    return found


def concurrency(at: Window) -> list[Case]:
    """Every worker has all the requests it serves at a time, and waits in them: it neither computes nor wants to."""
    busy: dict[int, float] = {}
    slots = 0.0
    doing: list[tuple[str, int]] = []
    for pid in processes_seen(at):
        for seen in seen_in(at, pid):
            turns = [(turn, folded, count) for frames, folded, count in seen.stacks
                     if (turn := serves_in_turn(frames)) is not None]  # fmt: skip
            total = sum(count for _, _, count in turns)
            if seen.of == "thread" and total >= LEAST_LOOKS:
                doing += [(folded, count) for working, folded, count in turns if working]
                busy[pid] = sum(count for working, _, count in turns if working) / total
                slots += total / seen.looks
    known = [at.processes[pid] for pid in busy if pid in at.processes]
    computes = any(one.wish >= COMPUTES for one in known)
    unseen = {one.pid for one in workers_of(at)} - busy.keys()
    if not busy or min(busy.values()) < TAKEN or computes or unseen:
        return []
    first, most = next(iter(busy)), ranked(doing)[:1]
    total = sum(count for _, count in doing)
    who = f"{len(busy)} workers serve" if len(busy) > 1 else f"{words_of(at, first)} serves"
    number = "one request" if round(slots) <= 1 else f"{slots:.0f} requests"
    what = "".join(f", and {percent(count / total)} of samples are in {culprit.where}" for culprit, count in most)
    return [
        Case(
            "concurrency",
            0,
            f"too few workers: {who} {number} at a time{what}",
            tuple(f"{words_of(at, pid)} was busy with requests in {percent(busy[pid])} of the looks" for pid in busy),
            _first(at, first),
            name_of(at, first),
            min(busy.values()),
        )
    ]


def dependency(at: Window, below: Window | None, stay: float | None = None) -> list[Case]:
    """Most of what there is to do waits at one call, and more of it than well below the knee. ``stay``: clients stay
    connected, so many times as many as below.
    """
    found: list[Case] = []
    if stay is not None and below is None:
        return found  # whether they wait for an answer or to be told something nobody knows
    grown = GROWN if stay is None else max(GROWN, STAYED * stay)
    waiting = {case.who for rule in (lock, pool, concurrency) for case in rule(at)}
    for pid in [] if 0 in waiting else processes_seen(at):
        for seen in [] if pid in waiting else seen_in(at, pid):
            # A thread that the probe saw in no call computes; py-spy shows no calls of C functions.
            computes = seen.of == "thread" and pid in at.inside
            rows = [
                (folded, count)
                for frames, folded, count in seen.stacks
                if frames and not waits_for_more(frames) and not (computes and frames[-1].project)
            ]
            top = ranked(rows)
            total = sum(count for _, count in top)
            if not top or top[0][1] < ELSEWHERE * total:
                continue
            culprit, count = top[0]
            if below is not None and _unseen(below, pid, seen.of):
                continue  # whether as many were there all along nobody knows
            before = None if below is None else _average(below, pid, seen.of, culprit.name)
            average = count / seen.looks
            if average < (LEAST_ELSEWHERE if before is None else max(LEAST_WAITING, grown * before)):
                continue
            kind, doing = ("pause", "sleep") if culprit.name in _SLEEPS else ("dependency", "wait for an answer")
            evidence = [f"{count} of {total} samples of its {seen.of}s that have something to do wait there"]
            evidence += [] if before is None else [f"{before:.1f} did on average where all was well"]
            found.append(
                Case(
                    kind,
                    pid,
                    f"requests {doing}: {average:.0f} at a time in {culprit.where} ({words_of(at, pid)})",
                    tuple(evidence),
                    _first(at, pid),
                    name_of(at, pid),
                )
            )
    return found


def crowd(at: Window, pid: int) -> list[str]:
    """Say where very many tasks are: whoever leaves one behind for each request fills a core with them."""
    for seen in seen_in(at, pid):
        top = ranked((folded, count) for _, folded, count in seen.stacks)[:1]
        for culprit, count in top if seen.of == "task" else []:
            if count >= CROWD * seen.looks:
                return [f"{count / seen.looks:.0f} tasks at a time were in {culprit.where}"]
    return []


# --- what they have in common ----------------------------------------------------------------------------------------


def _least(at: Window, pid: int) -> float:
    """How many have to wait on average: where calls wait for threads, one of these few threads says enough."""
    inside = at.inside.get(pid)
    return 1.0 if inside is not None and _queue(inside) >= LEAST_WAITING else LEAST_WAITING


def _queue(inside: Inside) -> float:
    """How many calls wait for a thread on average; none do where some threads have nothing to do."""
    idle = sum(count for (of, folded), (count, _) in inside.stacks.items() if of == "thread" and _POOL_THREAD in folded
               and is_idle_thread(frames_of(folded)))  # fmt: skip
    if inside.pool_threads and idle >= ROOM * inside.pool_threads * max(1, inside.stack_looks):
        return 0.0
    return sum(inside.queued) / len(inside.queued) if len(inside.queued) > 1 else 0.0


def _held(seen: Seen, what: Callable[[tuple[Frame, ...]], _Asked | None], least: float) -> tuple[_Asked, int] | None:
    """What most wait for, and how many samples of it; None where it is too few."""
    waiting: dict[_Asked, int] = {}
    for frames, _, count in seen.stacks:
        name = what(frames)
        if name is not None:
            waiting[name] = waiting.get(name, 0) + count
    enough = [
        (name, count) for name, count in waiting.items() if count >= POOLED * seen.total and count >= least * seen.looks
    ]
    return max(enough, key=lambda pair: (pair[1], pair[0]), default=None)


def _has_more(at: Window, pid: int, name: str) -> bool:
    """Whether the pool was seen, and there was always room: they wait for something else in there. One that is on its
    way from one to the next is no room.
    """
    inside = at.inside.get(pid)
    pools = [one for one in (inside.pools.values() if inside else ()) if one.kind.lower() in name.lower()]
    return any(one.most is not None and one.most - one.out >= max(2.0, ROOM * one.most) for one in pools)


def _exhausted(at: Window, pid: int, name: str, count: int, seen: Seen) -> Case:
    inside = at.inside.get(pid)
    taken = [
        f"{one.out} of {one.most} of its {'threads' if 'thread pool' in name else 'connections'} were taken"
        for one in (inside.pools.values() if inside else ())
        if one.most and one.kind.lower() in name.lower()
    ]
    threads = seen_in(at, pid) if "thread pool" in name else [seen]
    holders = [
        line
        for one in threads
        if one.of == "thread" or "thread pool" not in name
        for line in _others(one, lambda frames: awaited_pool(frames) is None)
    ]
    return Case(
        "pool",
        pid,
        f"pool exhausted: {count / seen.looks:.0f} wait in {name} ({words_of(at, pid)})",
        (_share(seen, count), *taken, *holders),
        _first(at, pid),
        name_of(at, pid),
        count / seen.looks,
    )


def _queued(at: Window, pid: int) -> list[Case]:
    """Calls wait for a thread of ``concurrent.futures``."""
    inside = at.inside.get(pid)
    if inside is None or (queued := _queue(inside)) < LEAST_WAITING:
        return []
    size = "a thread" if inside.pool_threads is None else f"one of {inside.pool_threads} threads"
    holders = [line for one in seen_in(at, pid) if one.of == "thread" for line in _others(one, lambda _: True)]
    return [
        Case(
            "pool",
            pid,
            f"pool exhausted: {queued:.0f} calls wait for {size} of a pool (concurrent.futures) ({words_of(at, pid)})",
            (f"{queued:.1f} on average, {max(inside.queued)} at most, in {len(inside.queued)} looks", *holders),
            inside.first_ns,
            name_of(at, pid),
            queued,
        )
    ]


def _others(seen: Seen, holds: Callable[[tuple[Frame, ...]], bool], within: str = "") -> list[str]:
    """What those did meanwhile that did not wait, one sentence; ``within``: a function that they are in."""
    rows = [(folded, count) for frames, folded, count in seen.stacks if holds(frames) and not waits_for_more(frames)]
    inner = [row for row in rows if within and within in row[0]]
    top = ranked(inner or rows)
    if not top:
        return []
    culprit, count = top[0]
    total = sum(number for _, number in top)
    return [f"those that did not wait were mostly in {culprit.where}: {percent(count / total)} of their samples"]


def _average(at: Window, pid: int, of: str, name: str) -> float:
    """How many waited in ``name`` on average."""
    for seen in seen_in(at, pid):
        if seen.of == of:
            rows = ranked((folded, count) for _, folded, count in seen.stacks)
            return next((count / seen.looks for found, count in rows if found.name == name), 0.0)
    return 0.0


def _unseen(below: Window, pid: int, of: str) -> bool:
    """Whether a probe spoke of the process, and never of these stacks: of very many tasks it tells seldom."""
    inside = below.inside.get(pid)
    return inside is not None and not inside.looks_at(of)


def _share(seen: Seen, count: int) -> str:
    return f"{count} of {seen.total} samples of its {seen.of}s wait there, {percent(count / seen.total)}"


def _function(caller: str) -> str:
    return caller.partition(" (")[0] + " ("


def _first(at: Window, pid: int) -> int | None:
    return at.inside[pid].first_ns if pid in at.inside else None
