"""Records of a trial of a cache (``driver = "cache"``); see ``core.observation``.

What is timed are ``LoadSlice``s like any other, under the operations' own names; a read's is followed by what came of
it (``read hit``, ``read miss``) where that is known when it is told. A read that gave what was deleted before it began
has the outcome ``raised-StaleRead``, one that gave another key's value ``raised-WrongValue``.
"""

from __future__ import annotations

from brinell.core.entry import Entry
from brinell.core.outcomes import of_exception

STALE = of_exception("StaleRead")
WRONG = of_exception("WrongValue")
HIT, MISS = " hit", " miss"


class CachePrepared(Entry, frozen=True):
    """One worker's cache before the load: how it is asked, and what was put into it. ``wanted`` keys were to be put.

    ``why``: why not all of them were.
    """

    worker: int
    mode: str  # sync | async, or the protocol's name
    wanted: int = 0
    filled: int = 0
    seconds: float = 0.0
    why: str = ""


class CacheSecond(Entry, frozen=True):
    """Gets that ended in one second of one worker. ``batches`` are hits among ``batch`` consecutive gets each, in the
    order in which they ended; what makes no whole batch is in none. ``loads``: how often a miss was loaded.
    """

    worker: int
    second: int
    gets: int
    hits: int
    batches: tuple[int, ...] = ()
    loads: int = 0
    batch: int = 20


class Stampede(Entry, frozen=True):
    """``callers`` asked for one cold key at the same moment, and the loader ran ``loads`` times for it.

    ``loads`` None: nobody could count, ``why`` says why not. ``failed`` callers got an exception, or nothing in time.
    """

    worker: int
    callers: int
    loads: int | None
    failed: int = 0
    longest_ns: int = 0
    why: str = ""


class StaleProbe(Entry, frozen=True):
    """Keys that were deleted while others read them: ``reads`` began after a delete was acknowledged, and ``stale`` of
    them gave what was there before it. ``how``: deleted (only that) or loading (a load of the old value was under way).

    ``reads`` 0: it could not be tried, ``why`` says why not.
    """

    worker: int
    how: str
    keys: int
    reads: int
    stale: int
    why: str = ""
    example: str = ""


class CacheSpace(Entry, frozen=True):
    """What the cache's folder held at a moment; ``whole`` False: there were too many files to look at them all."""

    at_ns: int
    bytes: int
    files: int
    whole: bool = True
