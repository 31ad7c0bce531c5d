"""The probe's thread: looks, adds up, sends; ``brinell_inside/vitals/__init__.py`` has the wire. PYTEST_DONT_REWRITE.

Everything it needs of the standard library is bound before the subject runs, so that who patches it (gevent) does not
reach it. No signal is delivered to its thread. A fork waits until a look is over; the child begins anew with a
thread of its own.
"""

import _signal
import _thread
import atexit
import os
import sys
import time

from brinell_inside.vitals import forks, frames, loops, pools, processor, sending
from brinell_inside.vitals.pauses import Pauses

FIRST_S = 0.25  # most helpers that a service starts are gone by then
PERIOD_S = 0.05  # between looks, after a second in which the loop was busy at half of them; else ...
CALM_S = 0.1  # ... this: never by what one look saw, or busy moments would be counted more often
GAP_S = 0.008  # whoever is still in the same call after it is in a long one
HELD_NS = 10000000  # this much later than asked for: the interpreter's lock was not let go of
SEND_NS = 1000000000
MOST_THREADS = 64
MOST_FAILURES = 20  # one after the other
MOST_UNHEARD = 60  # seconds in which the line could not be reached
SEEK_EVERY = 5  # looks, while there is no event loop
LEAST_BUSY_NS = 100000000  # of a second, for a thread to be named
MOST_BUSIEST = 3
THREADS_SHARE = 1000  # looking at the other threads takes one such part of the time
_ON_CPU = 0.6
_RESTED = 0.3

_sleep = time.sleep
_now = time.monotonic_ns
_process_ns = time.process_time_ns
_thread_ns = time.thread_time_ns
_current = sys._current_frames  # noqa: SLF001 - it is documented, under this name
_ident = _thread.get_ident
_start = _thread.start_new_thread
_mask = getattr(_signal, "pthread_sigmask", None)
_signals = getattr(_signal, "valid_signals", tuple)


class Probe:
    """One per process."""

    def __init__(self, address):
        self._address = address
        self._pauses = Pauses()
        self._ended = False
        self._forks = forks.Forks()

    def install(self):
        """Begin in this process, and in those that it forks."""
        self._pauses.install()
        atexit.register(self.end)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=lambda: self._forks.before(),  # noqa: PLW0108 - of the child's own, once it is one
                after_in_parent=lambda: self._forks.after(),  # noqa: PLW0108
                after_in_child=self._begin_in_child,
            )
        self._begin()

    def end(self):
        """Never look again."""
        self._ended = True
        self._pauses.remove()

    def _begin(self):
        self._names = frames.Names()
        self._main = _ident()
        self._loop = None
        self._sought = self._failed = self._unheard = 0
        self._pause = CALM_S
        self._busy = self._long = self._looks = self._stack_looks = 0
        self._stacks = {}
        self._pools = {}
        self._queued = None
        self._threads_ns = 0
        self._threads_cpu = {}
        self._since = _now()
        self._cpu = _process_ns()
        try:
            _start_unsignalled(self._run, ())
        except RuntimeError:  # no more threads here
            self.end()

    def _begin_in_child(self):
        if self._ended:
            return
        try:
            self._forks = forks.Forks()
            self._pauses.take()
            if self._loop is not None:
                self._loop.gone = True
            self._begin()
        except Exception:  # noqa: BLE001 - a hook's traceback would be in the subject's log
            self.end()

    def _run(self):
        _sleep(FIRST_S)
        while not self._ended:
            asked, cpu = _now(), self._loop_cpu()
            _sleep(self._pause)
            with self._forks.looking:
                try:
                    self._look(asked, cpu)
                    self._failed = 0
                except Exception:  # noqa: BLE001 - the subject must not have a traceback of ours in its log
                    self._failed += 1
                    if self._failed >= MOST_FAILURES:
                        self.end()

    # --- looking -----------------------------------------------------------------------------------------------------

    def _loop_cpu(self):
        return None if self._loop is None else self._loop.cpu()

    def _look(self, asked, cpu):
        now, seen = _now(), None
        current = _current()
        if self._loop is None or self._loop.over or self._loop.ident not in current:
            self._seek(current)
        else:
            held = self._was_held(asked, cpu, self._pause)
            seen = self._look_at_loop(current[self._loop.ident])
        if now >= self._threads_ns:
            began = _thread_ns()  # what others did meanwhile does not count
            self._look_at_threads(current)
            self._threads_ns = now + min(SEND_NS, THREADS_SHARE * (_thread_ns() - began))
        # Whoever keeps a frame keeps what is in it, and would end it in this thread: not while we sleep.
        del current
        if seen is not None:
            stack, call = seen
            long = held or self._is_long(self._loop, call)
            self._long += long
            count, longs = self._stacks.get(("loop", stack), (0, 0))
            self._stacks["loop", stack] = (count + 1, longs + long)
        if now - self._since >= SEND_NS:
            self._send(now)

    def _seek(self, current):
        if self._loop is not None:
            self._loop.gone, self._loop = True, None
        self._sought += 1
        if self._sought % SEEK_EVERY == 1:
            self._loop = loops.find(current, self._main, self._names)

    def _was_held(self, asked, cpu, slept_s):
        """Whether this thread came late because the loop's, which was on a processor, kept the lock."""
        passed = _now() - asked
        after = self._loop_cpu()
        if passed - slept_s * 1e9 < HELD_NS or cpu is None or after is None:
            return False
        return after - cpu >= _ON_CPU * passed

    def _look_at_loop(self, frame):
        """``(stack, call)`` where it is in a callback."""
        loop = self._loop
        self._looks += 1
        loop.look()
        chain = frames.chain(frame, loop.codes)
        if not chain:
            return None
        idle = loop.is_idle(chain[0])
        self._busy += not idle
        if idle is not False:
            return None
        return frames.folded(self._names, chain), _call(frames.innermost(self._names, chain))

    def _is_long(self, loop, call):
        """Whether after some milliseconds the loop has not come round and is still in the same call."""
        turns, asked, cpu = loop.turns, _now(), loop.cpu()
        loop.call(loop.turn)
        _sleep(GAP_S)
        if loop.turns != turns:
            return False
        if self._was_held(asked, cpu, GAP_S):
            return True
        after = loop.cpu()
        rested = cpu is not None and after is not None and after - cpu < _RESTED * (_now() - asked)
        if rested and loop.native is not None and processor.wants_to_run(loop.native):
            return False  # it has no core: that is not the call's doing
        again = _current().get(loop.ident)
        return any(_call(one) == call for one in frames.chain(again, loop.codes))

    def _look_at_threads(self, current):
        self._stack_looks += 1
        skipped = _ident(), None if self._loop is None else self._loop.ident
        for number, (ident, frame) in enumerate(current.items()):
            if number >= MOST_THREADS:
                break
            if ident in skipped:
                continue
            chain = frames.chain(frame)
            for one in chain[:12]:
                pools.note(self._pools, one)
            stack = frames.folded(self._names, chain)
            count, _ = self._stacks.get(("thread", stack), (0, 0))
            self._stacks["thread", stack] = (count + 1, 0)
        queued = pools.queued()
        if queued is not None:
            self._queued = max(queued, self._queued or queued)

    def _busiest(self):
        """``[[name, cpu_ns, stack]]`` of the threads beside the loop's that used the most processor time since then."""
        current, before, found = _current(), self._threads_cpu, []
        self._threads_cpu = {}
        for ident, (native, name) in list(processor.natives().items())[:MOST_THREADS]:
            cpu = processor.thread_ns(native)
            if cpu is None:
                continue
            self._threads_cpu[native] = cpu
            used = cpu - before.get(native, cpu)
            if used >= LEAST_BUSY_NS and not (self._loop is not None and ident == self._loop.ident):
                found.append((used, name, ident))
        found.sort(reverse=True)
        return [
            [name[:80], used, frames.folded(self._names, frames.chain(current.get(ident)))]
            for used, name, ident in found[:MOST_BUSIEST]
        ]

    # --- telling -----------------------------------------------------------------------------------------------------

    def _send(self, now):
        loop = self._loop
        lag, loop_cpu, tasks, found, looks = (None, None, {}, {}, 0) if loop is None else loop.take()
        for stack, count in tasks.items():
            self._stacks["task", stack] = (count, 0)
        found.update(self._pools)
        cpu = _process_ns()
        calls, size = self._queued or (None, None)
        message = {
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
            "queued": calls,
            "pool_threads": size,
            "threads": len(_current()),
            "pools": [list(pool) for pool in found.values()],
            "stack_looks": self._stack_looks,
            "task_looks": looks,
            "loop": None if loop is None else loop.kind,
        }
        stacks, busiest = self._stacks, self._busiest()
        self._pause = PERIOD_S if 2 * self._busy > self._looks else CALM_S
        if loop is not None:
            loop.every = self._pause
        self._busy = self._long = self._looks = self._stack_looks = 0
        self._stacks, self._pools, self._queued, self._since, self._cpu = {}, {}, None, now, cpu
        heard = sending.told(self._address, sending.message(message, stacks, busiest))
        self._unheard = 0 if heard else self._unheard + 1
        if heard is None or self._unheard >= MOST_UNHEARD:
            self.end()
            if loop is not None:
                loop.gone = True


def _call(frame):
    """What tells one call of a function from another, without keeping it."""
    return id(frame), id(frame.f_code)


def _start_unsignalled(run, arguments):
    """Start a thread to which no signal is delivered: a subject that waits for one (sigwait, signalfd) blocked it in
    its own threads, and any other would take it.
    """
    if _mask is None:
        _start(run, arguments)
        return
    before = _mask(_signal.SIG_BLOCK, _signals())
    try:
        _start(run, arguments)
    finally:
        _mask(_signal.SIG_SETMASK, before)


_running = []


def start(address):
    """Begin, once in a process; ``address`` is where to tell."""
    if not _running:
        _running.append(Probe(address))
        _running[0].install()
