"""Records of the subject in detail, from outside and from inside, on the clock of the load; see ``core.observation``.

Bounded: so many processes, pools and stacks per record. All texts are the subject's and untrusted.
"""

from __future__ import annotations

import msgspec

from brinell.core.entry import Entry

MOST_PROCESSES = 32
MOST_STACKS = 40
MOST_POOLS = 8
MOST_BUSIEST = 3
MOST_SAID = 8


class ProcessLook(msgspec.Struct, frozen=True, omit_defaults=True):
    """One process of the subject. Counters are since its start. None: not readable here, or not looked at this time.

    ``starved_s``: its threads were ready to run and others had the processor, added up. ``voluntary`` and
    ``involuntary``: context switches of its first thread. ``connections``: established ones at an address that it
    listens on.
    """

    pid: int
    name: str
    cpu_s: float
    rss_bytes: int | None = None
    fds: int | None = None
    fd_limit: int | None = None  # the soft one
    threads: int | None = None
    voluntary: int | None = None
    involuntary: int | None = None
    starved_s: float | None = None
    major_faults: int | None = None
    connections: int | None = None
    listens: bool = False  # it holds a socket that listens
    parent: int = 0


class Said(msgspec.Struct, frozen=True):
    """An error in the service's log, its numbers masked, and how often it came since the look before."""

    text: str
    count: int


class VitalsDetail(Entry, frozen=True):
    """One look from outside, stamped ``at_ns``. ``busy_s`` is cumulated per core, ``steal_s`` over all cores.

    ``running``: tasks of this machine that run or are ready to. ``accept_queue``: connections that wait to be
    accepted, over all sockets of the subject that listen, ``accept_limit`` what the fullest of them may hold;
    ``refused`` counts overflows of such queues on this machine since it began. ``available_bytes`` of memory are left;
    ``swapped_in`` counts pages.
    """

    at_ns: int
    processes: tuple[ProcessLook, ...] = ()  # with the most processor time first
    left_out: int = 0  # further processes
    busy_s: tuple[float, ...] = ()
    running: int | None = None
    steal_s: float | None = None
    accept_queue: int | None = None
    accept_limit: int | None = None
    refused: int | None = None
    memory_bytes: int | None = None
    available_bytes: int | None = None
    swapped_in: int | None = None
    said: tuple[Said, ...] = ()  # in the service's log


class Pool(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pool of connections as it was found: ``out`` of at most ``most`` (None: no bound) are taken."""

    kind: str  # sqlalchemy | asyncpg | psycopg | redis | ...
    out: int
    most: int | None = None


class Stack(msgspec.Struct, frozen=True, omit_defaults=True):
    """Frames ``function (file.py:line)``, outermost first, joined by ``;``, and how many looks found them; without
    frames, all those that there was no room for.

    ``of``: ``loop`` (the event loop's thread while it was in a callback), ``thread`` (any other), ``task`` (where a
    coroutine waits). ``long``: looks in which it had been in the same call for some milliseconds.
    """

    of: str
    frames: str
    count: int
    long: int = 0


class BusyThread(msgspec.Struct, frozen=True, omit_defaults=True):
    """A thread, other than the event loop's, that used much processor time, and where it was at the end of the look."""

    name: str
    cpu_s: float
    frames: str = ""


class ProbeLook(Entry, frozen=True):
    """What the probe in a process of the subject saw in the ``span_ns`` up to ``at_ns``.

    ``looks`` at the thread of the event loop; in ``busy`` of them it was not waiting for something to do, in ``long``
    it had been in the same call for some milliseconds. ``loop_cpu_s``: processor time of that thread. ``lag_max_ms``:
    how much later than asked for the loop came to a call. ``queued``: calls that wait for a thread of a pool
    of ``concurrent.futures``, such as the loop's own. None: there is no event loop, or it is not told.
    """

    at_ns: int
    pid: int
    span_ns: int
    cpu_s: float = 0.0  # of the process
    looks: int = 0
    busy: int = 0
    long: int = 0
    loop_cpu_s: float | None = None
    lag_max_ms: float | None = None
    gc_s: float = 0.0
    gc_longest_ms: float = 0.0
    gc_count: int = 0
    tasks: int | None = None
    threads: int | None = None
    queued: int | None = None
    pools: tuple[Pool, ...] = ()
    stacks: tuple[Stack, ...] = ()
    stack_looks: int = (
        0  # at the other threads (and at the tasks, where ``task_looks`` is None): what counts are out of
    )
    loop: str = ""  # its class
    lags_us: tuple[int, ...] = ()  # how late each of the appointments was, ascending
    task_looks: int | None = None
    pool_threads: int | None = None  # of the pool whose calls are ``queued``
    busiest: tuple[BusyThread, ...] = ()


class StacksSeen(Entry, frozen=True):
    """Stacks of a process while it was at its limit, from outside (``py-spy``), or why there are none (``why``)."""

    from_ns: int
    to_ns: int
    pid: int
    looks: int = 0
    stacks: tuple[Stack, ...] = ()
    why: str = ""


class ProbeSilent(Entry, frozen=True):
    """Nothing came by ``at_ns`` from the probe that the service was started with, or it was not understood."""

    at_ns: int
    malformed: int = 0


VitalsEntry = VitalsDetail | ProbeLook | StacksSeen | ProbeSilent
