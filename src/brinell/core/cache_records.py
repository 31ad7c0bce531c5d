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

    ``loads`` None: nobody could count; of an endpoint it ran ``least`` times at least and, where its answers say which
    of them were hits, ``most`` times at most. ``why`` says why not. ``failed`` callers got an exception, or nothing in
    time. ``by``: what told it (of an object: its loader).
    """

    worker: int
    callers: int
    loads: int | None
    failed: int = 0
    longest_ns: int = 0
    why: str = ""
    least: int = 0
    most: int | None = None
    by: str = ""


class StaleProbe(Entry, frozen=True):
    """Keys that were deleted while others read them: ``reads`` began after a delete was acknowledged, and ``stale`` of
    them gave what was there before it. ``how``: deleted (only that), loading (a load of the old value was under way),
    or updated (an endpoint, whose resource was changed).

    ``reads`` 0: it could not be tried, ``why`` says why not.
    """

    worker: int
    how: str
    keys: int
    reads: int
    stale: int
    why: str = ""
    example: str = ""


class CacheLifetime(Entry, frozen=True):
    """``keys`` were set that are to live for ``stated_s``: ``early`` of them were gone before half of it (2 s at most),
    ``late`` of them there after ``looked_s``, which is twice as long; shorter: nobody waited for that.

    ``keys`` 0: it could not be tried, ``why`` says why not.
    """

    worker: int
    stated_s: float
    looked_s: float
    keys: int
    early: int
    late: int
    why: str = ""


class CacheBlocking(Entry, frozen=True):
    """An ``operation`` (set, get, delete) of an awaited cache called ``what`` blocks, in the event loop's own thread,
    ``times`` of ``of`` times. ``operation`` empty: it was looked for (``why``: in vain).
    """

    worker: int
    operation: str
    what: str
    where: str
    times: int
    of: int
    longest_ns: int = 0
    why: str = ""


class CacheTried(Entry, frozen=True):
    """Something was tried ``tried`` times and went wrong ``wrong`` times.

    ``what`` it was:

    - case, length: two keys that differ only so, of which one gave what was set under the other
    - set, missed: what was set was not there, though nobody had asked for it before, or only where somebody had
    - renewed: an entry that was read again and again was still there after twice its lifetime, the others not
    - failed: after a load that failed, the next get did not load again (``example`` says what it did)
    - hanging: of those who waited for a load that failed, some never got an answer
    - cancelled: the caller that loads was cancelled, and others who waited for its load were, too, or had no answer
    - collided: a call of a function that loads, for a key that nobody had asked for, gave another key's value
    - shared: two calls of a function that loads were given the very same dict, list or set
    - unasked: an answer to a key that nobody can have asked for said that it was a hit
    - private: an answer to who had no credentials, cached from one to who had
    - error: an answer with a status of 500 or more said that it was a hit
    - vary: an answer was a hit though it was made for another value of a header that the endpoint's Vary names

    ``tried`` 0: it could not be, ``why`` says why not.
    """

    worker: int
    what: str
    tried: int
    wrong: int
    why: str = ""
    example: str = ""


class CacheHolder(Entry, frozen=True):
    """A container within the cache, and what it held at a moment. ``name``: where it is."""

    worker: int
    at_ns: int
    name: str
    entries: int


class CacheHeld(Entry, frozen=True):
    """Entries that a cache said it holds at a moment. ``evicted``: how many it has dropped since the first look to make
    room, where it says so.
    """

    worker: int
    at_ns: int
    entries: int
    evicted: int | None = None


class CacheSpace(Entry, frozen=True):
    """What the cache's folder held at a moment; ``whole`` False: there were too many files to look at them all."""

    at_ns: int
    bytes: int
    files: int
    whole: bool = True
