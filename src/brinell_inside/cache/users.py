"""Who carries operations out: the threads or the loop of ``calls``, with an operation beside every due time.

PYTEST_DONT_REWRITE.
"""

import asyncio
import os
import struct
import threading
import time

from brinell_inside.cache.operations import KIND_AT
from brinell_inside.cache.subject import plain
from brinell_inside.calls.loop import Loop
from brinell_inside.calls.threads import Threads
from brinell_inside.calls.told import RETURNED

ENTRY = struct.Struct("=qq")
_now = time.monotonic_ns
_AT_ONCE = 64


class CacheThreads(Threads):
    """``users`` threads. What they call is a coroutine function of an operation's number."""

    entry = ENTRY
    entries = None  # who counts what the cache holds

    def begin(self, users, dues_fd, turns):
        """As the parent; users in turn take their operations from the pipe too."""
        self._fd = dues_fd
        if self.entries is not None:
            self._told.watch = self.entries.look
        Threads.begin(self, users, dues_fd, turns)

    def _in_turn(self, comes):
        for wait_s in comes:
            if wait_s > 0:
                time.sleep(wait_s)
                continue
            data = os.read(self._fd, ENTRY.size)
            if len(data) < ENTRY.size:
                return
            self._one(0, ENTRY.unpack(data)[1])

    def _one(self, due, word=0):
        told, carry_out = self._told, self._call
        who = threading.get_ident()
        started = _now()
        told.held[who] = (due, started, (word & 15) << KIND_AT)
        try:
            bits = plain(carry_out(word))
        except BaseException as error:  # noqa: BLE001 - whatever a cache raises is its outcome
            told.raised(who, due, started, _now(), error)
            return
        told.ended(who, due, started, _now(), RETURNED + bits)


class CacheLoop(Loop):
    """A task for every operation; likewise."""

    entry = ENTRY
    entries = None  # as there

    def begin(self, users, dues_fd, turns):
        """As the parent; users in turn take their operations from the pipe too."""
        self._words = []
        Loop.begin(self, users, dues_fd, turns)
        stalls, entries = self._told.watch, self.entries
        if entries is not None:
            self._told.watch = lambda now: (stalls(now), entries.look(now))

    async def _in_turn(self, comes):
        for wait_s in comes:
            if wait_s == 0:
                word = self._next()
                if word is None:
                    return
                await self._one(0, word)
            await asyncio.sleep(wait_s)  # as in the parent

    def _next(self):
        """The next operation; the worker keeps the pipe full, so that this does not wait."""
        if not self._words:
            data = os.read(self._dues_fd, ENTRY.size * _AT_ONCE)
            self._words = [word for _, word in ENTRY.iter_unpack(data)][::-1]
        return self._words.pop() if self._words else None

    async def _one(self, due, word=0):
        told, carry_out = self._told, self._call
        self._number = who = self._number + 1
        started = _now()
        self._under_way[who] = asyncio.current_task()
        told.held[who] = (due, started, (word & 15) << KIND_AT)
        try:
            bits = await carry_out(word)
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a cache raises is its outcome
            told.raised(who, due, started, _now(), error)
            return
        finally:
            del self._under_way[who]
        told.ended(who, due, started, _now(), RETURNED + bits)
