"""One rule for each thing that may be at its limit in a stretch of time; ``core.reasons`` has their order. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from brinell.core.reason_case import Case, by_cores, insides, name_of, percent, words_of, workers_of
from brinell.core.reason_log import with_log
from brinell.core.reason_waits import concurrency, crowd, lock, pool, working_in
from brinell.core.stack_words import Culprit, culprit, frames_of, is_idle_thread, ranked, waits_for_work
from brinell.core.vitals_window import DENIED, FULL, Inside, ProcessNumbers, Window

LEAST_LOOKS = 15  # at a loop's thread, before their shares are spoken of
BUSY = 0.8  # share of the looks
WAITING_INSIDE = 0.3  # of the time, in a callback and not on a processor
LONG = 0.25  # share of the looks in which one function had kept the loop for some milliseconds
LATE_MS = 4.0  # on average: a thread that computes gives the interpreter's lock away every 5 ms
HOG = 0.3  # of a core, in a thread beside the event loop
ALONE = 0.7  # share of the looks at which a loop is in one call: it is that which blocks it, whoever else computes
GC = 0.2  # share of the time
UNEVEN = 0.7  # of the connections or the processor time of all workers, in one of them
MACHINE = 0.9  # of every core
STEAL = 0.1
HELD_BACK = 0.3  # of the time, ready to run without a core, though not all cores are full
_SERVE = re.compile(r"MainThread|ThreadPoolExecutor|AnyIO worker|asyncio_|waitress|CP Server|.*process_request_thread")
LOW_MEMORY = 0.05
SWAPPING = 100.0  # pages per second
FAULTS = 200.0  # major ones, per second


def cases_of(at: Window) -> list[Case]:
    """Return everything at its limit, in the order of ``core.reasons``."""
    found: list[Case] = []
    rules: tuple[Callable[[Window], list[Case]], ...] = (
        _descriptors, _memory, _collection, _worker, _thread, _loop, _core, lock, pool, _accept_queue, concurrency,
        _machine,
    )  # fmt: skip
    for rule in rules:
        found += rule(at)
    return with_log(found, at)


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
        for one in by_cores(at)
        if one.crowded_at_ns is not None
    ]


def _memory(at: Window) -> list[Case]:
    faulting = [one for one in by_cores(at) if (one.major_faults or 0.0) >= FAULTS]
    short = at.available is not None and at.available < LOW_MEMORY
    swapping = at.swapped_in is not None and at.swapped_in >= SWAPPING
    if not (faulting and (short or swapping)) and not (short and swapping):
        return []
    left = (
        "" if at.available is None else f"{percent(at.available)} of this machine's memory was available at its lowest"
    )
    swapped = f"{at.swapped_in:.0f} pages per second were read back from swap" if swapping else ""
    faults = [f"{one.words}: {one.major_faults:.0f} major page faults per second" for one in faulting]
    return [Case("memory", 0, "out of memory: this machine swaps", tuple(filter(None, (left, swapped, *faults))))]


def _collection(at: Window) -> list[Case]:
    found = []
    for one in insides(at):
        share = one.gc_s / one.seconds if one.seconds else 0.0
        if share >= GC:
            process = words_of(at, one.pid)
            found.append(
                Case(
                    "garbage-collection",
                    one.pid,
                    f"garbage collection takes {percent(share)} of the time ({process})",
                    (
                        f"{one.gc_s:.3g} s of {one.seconds:.3g} s were collections, in which nothing else of it runs",
                        f"the longest took {one.gc_longest_ms:.3g} ms",
                    ),
                    one.first_ns,
                    name_of(at, one.pid),
                    share,
                )
            )
    return found


def _worker(at: Window) -> list[Case]:
    """One of several processes that accept has most of the work, and no room for more."""
    workers = workers_of(at)
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
        f"{percent(held)} of the connections"
        if held is not None and held >= UNEVEN
        else f"{percent(share)} of the work"
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
            busiest.cores,
        )
    ]


def _connections(one: ProcessNumbers) -> str:
    return "" if one.connections is None else f", {one.connections} connections"


def _thread(at: Window) -> list[Case]:
    """A thread that serves nobody computes, so that whoever serves waits for the interpreter's lock."""
    found = []
    for one in insides(at):
        if not one.busiest or not one.seconds:
            continue
        name, (used, folded) = max(one.busiest.items(), key=lambda pair: (pair[1][0], pair[0]))
        share, busy = used / one.seconds, one.busy >= BUSY * max(1, one.looks)
        late = one.lag_mean_ms is not None and one.lag_mean_ms >= LATE_MS
        process = at.processes.get(one.pid)
        full = process is not None and process.wish >= FULL
        if share < HOG or not full or _SERVE.match(name) or (one.looks and not (busy or late)):
            continue
        doing = culprit(frames_of(folded))
        where = "" if doing is None else f", in {doing.where}"
        victim = "the event loop" if one.looks else "those that serve"
        evidence = [f"that thread uses {percent(share)} of a core{where}"]
        if one.lag_mean_ms is not None:
            evidence.append(f"the event loop comes to its own calls {one.lag_mean_ms:.1f} ms late on average")
        title = f"a thread keeps the interpreter's lock from {victim}: {name}{where} ({words_of(at, one.pid)})"
        found.append(Case("thread", one.pid, title, tuple(evidence), one.first_ns, name_of(at, one.pid)))
    return found


def _loop(at: Window) -> list[Case]:
    """An event loop's thread stays in one function: it computes there for long, or waits there for something else."""
    found = []
    for one in [*insides(at), *_from_outside(at)]:
        if one.looks < LEAST_LOOKS or not one.seconds:
            continue
        blocked = _blocked_in(one, at.processes.get(one.pid))
        if blocked is None:
            continue
        where, count = blocked
        on_cpu = one.loop_cpu_s / one.seconds if one.loop_cpu_s is not None else None
        how = "" if on_cpu is None else f"; its thread was on a processor for {percent(on_cpu)} of the time"
        evidence = [f"{count} of {one.looks} looks at the loop's thread found it in {where.name}{how}"]
        if one.lag_max_ms is not None:
            evidence.append(f"the loop came to its own calls up to {one.lag_max_ms:.0f} ms late")
        title = (
            f"event loop blocked in {where.where}, {percent(count / one.looks)} of samples ({words_of(at, one.pid)})"
        )
        name = name_of(at, one.pid)
        found.append(Case("loop", one.pid, title, tuple(evidence), one.first_ns, name, count / one.looks))
    return found


def _blocked_in(one: Inside, process: ProcessNumbers | None) -> tuple[Culprit, int] | None:
    """In what it is blocked, at how many looks: in one call, or in one function of the project, whatever it calls."""
    rows = [(frames, count, long) for (of, frames), (count, long) in one.stacks.items() if of == "loop"]
    on_cpu = one.loop_cpu_s / one.seconds if one.loop_cpu_s is not None else None
    denied = (process.starved or 0.0) if process is not None else 0.0
    others = max(0.0, process.cores - on_cpu) if process is not None and on_cpu is not None else 0.0
    for by_caller in (False, True):
        top = ranked(((frames, count) for frames, count, _ in rows), by_caller=by_caller)
        if not top:
            return None
        where, count = top[0]
        longs = dict(ranked(((frames, long) for frames, _, long in rows), by_caller=by_caller))
        long = sum(number for other, number in longs.items() if other.name == where.name) / one.looks
        share, busy = count / one.looks, one.busy / one.looks
        if others >= HOG and share < ALONE:
            return None  # it waits for the interpreter's lock wherever it is
        waits = on_cpu is not None and busy >= BUSY and busy - on_cpu - denied >= WAITING_INSIDE and share >= LONG
        if long >= LONG or waits:
            return where, count
    return None


def _core(at: Window) -> list[Case]:
    full = [one for one in by_cores(at) if one.full]
    if not full:
        return []
    one, workers = full[0], workers_of(at)
    idle = sum(max(0.0, 1.0 - busy) for busy in at.cores)
    evidence = [f"{each.words} used {_used(each)}" for each in full[:6]]
    if at.cores:
        evidence.append(f"{idle:.1f} of the machine's {len(at.cores)} cores were idle")
    inside = at.inside.get(one.pid)
    if inside is not None and inside.loop_cpu_s is not None and inside.seconds:
        evidence.append(f"the event loop's thread alone used {percent(inside.loop_cpu_s / inside.seconds)} of a core")
    evidence += _busiest(at, one.pid) + crowd(at, one.pid)
    every = len(workers) > 1 and {each.pid for each in workers} <= {each.pid for each in full}
    if every:
        title = f"all {len(workers)} workers are full: each uses a whole core"
    elif one.cores < 1.3:
        title = f"one core is full: {one.words} uses {_used(one)}"
    else:
        title = f"processor time: {one.words} uses {one.cores:.2f} cores"
    return [Case("core", one.pid, title, tuple(evidence), one.full_at_ns, one.name, one.cores)]


def _used(one: ProcessNumbers) -> str:
    """``0.82 cores and waits for one for 11 % of the time``: why it is full is told where its cores alone do not."""
    waits = "" if one.cores >= FULL else f" and waits for one for {percent(one.starved or 0.0)} of the time"
    return f"{one.cores:.2f} cores{waits}"


def _busiest(at: Window, pid: int) -> list[str]:
    """What a full process does. From inside, short calls are seen where they let go of the lock: so of these looks only
    the project's function is named, not what it called.
    """
    looks, stacks = at.stacks.get(pid, (0, {}))
    if looks >= LEAST_LOOKS // 2:
        # A look sees every thread, so that there are more samples than looks.
        working = [(folded, count) for (_, folded), (count, _) in stacks.items()
                   if not waits_for_work(frames := frames_of(folded)) and not is_idle_thread(frames)]  # fmt: skip
        total = sum(count for _, count in working)
        return [f"{count} of {total} samples of its threads that do something were in {name} ({caller})"
                for (name, caller), count in ranked(working)[:3]]  # fmt: skip
    inside = at.inside.get(pid)
    if inside is None:
        return []
    rows = [(frames, count) for (of, frames), (count, _) in inside.stacks.items() if of == "loop"]
    if (inside.loop_cpu_s or 0.0) < 0.5 * inside.seconds * at.processes[pid].cores:
        rows = working_in(at, pid)  # not the loop fills it, its threads do
    top, total = ranked(rows, by_caller=True)[:3], sum(count for _, count in rows)
    told = [f"{percent(count / total)} of the looks at what it does were in {one.caller}" for one, count in top]
    return told if total >= LEAST_LOOKS else []


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
    full = bool(at.cores) and min(at.cores) >= MACHINE
    denied = _denied(at, full=full)
    evidence = []
    if denied and full:
        evidence.append(f"all {len(at.cores)} cores were full")
    elif denied and at.cores:
        busy = percent(sum(at.cores) / len(at.cores))
        evidence.append(f"the machine's cores were busy for {busy} of the time; a quota (cgroup) denies them, too")
    evidence += [
        f"{one.words} was ready to run without a core for {percent(one.starved or 0.0)} of the time" for one in denied
    ]
    if at.steal is not None and at.steal >= STEAL:
        evidence.append(f"a hypervisor gave {percent(at.steal)} of its processor time to others")
    for one in denied:
        if one.wish >= FULL:  # with a core of its own it would have filled it
            evidence += [f"{one.words}: {told}" for told in _busiest(at, one.pid) + crowd(at, one.pid)]
    if not evidence:
        return []
    if at.running is not None:
        evidence.append(f"{at.running:.1f} tasks wanted to run on average")
    title = "this machine, not the subject alone: its processors are full"
    denial = max([at.steal or 0.0, *(one.starved or 0.0 for one in at.processes.values())])
    return [Case("machine", 0, title, tuple(evidence), degree=denial)]


def _denied(at: Window, *, full: bool) -> list[ProcessNumbers]:
    """Who was ready to run without a core. Who would have filled one says so even where not all of them are full."""
    found = [one for one in by_cores(at) if (one.starved or 0.0) >= (DENIED if full else HELD_BACK)]
    return found if full else [one for one in found if one.wish >= FULL]


def _from_outside(at: Window) -> list[Inside]:
    """What py-spy saw of event loops without a probe, in a probe's terms."""
    found = []
    for pid, (number, stacks) in at.stacks.items():
        loop = {key: pair for key, pair in stacks.items() if key[0] == "loop"}
        if pid in at.inside or pid not in at.processes or not loop or not number:
            continue
        looks = max(number, sum(count for count, _ in loop.values()))  # of a process with several loops, each is seen
        idle = sum(count for (_, folded), (count, _) in loop.items() if waits_for_work(frames_of(folded)))
        working = {key: pair for key, pair in loop.items() if not waits_for_work(frames_of(key[1]))}
        seen = Inside(pid, seconds=1.0, looks=looks, busy=looks - idle, loop_cpu_s=at.processes[pid].cores)
        seen.stacks = working
        found.append(seen)
    return found
