"""An asyncio event loop, watched: how late it is, what its tasks wait for. PYTEST_DONT_REWRITE."""

import _thread
import itertools
import sys
import time

from brinell_inside.vitals import frames, pools, processor

BEAT_S = 0.1
MOST_LAGS = 63
MOST_TASKS = 200  # looked at in one second, as far as that takes no longer than ...
LEAST_TASKS = 10
_TASKS_EVERY_NS = 900000000
_LONG_NS = 3000000  # ... this; where finding them takes so long, it is done every tenth time only
_now = time.monotonic_ns
_thread_ns = time.thread_time_ns
_ident = _thread.get_ident  # as it is now: whoever patches it later (gevent) has other numbers


class EventLoop:
    """One loop. ``beat`` and what it calls run in the loop's thread, everything else in the probe's."""

    def __init__(self, ident, loop, code, names):
        self.ident = ident
        self.native = processor.natives().get(ident, (None, ""))[0]
        self.codes = frozenset((code,))  # whoever runs it: below that begins what it calls
        self.kind = "%s.%s" % (type(loop).__module__, type(loop).__qualname__)
        self.tasks = None
        self.gone = False
        self.turns = 0
        self.every = BEAT_S
        self._loop = loop
        self._names = names
        self._due = _now()
        self._late = []
        self._clock = None
        self._cpu = None
        self._stacks = {}
        self._pools = {}
        self._looks = 0
        self._looked = 0
        self._skip = 0
        self._most = MOST_TASKS
        self.call(self._begin)

    @property
    def over(self):
        """Whether it does not run any more."""
        return self.gone or not self._loop.is_running()

    def call(self, what):
        """Let the loop call ``what`` soon."""
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:  # it is closed
            self.gone = True

    def turn(self):
        """What ``call`` is given to see whether the loop comes round."""
        self.turns += 1

    def look(self):
        """Nothing to do: the appointments say how late it is."""

    def is_idle(self, leaf):
        """Whether it waits for something to happen; None where it only asks in passing: there is more to do."""
        if leaf.f_code.co_name != "select" or not leaf.f_code.co_filename.endswith("selectors.py"):
            return False
        return None if leaf.f_locals.get("timeout") == 0 else True

    def _begin(self):
        if hasattr(time, "pthread_getcpuclockid"):
            try:
                self._clock = time.pthread_getcpuclockid(_ident())
            except OSError:  # then it is not told; the loop would write it into the subject's log
                self._clock = None
            self._cpu = self._cpu_now()
        self._due = _now()
        self.beat()

    def beat(self):
        """Ten times a second, and twenty where the loop is busy: how late?"""
        if self.gone:
            return
        now = _now()
        late = max(0, now - self._due)
        if len(self._late) < MOST_LAGS:
            self._late.append(late)
        if now - self._looked >= _TASKS_EVERY_NS:
            self._looked = now
            try:
                self._look_at_tasks(now)
            except Exception:  # noqa: BLE001 - the loop would write it into the subject's log, and we would not return
                self._skip = 9
        self._due = _now() + int(self.every * 1e9)
        self._loop.call_later(self.every, self.beat)

    def _look_at_tasks(self, now):
        if self._skip:
            self._skip -= 1
            return
        asyncio = sys.modules.get("asyncio")
        if asyncio is None:
            return
        tasks = asyncio.all_tasks(self._loop)
        self.tasks = len(tasks)
        self._skip = 9 if _now() - now > _LONG_NS else 0
        began = _thread_ns()  # what others did meanwhile does not count
        found, seen, stacks = {}, {}, dict(self._stacks)
        for task in itertools.islice(tasks, self._most):
            stack = frames.awaited(self._names, task.get_coro(), lambda frame: pools.note(found, frame))
            if stack:
                seen[stack] = seen.get(stack, 0) + 1
        for stack, count in seen.items():  # they stand for all tasks
            stacks[stack] = stacks.get(stack, 0) + round(count * len(tasks) / min(self._most, len(tasks)))
        # Whole ones are put in their place: the probe's thread may take them at any moment.
        self._pools, self._stacks = dict(self._pools, **found), stacks
        self._looks += 1
        each = (_thread_ns() - began) // max(1, min(self._most, len(tasks)))
        self._most = max(LEAST_TASKS, min(MOST_TASKS, _LONG_NS // max(1, each)))

    def _cpu_now(self):
        try:
            return time.clock_gettime_ns(self._clock)
        except (OSError, TypeError):  # the thread is gone, or this system has no such clocks
            return None

    def cpu(self):
        """Processor time of the loop's thread, nanoseconds; None where nobody tells."""
        return self._cpu_now() if self._clock is not None else None

    def take(self):
        """``([lag_ns] or None, loop_cpu_ns or None, {stack: count}, {pool}, looks)`` since the last time."""
        overdue = _now() - self._due
        late, self._late = self._late, []
        if overdue > max(late, default=0):  # the loop is blocked at this moment
            late.append(overdue)
        cpu, before = self.cpu(), self._cpu
        self._cpu = cpu
        stacks, self._stacks = self._stacks, {}
        found, self._pools = self._pools, {}
        looks, self._looks = self._looks, 0
        return late or None, None if cpu is None or before is None else cpu - before, stacks, found, looks
