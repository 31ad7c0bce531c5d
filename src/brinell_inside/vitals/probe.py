"""The probe's thread: looks, adds up, sends; ``brinell_inside/vitals/__init__.py`` has the wire. PYTEST_DONT_REWRITE.

Everything it needs of the standard library is bound before the subject runs, so that who patches it (gevent) does not
reach it. A fork waits until a look is over; the child begins anew with a thread of its own.
"""

import _socket
import _thread
import atexit
import errno
import os
import sys
import time

from brinell_inside.vitals import frames, pools
from brinell_inside.vitals.eventloop import EventLoop, find
from brinell_inside.vitals.pauses import Pauses

VERSION = 1
FIRST_S = 0.25  # most helpers that a service starts are gone by then
PERIOD_S = 0.05  # between looks, after a second in which the loop was busy at half of them; else ...
CALM_S = 0.1  # ... this: never by what one look saw, or busy moments would be counted more often
GAP_S = 0.008  # whoever is still in the same call after it is in a long one
HELD_NS = 10000000  # this much later than asked for: the interpreter's lock was not let go of
SEND_NS = 1000000000
MOST_BYTES = 48 * 1024
MOST_STACKS = 8  # of a sort, in one datagram
MOST_THREADS = 64
MOST_FAILURES = 20
SEEK_EVERY = 5  # looks, while there is no event loop
_FORK_S = 0.2
_ON_CPU = 0.6

_sleep = time.sleep
_now = time.monotonic_ns
_process_ns = time.process_time_ns
_current = sys._current_frames  # noqa: SLF001 - it is documented, under this name


class Probe:
    """One per process."""

    def __init__(self, address):
        self._address = address
        self._pauses = Pauses()
        self._ended = False
        self._generation = 0
        self._resting = _thread.allocate_lock()
        self._forking = False
        self._dumps = None

    def install(self):
        """Begin in this process, and in those that it forks."""
        self._pauses.install()
        atexit.register(self.end)
        os.register_at_fork(
            before=self._before_fork, after_in_parent=self._after_fork, after_in_child=self._begin_in_child
        )
        self._begin()

    def end(self):
        """Never look again."""
        self._ended = True
        self._pauses.remove()

    def _begin(self):
        self._generation += 1
        self._names = frames.Names()
        self._loop = None
        self._sought = self._failed = 0
        self._pause = CALM_S
        self._busy = self._long = self._looks = self._stack_looks = 0
        self._stacks = {}
        self._pools = {}
        self._queued = None
        self._since = _now()
        self._cpu = _process_ns()
        try:
            _thread.start_new_thread(self._run, (self._generation,))
        except RuntimeError:  # no more threads here
            self.end()

    def _before_fork(self):
        self._forking = self._resting.acquire(True, _FORK_S)

    def _after_fork(self):
        if self._forking:
            self._resting.release()

    def _begin_in_child(self):
        self._resting = _thread.allocate_lock()
        self._pauses.take()
        if not self._ended:
            self._begin()

    def _run(self, generation):
        _sleep(FIRST_S)
        while not self._ended and generation == self._generation:
            asked, cpu = _now(), self._loop_cpu()
            _sleep(self._pause)
            with self._resting:
                try:
                    self._look(asked, cpu)
                except Exception:  # noqa: BLE001 - the subject must not have a traceback of ours in its log
                    self._failed += 1
                    if self._failed >= MOST_FAILURES:
                        self.end()

    # --- looking -----------------------------------------------------------------------------------------------------

    def _loop_cpu(self):
        return None if self._loop is None else self._loop.cpu()

    def _look(self, asked, cpu):
        now = _now()
        current = _current()
        if self._loop is None or self._loop.over or self._loop.ident not in current:
            self._seek(current)
        else:
            self._look_at_loop(current, self._was_held(asked, cpu, self._pause))
        if now - self._since >= SEND_NS:
            self._look_at_threads(current)
            del current
            self._send(now)

    def _seek(self, current):
        if self._loop is not None:
            self._loop.gone, self._loop = True, None
        self._sought += 1
        if self._sought % SEEK_EVERY == 1:
            found = find(current)
            self._loop = None if found is None else EventLoop(found[0], found[1], self._names)

    def _was_held(self, asked, cpu, slept_s):
        """Whether this thread came late because the loop's, which was on a processor, kept the lock."""
        passed = _now() - asked
        after = self._loop_cpu()
        if passed - slept_s * 1e9 < HELD_NS or cpu is None or after is None:
            return False
        return after - cpu >= _ON_CPU * passed

    def _look_at_loop(self, current, held):
        loop = self._loop
        self._looks += 1
        chain = frames.chain(current.get(loop.ident))
        if not chain:
            return
        if chain[0].f_code.co_name == "select" and chain[0].f_code.co_filename.endswith("selectors.py"):
            # With a time-out of 0 it only asks in passing: there is more to do.
            self._busy += chain[0].f_locals.get("timeout") == 0
            return
        self._busy += 1
        stack = frames.folded(self._names, chain)
        long = held or self._is_long(loop, frames.innermost(self._names, chain))
        self._long += long
        count, longs = self._stacks.get(("loop", stack), (0, 0))
        self._stacks["loop", stack] = (count + 1, longs + long)

    def _is_long(self, loop, frame):
        """Whether after some milliseconds the loop has not come round and is still in the same frame."""
        turns, asked, cpu = loop.turns, _now(), loop.cpu()
        loop.call(loop.turn)
        _sleep(GAP_S)
        if loop.turns != turns:
            return False
        if self._was_held(asked, cpu, GAP_S):
            return True
        again = _current().get(loop.ident)
        return any(one is frame for one in frames.chain(again))

    def _look_at_threads(self, current):
        self._stack_looks += 1
        own = _thread.get_ident()
        for number, (ident, frame) in enumerate(current.items()):
            if number >= MOST_THREADS:
                break
            if ident == own or (self._loop is not None and ident == self._loop.ident):
                continue
            chain = frames.chain(frame)
            for one in chain[:12]:
                queued = pools.queued(one)
                if queued is not None:
                    self._queued = max(queued, self._queued or 0)
                pool = pools.of_frame(one)
                if pool is not None and len(self._pools) < pools.MOST:
                    self._pools[pool[0]] = pool
            stack = frames.folded(self._names, chain)
            count, _ = self._stacks.get(("thread", stack), (0, 0))
            self._stacks["thread", stack] = (count + 1, 0)

    # --- telling -----------------------------------------------------------------------------------------------------

    def _send(self, now):
        if self._dumps is None:
            import json  # noqa: PLC0415 - most services have it by now; at their start it would cost them

            self._dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
        loop = self._loop
        lag, loop_cpu, tasks, found, looks = (None, None, {}, {}, 0) if loop is None else loop.take()
        for stack, count in tasks.items():
            self._stacks["task", stack] = (count, 0)
        found.update(self._pools)
        cpu = _process_ns()
        texts, rows = _tables(self._stacks)
        message = {
            "v": VERSION,
            "kind": "vitals",
            "pid": os.getpid(),
            "at_ns": now,
            "span_ns": now - self._since,
            "cpu_ns": cpu - self._cpu,
            "looks": self._looks,
            "busy": self._busy,
            "long": self._long,
            "loop_cpu_ns": loop_cpu,
            "lag": lag,
            "gc": self._pauses.take(),
            "tasks": None if loop is None else loop.tasks,
            "queued": self._queued,
            "threads": len(_current()),
            "pools": [list(pool) for pool in found.values()],
            "frames": texts,
            "stacks": rows,
            "stack_looks": max(self._stack_looks, looks),
            "loop": None if loop is None else loop.kind,
        }
        self._pause = PERIOD_S if 2 * self._busy > self._looks else CALM_S
        if loop is not None:
            loop.every = self._pause
        self._busy = self._long = self._looks = self._stack_looks = 0
        self._stacks, self._pools, self._queued, self._since, self._cpu = {}, {}, None, now, cpu
        data = self._dumps(message).encode("ascii")
        if len(data) > MOST_BYTES:
            message["frames"], message["stacks"] = [], []
            data = self._dumps(message).encode("ascii")
        if not _told(self._address, data):
            self.end()
            if loop is not None:
                loop.gone = True


def _tables(stacks):
    """``(frames, stacks by their numbers)``: the most frequent of each sort, the others of it as one without frames."""
    numbers, rows = {}, []
    for sort in ("loop", "thread", "task"):
        mine = [(count, stack, long) for (of, stack), (count, long) in stacks.items() if of == sort]
        mine.sort(reverse=True)
        for count, stack, long in mine[:MOST_STACKS]:
            rows.append([sort, [numbers.setdefault(text, len(numbers)) for text in stack], count, int(long)])
        rest = mine[MOST_STACKS:]
        if rest:
            rows.append([sort, [], sum(count for count, _, _ in rest), sum(int(long) for _, _, long in rest)])
    return list(numbers), rows


def _told(address, data):
    """Send it; False when nobody is there any more. The socket lives for this moment only: a service that closes all
    descriptors, or has none left, is not disturbed.
    """
    try:
        line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    except OSError:
        return True
    try:
        line.sendto(data, getattr(_socket, "MSG_DONTWAIT", 0), address)
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR)
    finally:
        line.close()
    return True


_running = []


def start(address):
    """Begin, once in a process; ``address`` is where to tell."""
    if not _running:
        _running.append(Probe(address))
        _running[0].install()
