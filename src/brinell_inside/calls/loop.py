"""Coroutine functions: one event loop in the main thread, a task for every call. PYTEST_DONT_REWRITE.

The loop is the project's own kind (its policy decides). A step that does not await keeps every other call waiting; the
thread that sends records sees that the loop does not come round and looks where it stands.
"""

import asyncio
import os
import struct
import sys
import threading
import time

from brinell_inside.calls.told import EVERY_S, RETURNED, shown

STALL_NS = 100000000  # as asyncio's own slow_callback_duration
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # all of ours
_MOST_PLACES = 20
_AT_ONCE = 256
_now = time.monotonic_ns


class Loop:
    """At most ``users`` calls at once; the pipe keeps what is due meanwhile. ``entry`` as in ``Threads``."""

    entry = struct.Struct("=q")

    def __init__(self, call, told, loop, root):
        self._call = call
        self._told = told
        self._loop = loop
        self._root = root
        self._users = 0
        self._dues_fd = -1
        self._alive = set()
        self._under_way = {}
        self._number = 0
        self._reading = False
        self._ended = False
        self._stopped = None
        self._handed = 0

    # --- life -------------------------------------------------------------------------------------------------------

    def begin(self, users, dues_fd, turns):
        """Prepare; ``wait`` runs the loop. ``turns`` (None: calls fall due) say when users come back."""
        self._users, self._dues_fd = users, dues_fd
        self._stopped = asyncio.Event()
        stalls = Stalls(self._told, threading.get_ident(), self._root)
        self._told.watch, self._told.overdue = stalls.look, self._cancel
        self._loop.call_soon(self._beat, stalls)
        if turns is None:
            self._listen()
        else:
            for number in range(users):
                self._keep(self._in_turn(turns.user(number)))

    def wait(self):
        """Run until ``stop``."""
        self._loop.run_until_complete(self._stopped.wait())

    def stop(self):
        """Let ``wait`` return; from any thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)

    @property
    def idle(self):
        """Whether no call is under way."""
        return not self._alive

    def rehearse(self, dues_fd):
        """Make the calls of a pipe that is closed already; return how many."""
        self._users, self._dues_fd = _AT_ONCE, dues_fd

        async def all_of_them():
            self._listen()
            while self._reading or not self._ended or self._alive:  # noqa: ASYNC110 - it is turns of the loop that are waited for
                await asyncio.sleep(0)

        self._loop.run_until_complete(all_of_them())
        return self._handed

    # --- calls ------------------------------------------------------------------------------------------------------

    def _listen(self):
        if not self._ended and not self._reading:
            self._reading = True
            self._loop.add_reader(self._dues_fd, self._on_due)

    def _on_due(self):
        room = min(self._users - len(self._alive), _AT_ONCE)
        word = os.read(self._dues_fd, self.entry.size * room) if room > 0 else None
        if not word:
            self._loop.remove_reader(self._dues_fd)
            self._reading = False
            self._ended = word is not None
            return
        for fields in self.entry.iter_unpack(word):
            self._handed += 1
            self._keep(self._one(*fields))

    def _keep(self, coroutine):
        task = self._loop.create_task(coroutine)
        self._alive.add(task)
        task.add_done_callback(self._over)

    def _over(self, task):
        self._alive.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: asyncio would print it
        self._listen()

    async def _in_turn(self, comes):
        for wait_s in comes:
            if wait_s == 0:
                await self._one(0)
            await asyncio.sleep(wait_s)  # a call that never has to wait would keep the loop from everybody else

    async def _one(self, due):
        told, (function, args, kwargs) = self._told, self._call
        self._number = who = self._number + 1
        started = _now()
        self._under_way[who] = asyncio.current_task()
        told.held[who] = (due, started, 0)
        try:
            await function(*args, **kwargs)
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a call raises is its outcome
            told.raised(who, due, started, _now(), error)
            return
        finally:
            del self._under_way[who]
        told.ended(who, due, started, _now(), RETURNED)

    def _cancel(self, who):
        self._loop.call_soon_threadsafe(self._cancel_now, who)

    def _cancel_now(self, who):
        if who in self._under_way:  # its task may be at another call by now
            self._under_way[who].cancel()

    def _beat(self, stalls):
        stalls.beat(_now())
        self._loop.call_later(EVERY_S, self._beat, stalls)


class Stalls:
    """How long the loop did not come round, and where it stood meanwhile.

    What nobody saw it standing in is not counted: the machine may have kept the whole process waiting. Nor is the time
    for which its thread was ready to run, and others had the processor (Linux).
    """

    def __init__(self, told, thread, root):
        self._told = told
        self._thread = thread
        self._root = root
        self._kept_waiting = _KeptWaiting()
        self._beaten_ns = 0
        self._where = ""
        self._found = {}  # where: [count, total_ns, longest_ns]
        self._said_ns = 0

    def beat(self, now):
        """In the loop: it came round."""
        where, late_ns = self._where, now - self._beaten_ns - int(EVERY_S * 1e9) - self._kept_waiting.since_last_ns()
        self._beaten_ns, self._where = now, ""
        if where and late_ns >= STALL_NS:
            if where not in self._found and len(self._found) >= _MOST_PLACES:
                where = "other places"
            entry = self._found.setdefault(where, [0, 0, 0])
            self._found[where] = [entry[0] + 1, entry[1] + late_ns, max(entry[2], late_ns)]

    def look(self, now):
        """In the thread that watches: look where the loop stands if it is late, and tell once a second."""
        if self._beaten_ns and not self._where and now - self._beaten_ns > STALL_NS:
            self._where = self._place()
        if now - self._said_ns >= 1000000000:
            self._said_ns = now
            found, self._found = self._found, {}
            for where, (count, total_ns, longest_ns) in found.items():
                self._told.say("stall", where=where, count=count, total_ns=total_ns, longest_ns=longest_ns)

    def _place(self):
        """The innermost frame of the project, and what it called; empty where the loop only waits for work."""
        frame = sys._current_frames().get(self._thread)  # noqa: SLF001 - documented, in spite of its name
        if frame is None or _is_idle(frame):
            return ""
        innermost = frame
        while frame is not None and not frame.f_code.co_filename.startswith(self._root + os.sep):
            frame = frame.f_back
        place = self._name(frame or innermost)
        return place if frame is innermost or frame is None else "%s (in %s)" % (place, self._name(innermost))

    def _name(self, frame):
        return "%s:%d in %s" % (shown(frame.f_code.co_filename, self._root), frame.f_lineno, frame.f_code.co_name)


class _KeptWaiting:
    """For how long the thread that made this waited for a processor; nothing where the system does not say."""

    def __init__(self):
        try:
            self._fd = os.open("/proc/self/task/%d/schedstat" % threading.get_native_id(), os.O_RDONLY)
        except (OSError, AttributeError):
            self._fd = -1
        self._total_ns = self._read()

    def since_last_ns(self):
        before, self._total_ns = self._total_ns, self._read()
        return max(0, self._total_ns - before)

    def _read(self):
        try:
            return int(os.pread(self._fd, 200, 0).split()[1])  # on a processor, in its queue, turns
        except (OSError, IndexError, ValueError):
            return 0


def _is_idle(frame):
    """Whether this is the loop itself: asyncio's in its selector, or one written in C below our own ``wait``."""
    caller = frame.f_back.f_code.co_name if frame.f_back is not None else ""
    name = frame.f_code.co_name
    return (
        name == "_run_once"
        or (name == "select" and caller == "_run_once")
        or frame.f_code.co_filename.startswith(_HERE)
    )
