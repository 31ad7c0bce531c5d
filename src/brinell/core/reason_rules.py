"""One rule for each thing that may be at its limit in a stretch of time; ``core.reasons`` has their order. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from brinell.core.stack_words import awaited_pool, frames_of, is_idle_thread, ranked, waits_for_work
from brinell.core.vitals_window import DENIED, FULL, Inside, ProcessNumbers, Window

LEAST_LOOKS = 15  # at a loop's thread, before their shares are spoken of
BUSY = 0.8  # share of the looks
WAITING_INSIDE = 0.3  # of the time, in a callback and not on a processor
LONG = 0.25  # share of the looks in which one function had kept the loop for some milliseconds
GC = 0.2  # share of the time
UNEVEN = 0.7  # of the connections or the processor time of all workers, in one of them
WORKS = 0.05  # cores: who only looks after others uses less
POOLED = 0.2  # share of what was looked at that waits in a pool
LEAST_WAITING = 2.0  # on average
MACHINE = 0.95  # of every core
STEAL = 0.1
LOW_MEMORY = 0.05
SWAPPING = 100.0  # pages per second
FAULTS = 200.0  # major ones, per second


@dataclass(frozen=True)
class Case:
    """Something at its limit. ``who``: the process, 0 for the machine; what has the same kind and process below the
    knee was at its limit there already, and explains nothing.
    """

    kind: str
    who: int
    title: str
    evidence: tuple[str, ...]
    at_ns: int | None = None
    process: str | None = None


def cases_of(at: Window) -> list[Case]:
    """Return everything at its limit, in the order of ``core.reasons``."""
    found: list[Case] = []
    rules: tuple[Callable[[Window], list[Case]], ...] = (
        _descriptors, _memory, _collection, _worker, _loop, _core, _pool, _accept_queue, _machine,
    )  # fmt: skip
    for rule in rules:
        found += rule(at)
    return found


# --- one rule each ---------------------------------------------------------------------------------------------------


def _descriptors(at: Window) -> list[Case]:
    return [
        Case(
            "descriptors",
            one.pid,
            f"out of descriptors: {one.words} has {one.fds} of {one.fd_limit}",
            (f"{one.fds} descriptors were open at most, and its soft limit is {one.fd_limit}",),
            one.crowded_at_ns,
            one.name,
        )
        for one in _by_cores(at)
        if one.crowded_at_ns is not None
    ]


def _memory(at: Window) -> list[Case]:
    faulting = [one for one in _by_cores(at) if (one.major_faults or 0.0) >= FAULTS]
    short = at.available is not None and at.available < LOW_MEMORY
    swapping = at.swapped_in is not None and at.swapped_in >= SWAPPING
    if not (faulting and (short or swapping)) and not (short and swapping):
        return []
    left = (
        "" if at.available is None else f"{_percent(at.available)} of this machine's memory was available at its lowest"
    )
    swapped = f"{at.swapped_in:.0f} pages per second were read back from swap" if swapping else ""
    faults = [f"{one.words}: {one.major_faults:.0f} major page faults per second" for one in faulting]
    return [Case("memory", 0, "out of memory: this machine swaps", tuple(filter(None, (left, swapped, *faults))))]


def _collection(at: Window) -> list[Case]:
    found = []
    for one in _inside(at):
        share = one.gc_s / one.seconds if one.seconds else 0.0
        if share >= GC:
            process = _process_words(at, one.pid)
            found.append(
                Case(
                    "garbage-collection",
                    one.pid,
                    f"garbage collection takes {_percent(share)} of the time ({process})",
                    (
                        f"{one.gc_s:.3g} s of {one.seconds:.3g} s were collections, in which nothing else of it runs",
                        f"the longest took {one.gc_longest_ms:.3g} ms",
                    ),
                    one.first_ns,
                    _name(at, one.pid),
                )
            )
    return found


def _worker(at: Window) -> list[Case]:
    """One of several processes that accept has most of the work, and no room for more."""
    workers = _workers(at)
    if len(workers) < 2:
        return []
    busiest = workers[0]
    cores = sum(one.cores for one in workers)
    share = busiest.cores / cores if cores > 0 else 0.0
    known = [one.connections for one in workers if one.connections is not None]
    connections = sum(known) if len(known) == len(workers) else 0
    held = (busiest.connections or 0) / connections if connections else None
    inside = at.inside.get(busiest.pid)
    blocked = inside is not None and inside.looks >= LEAST_LOOKS and inside.busy >= FULL * inside.looks
    others = [one for one in workers[1:] if one.cores < 0.7 * FULL]
    full = busiest.full or blocked
    uneven = max(share, held or 0.0) >= UNEVEN and (held is None or held >= 1.2 / len(workers))
    if not (full and uneven and len(others) == len(workers) - 1):
        return []
    # Connections are what was handed out; how much of the work each brings is what the processor time says.
    most = (
        f"{_percent(held)} of the connections"
        if held is not None and held >= UNEVEN
        else f"{_percent(share)} of the work"
    )
    evidence = [f"{one.words}: {one.cores:.2f} cores" + _connections(one) for one in workers[:6]]
    return [
        Case(
            "worker",
            busiest.pid,
            f"one worker takes {most}: {busiest.words} of {len(workers)}",
            tuple(evidence),
            busiest.full_at_ns,
            busiest.name,
        )
    ]


def _connections(one: ProcessNumbers) -> str:
    return "" if one.connections is None else f", {one.connections} connections"


def _loop(at: Window) -> list[Case]:
    """An event loop's thread stays in one function: it computes there for long, or waits there for something else."""
    found = []
    for one in [*_inside(at), *_from_outside(at)]:
        if one.looks < LEAST_LOOKS or not one.seconds:
            continue
        top = ranked((frames, count) for (of, frames), (count, _) in one.stacks.items() if of == "loop")
        if not top:
            continue
        (name, caller), count = top[0]
        longs = dict(ranked((frames, long) for (of, frames), (_, long) in one.stacks.items() if of == "loop"))
        long = sum(number for (function, _), number in longs.items() if function == name) / one.looks
        share, busy = count / one.looks, one.busy / one.looks
        on_cpu = one.loop_cpu_s / one.seconds if one.loop_cpu_s is not None else None
        denied = at.processes[one.pid].starved or 0.0 if one.pid in at.processes else 0.0
        waits = on_cpu is not None and busy >= BUSY and busy - on_cpu - denied >= WAITING_INSIDE and share >= LONG
        if not (long >= LONG or waits):
            continue
        where = caller if caller.startswith(f"{name} (") else f"{name}, called by {caller}"
        how = "" if on_cpu is None else f"; its thread was on a processor for {_percent(on_cpu)} of the time"
        evidence = [f"{count} of {one.looks} looks at the loop's thread found it in {name}{how}"]
        if one.lag_max_ms is not None:
            evidence.append(f"the loop came to its own calls up to {one.lag_max_ms:.0f} ms late")
        title = f"event loop blocked in {where}, {_percent(share)} of samples ({_process_words(at, one.pid)})"
        found.append(Case("loop", one.pid, title, tuple(evidence), one.first_ns, _name(at, one.pid)))
    return found


def _core(at: Window) -> list[Case]:
    full = [one for one in _by_cores(at) if one.full]
    if not full:
        return []
    one, workers = full[0], _workers(at)
    idle = sum(max(0.0, 1.0 - busy) for busy in at.cores)
    evidence = [f"{each.words} used {each.cores:.2f} cores" for each in full[:6]]
    if at.cores:
        evidence.append(f"{idle:.1f} of the machine's {len(at.cores)} cores were idle")
    inside = at.inside.get(one.pid)
    if inside is not None and inside.loop_cpu_s is not None and inside.seconds:
        evidence.append(f"the event loop's thread alone used {_percent(inside.loop_cpu_s / inside.seconds)} of a core")
    evidence += _busiest(at, one.pid)
    every = len(workers) > 1 and {each.pid for each in workers} <= {each.pid for each in full}
    if every:
        title = f"all {len(workers)} workers are full: each uses a whole core"
    elif one.cores < 1.3:
        title = f"one core is full: {one.words} uses {one.cores:.2f} cores"
    else:
        title = f"processor time: {one.words} uses {one.cores:.2f} cores"
    return [Case("core", one.pid, title, tuple(evidence), one.full_at_ns, one.name)]


def _busiest(at: Window, pid: int) -> list[str]:
    """What a full process does, from outside only: from inside, short calls are seen where they let go of the lock."""
    looks, stacks = at.stacks.get(pid, (0, {}))
    if looks < LEAST_LOOKS // 2:
        return []
    working = {frames: count for (_, frames), (count, _) in stacks.items() if not waits_for_work(frames_of(frames))}
    top = ranked(working.items())[:3]
    return [f"{count} of {looks} looks found it in {name} ({caller})" for (name, caller), count in top]


def _pool(at: Window) -> list[Case]:
    """Tasks or threads wait for something of which there is a fixed number."""
    found = []
    for pid in dict.fromkeys([*(one.pid for one in _inside(at)), *at.stacks]):
        inside = at.inside.get(pid)
        stacks, looks = ({}, 0) if inside is None else (dict(inside.stacks), inside.stack_looks)
        if not any(of != "loop" for of, _ in stacks):
            looks, stacks = at.stacks.get(pid, (0, {}))
        case = _waiting(at, pid, stacks, looks)
        if case is None and inside is not None and len(inside.queued) > 1:
            queued = sum(inside.queued) / len(inside.queued)
            if queued >= LEAST_WAITING:
                case = Case(
                    "pool",
                    pid,
                    f"pool exhausted: {queued:.0f} calls wait for a thread of a pool (concurrent.futures) "
                    f"({_process_words(at, pid)})",
                    (f"{queued:.1f} on average, {max(inside.queued)} at most, in {len(inside.queued)} looks",),
                    inside.first_ns,
                    _name(at, pid),
                )
        found += [case] if case else []
    return found


def _waiting(at: Window, pid: int, stacks: dict[tuple[str, str], tuple[int, int]], looks: int) -> Case | None:
    waiting: dict[tuple[str, str], int] = {}
    totals: dict[str, int] = {}
    for (of, folded), (count, _) in stacks.items():
        frames = frames_of(folded)
        if of == "loop" or (of == "thread" and is_idle_thread(frames)):
            continue
        totals[of] = totals.get(of, 0) + count
        pool = awaited_pool(frames)
        if pool is not None:
            waiting[pool, of] = waiting.get((pool, of), 0) + count
    held = {
        key: count
        for key, count in waiting.items()
        if count >= POOLED * totals[key[1]] and looks and count >= LEAST_WAITING * looks
    }
    if not held:
        return None
    # Threads that all wait for connections keep tasks waiting for threads.
    name, of = max(held, key=lambda key: ("thread pool" not in key[0], held[key], key))
    share, average = held[name, of] / totals[of], held[name, of] / looks
    inside = at.inside.get(pid)
    taken = [
        f"{one.out} of {one.most} of its connections were taken"
        for one in (inside.pools.values() if inside else ())
        if one.most and one.kind.lower() in name.lower()
    ]
    return Case(
        "pool",
        pid,
        f"pool exhausted: {average:.0f} wait in {name} ({_process_words(at, pid)})",
        (f"{held[name, of]} of {totals[of]} samples of its {of}s wait there, {_percent(share)}", *taken),
        inside.first_ns if inside else None,
        _name(at, pid),
    )


def _accept_queue(at: Window) -> list[Case]:
    if at.accept_queue is None or not at.accept_limit or at.accept_queue < at.accept_limit:
        return []
    refused = f"; {at.refused} attempts to connect were dropped" if at.refused else ""
    return [
        Case(
            "accept-queue",
            0,
            f"accept queue full: {at.accept_queue} connections wait to be accepted",
            (f"{at.accept_queue} waited at most, and the queue holds {at.accept_limit}{refused}",),
            at.accept_at_ns,
        )
    ]


def _machine(at: Window) -> list[Case]:
    evidence = []
    if at.steal is not None and at.steal >= STEAL:
        evidence.append(f"a hypervisor gave {_percent(at.steal)} of its processor time to others")
    if at.cores and min(at.cores) >= MACHINE:
        denied = [one for one in _by_cores(at) if (one.starved or 0.0) >= DENIED]
        evidence += [
            f"{one.words} was ready to run without a core for {_percent(one.starved or 0.0)} of the time"
            for one in denied
        ]
        if evidence:
            evidence.insert(0, f"all {len(at.cores)} cores were full")
    if not evidence:
        return []
    if at.running is not None:
        evidence.append(f"{at.running:.1f} tasks wanted to run on average")
    return [Case("machine", 0, "this machine, not the subject alone: its processors are full", tuple(evidence))]


# --- who and what ----------------------------------------------------------------------------------------------------


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _by_cores(at: Window) -> list[ProcessNumbers]:
    return sorted(at.processes.values(), key=lambda one: (-one.cores, one.pid))


def _workers(at: Window) -> list[ProcessNumbers]:
    """Processes that accept. One that started the others holds their socket too, and mostly does nothing else."""
    listening = [one for one in _by_cores(at) if one.listens]
    parents = {one.parent for one in listening}
    return [one for one in listening if one.pid not in parents or one.cores >= WORKS or one.connections]


def _inside(at: Window) -> list[Inside]:
    return sorted(at.inside.values(), key=lambda one: (-one.busy, one.pid))


def _from_outside(at: Window) -> list[Inside]:
    """What py-spy saw of event loops without a probe, in a probe's terms."""
    found = []
    for pid, (looks, stacks) in at.stacks.items():
        loop = {key: pair for key, pair in stacks.items() if key[0] == "loop"}
        if pid in at.inside or pid not in at.processes or not loop or not looks:
            continue
        idle = sum(count for (_, folded), (count, _) in loop.items() if waits_for_work(frames_of(folded)))
        working = {key: pair for key, pair in loop.items() if not waits_for_work(frames_of(key[1]))}
        seen = Inside(pid, seconds=1.0, looks=looks, busy=looks - idle, loop_cpu_s=at.processes[pid].cores)
        seen.stacks = working
        found.append(seen)
    return found


def _name(at: Window, pid: int) -> str | None:
    return at.processes[pid].name if pid in at.processes else None


def _process_words(at: Window, pid: int) -> str:
    return at.processes[pid].words if pid in at.processes else f"process {pid}"
