"""Functions that block: a bounded number of threads, each taking the next due time. PYTEST_DONT_REWRITE.

The pipe of due times is the queue: a thread that is free waits in ``read``, which hands it an entry at the moment
the call falls due. Nothing of ours runs between the pipe and the call but the unpacking of a number.
"""

import os
import struct
import threading
import time
import types

from brinell_inside.calls.told import RETURNED

_now = time.monotonic_ns
_Coroutine = types.CoroutineType
_NOT_AWAITED = (
    "the call gave a coroutine that nobody awaits: the function is async and does not say so (a decorator?); write an "
    "async def around it"
)


class Threads:
    """``users`` threads. They cannot be ended: a call that never returns keeps its thread.

    ``entry`` is what the pipe holds of each call; its fields are the arguments of ``_one``.
    """

    entry = struct.Struct("=q")

    def __init__(self, call, told):
        self._call = call  # function, args, kwargs
        self._told = told
        self._begun = 0
        self._over = []
        self._kept = threading.Event()

    def begin(self, users, dues_fd, turns):
        """Let every thread begin; ``turns`` (None: calls fall due) say when users come back."""
        for number in range(users):
            work, argument = (self._as_due, dues_fd) if turns is None else (self._in_turn, turns.user(number))
            thread = threading.Thread(target=self._all, args=(work, argument), daemon=True)
            thread.name = "brinell-call-%d" % number
            self._begun += 1
            thread.start()

    def wait(self):
        """Nothing to do here: the threads do it."""

    def stop(self):
        """Nothing to stop: the end of the due times ends the threads."""

    @property
    def idle(self):
        """Whether every thread has made its last call."""
        return len(self._over) == self._begun

    def rehearse(self, dues_fd):
        """Make the calls of a pipe that is closed already, in this thread; return how many."""
        return self._as_due(dues_fd)

    def _all(self, work, argument):
        work(argument)
        self._over.append(True)
        self._kept.wait()  # until the process ends: what a thread waited for is told as long as it is there

    def _as_due(self, dues_fd):
        read, one, count = os.read, self._one, 0
        size, unpack = self.entry.size, self.entry.unpack
        while True:
            word = read(dues_fd, size)
            if len(word) < size:
                return count
            count += 1
            one(*unpack(word))

    def _in_turn(self, comes):
        for wait_s in comes:
            if wait_s > 0:
                time.sleep(wait_s)
            else:
                self._one(0)

    def _one(self, due):
        told, (function, args, kwargs) = self._told, self._call
        who = threading.get_ident()
        started = _now()
        told.held[who] = (due, started, 0)
        try:
            given = function(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - whatever a call raises, SystemExit included, is its outcome
            told.raised(who, due, started, _now(), error)
            return
        told.ended(who, due, started, _now(), RETURNED)
        if type(given) is _Coroutine:
            given.close()
            told.say("fatal", message=_NOT_AWAITED)
            os._exit(4)
