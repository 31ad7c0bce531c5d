"""What the subject's records say of a stretch of time: counters become rates, looks become shares. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from brinell.core.vitals_records import (
    Pool,
    ProbeLook,
    ProbeSilent,
    ProcessLook,
    Stack,
    StacksSeen,
    VitalsDetail,
    VitalsEntry,
)

FULL = 0.9  # of a core
WORKS = 0.05  # cores: who only looks after others uses less
DENIED = 0.15  # of the time, ready to run without a core: more than passing waits


class Span(NamedTuple):
    """A stretch of the monotonic clock."""

    from_ns: int
    to_ns: int

    def holds(self, at_ns: int) -> bool:
        """Whether a moment lies in it."""
        return self.from_ns <= at_ns <= self.to_ns


class ProcessNumbers(NamedTuple):
    """One process: ``cores`` and ``starved`` in cores, counts at their highest. None: not known."""

    pid: int
    name: str
    parent: int
    listens: bool
    cores: float
    starved: float | None
    full_at_ns: int | None  # when it first used a whole core
    rss_bytes: int | None
    fds: int | None
    fd_limit: int | None
    crowded_at_ns: int | None  # when it first had all descriptors that it may have
    connections: int | None
    major_faults: float | None  # per second
    threads: int | None = None
    switches: float | None = None  # of context, of its first thread, per second

    @property
    def full(self) -> bool:
        """Whether it used a whole core, or would have but for short waits for one."""
        denied = self.starved or 0.0
        return self.cores >= FULL or (denied < DENIED and self.cores + denied >= FULL)

    @property
    def wish(self) -> float:
        """Cores that it used, and would have used had they been given to it."""
        return self.cores + (self.starved or 0.0)

    @property
    def words(self) -> str:
        """``process 4711 (uvicorn)``."""
        return f"process {self.pid} ({self.name})" if self.name else f"process {self.pid}"


@dataclass
class Inside:
    """What a probe saw in one process. ``stacks``: by (of, frames), looks and looks in the same call."""

    pid: int
    seconds: float = 0.0
    looks: int = 0
    busy: int = 0
    long: int = 0
    loop_cpu_s: float | None = None
    lag_max_ms: float | None = None
    lag_at_ns: int = 0
    lags_ms: list[float] = field(default_factory=list)  # means of seconds
    gc_s: float = 0.0
    gc_longest_ms: float = 0.0
    tasks: int | None = None
    queued: list[int] = field(default_factory=list)
    pool_threads: int | None = None
    pools: dict[str, Pool] = field(default_factory=dict)
    stacks: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    stack_looks: int = 0
    task_looks: int = 0
    busiest: dict[str, tuple[float, str]] = field(default_factory=dict)  # by name: processor time, where it was last
    first_ns: int = 0

    def add(self, one: ProbeLook) -> None:
        """Take one look."""
        self.first_ns = self.first_ns or one.at_ns
        self.seconds += one.span_ns / 1e9
        self.looks += one.looks
        self.busy += one.busy
        self.long += one.long
        self.stack_looks += one.stack_looks
        self.task_looks += one.stack_looks if one.task_looks is None else one.task_looks
        self.gc_s += one.gc_s
        self.gc_longest_ms = max(self.gc_longest_ms, one.gc_longest_ms)
        if one.loop_cpu_s is not None:
            self.loop_cpu_s = (self.loop_cpu_s or 0.0) + one.loop_cpu_s
        if one.lag_max_ms is not None and one.lag_max_ms > (self.lag_max_ms or 0.0):
            self.lag_max_ms, self.lag_at_ns = one.lag_max_ms, one.at_ns
        if one.lags_us:
            self.lags_ms.append(sum(one.lags_us) / len(one.lags_us) / 1e3)
        if one.tasks is not None:
            self.tasks = max(one.tasks, self.tasks or 0)
        if one.queued is not None:
            self.queued.append(one.queued)
            self.pool_threads = max(one.pool_threads or 0, self.pool_threads or 0) or None
        for thread in one.busiest:
            used, _ = self.busiest.get(thread.name, (0.0, ""))
            self.busiest[thread.name] = (used + thread.cpu_s, thread.frames)
        for pool in one.pools:
            if pool.kind not in self.pools or pool.out >= self.pools[pool.kind].out:
                self.pools[pool.kind] = pool
        _gather(self.stacks, one.stacks)

    @property
    def lag_mean_ms(self) -> float | None:
        """How late it was on average."""
        return sum(self.lags_ms) / len(self.lags_ms) if self.lags_ms else None

    def looks_at(self, of: str) -> int:
        """How many looks the counts of these stacks (loop, thread, task) are from."""
        return {"loop": self.looks, "task": self.task_looks}.get(of, self.stack_looks)


@dataclass
class Window:
    """A stretch of time. ``stacks``: from outside, by process; ``cores``: how busy each core was."""

    seconds: float = 0.0
    looks: int = 0
    processes: dict[int, ProcessNumbers] = field(default_factory=dict)
    cores: tuple[float, ...] = ()
    steal: float | None = None  # share of the machine
    running: float | None = None
    accept_queue: int | None = None
    accept_limit: int | None = None
    accept_at_ns: int | None = None
    refused: int | None = None
    available: float | None = None  # share of the machine's memory, at its lowest
    swapped_in: float | None = None  # pages per second
    inside: dict[int, Inside] = field(default_factory=dict)
    stacks: dict[int, tuple[int, dict[tuple[str, str], tuple[int, int]]]] = field(default_factory=dict)
    why_no_stacks: str = ""
    said: dict[str, int] = field(default_factory=dict)  # errors in the service's log
    silent: bool = False
    malformed: int = 0

    @property
    def mute(self) -> list[ProcessNumbers]:
        """Processes that accept and work, and from which no probe speaks, where one does from others."""
        if not self.inside:
            return []
        busy = [one for one in self.processes.values() if one.listens and one.cores >= WORKS]
        return [one for one in busy if one.pid not in self.inside]


def window(records: Iterable[VitalsEntry], span: Span) -> Window:
    """Add up what lies in ``span``. Of a probe's seconds those that lie wholly in it, or mostly where none does: the
    second in which a load rose belongs to neither side.
    """
    found = Window()
    details: list[VitalsDetail] = []
    whole: list[ProbeLook] = []
    mostly: list[ProbeLook] = []
    for one in records:
        match one:
            case VitalsDetail() if span.holds(one.at_ns):
                details.append(one)
            case ProbeLook() if span.holds(one.at_ns) and span.holds(one.at_ns - one.span_ns):
                whole.append(one)
            case ProbeLook() if span.holds(one.at_ns - one.span_ns // 2):
                mostly.append(one)
            case StacksSeen() if one.why:
                found.why_no_stacks = one.why
            case StacksSeen() if span.holds((one.from_ns + one.to_ns) // 2):
                looks, stacks = found.stacks.get(one.pid, (0, {}))
                _gather(stacks, one.stacks)
                found.stacks[one.pid] = (looks + one.looks, stacks)
            case ProbeSilent():
                found.silent, found.malformed = True, one.malformed
    for look in whole or mostly:
        found.inside.setdefault(look.pid, Inside(look.pid)).add(look)
    _outside(found, sorted(details, key=lambda one: one.at_ns))
    for detail in details:
        for line in detail.said:
            found.said[line.text] = found.said.get(line.text, 0) + line.count
    return found


def _gather(into: dict[tuple[str, str], tuple[int, int]], stacks: Sequence[Stack]) -> None:
    for one in stacks:
        count, long = into.get((one.of, one.frames), (0, 0))
        into[one.of, one.frames] = (count + one.count, long + one.long)


def _outside(found: Window, looks: Sequence[VitalsDetail]) -> None:
    found.looks = len(looks)
    if not looks:
        return
    first, last = looks[0], looks[-1]
    found.seconds = (last.at_ns - first.at_ns) / 1e9
    queues = [one for one in looks if one.accept_queue is not None]
    if queues:
        # Queue and limit of one look: in another one the fullest may be another socket.
        fullest = max(queues, key=lambda one: ((one.accept_queue or 0) / max(1, one.accept_limit or 1), -one.at_ns))
        found.accept_queue, found.accept_limit = fullest.accept_queue, fullest.accept_limit
        found.accept_at_ns = fullest.at_ns
    lowest = [one.available_bytes / one.memory_bytes for one in looks if one.available_bytes and one.memory_bytes]
    found.available = min(lowest, default=None)
    running = [one.running for one in looks if one.running is not None]
    found.running = sum(running) / len(running) if running else None
    if found.seconds <= 0:
        return
    refused = _grown(first.refused, last.refused)
    found.refused = None if refused is None else int(refused)
    swapped = _grown(first.swapped_in, last.swapped_in)
    found.swapped_in = None if swapped is None else swapped / found.seconds
    if len(first.busy_s) == len(last.busy_s):
        found.cores = tuple(
            max(0.0, late - early) / found.seconds for early, late in zip(first.busy_s, last.busy_s, strict=True)
        )
    if first.steal_s is not None and last.steal_s is not None:
        found.steal = max(0.0, last.steal_s - first.steal_s) / (found.seconds * max(1, len(last.busy_s)))
    _processes(found, looks)


def _processes(found: Window, looks: Sequence[VitalsDetail]) -> None:
    courses: dict[int, list[tuple[int, ProcessLook]]] = {}
    for look in looks:
        for one in look.processes:
            courses.setdefault(one.pid, []).append((look.at_ns, one))
    for pid, course in courses.items():
        if len(course) > 1 and course[-1][0] > course[0][0]:
            found.processes[pid] = _process(course)


def _process(course: Sequence[tuple[int, ProcessLook]]) -> ProcessNumbers:
    (begin_ns, first), (end_ns, last) = course[0], course[-1]
    seconds = (end_ns - begin_ns) / 1e9
    full = None
    for (early_ns, early), (late_ns, late) in pairwise(course):
        if full is None and late.cpu_s - early.cpu_s >= FULL * (late_ns - early_ns) / 1e9:
            full = late_ns
    limit = _most([one.fd_limit for _, one in course])
    crowded = next((at for at, one in course if one.fds is not None and limit and one.fds >= limit - 1), None)
    starved = _grown(first.starved_s, last.starved_s)
    faults = _grown(first.major_faults, last.major_faults)
    switched = _grown(_switches(first), _switches(last))
    return ProcessNumbers(
        pid=last.pid,
        name=last.name,
        parent=last.parent,
        listens=any(one.listens for _, one in course),
        cores=max(0.0, last.cpu_s - first.cpu_s) / seconds,
        starved=None if starved is None else min(1.0, starved / seconds),  # of several threads one can run at a time
        full_at_ns=full,
        rss_bytes=_most([one.rss_bytes for _, one in course]),
        fds=_most([one.fds for _, one in course]),
        fd_limit=limit,
        crowded_at_ns=crowded,
        connections=_most([one.connections for _, one in course]),
        major_faults=None if faults is None else faults / seconds,
        threads=_most([one.threads for _, one in course]),
        switches=None if switched is None else switched / seconds,
    )


def _switches(one: ProcessLook) -> int | None:
    return None if one.voluntary is None or one.involuntary is None else one.voluntary + one.involuntary


def _grown(first: float | None, last: float | None) -> float | None:
    return None if first is None or last is None else max(0, last - first)


def _most(values: Sequence[int | None]) -> int | None:
    return max((one for one in values if one is not None), default=None)
