"""The loops of trio and gevent, without an appointment of ours in them. PYTEST_DONT_REWRITE."""

import itertools
import os
import time

from brinell_inside.vitals import frames, pools, processor

MOST_TASKS = 100  # looked at in one second
_POLLS = os.path.join("trio", "_core", "_io_")
_HUB = os.path.join("gevent", "hub.py")
_now = time.monotonic_ns


class Trio:
    """``trio.run``. How late it is: how long after ``call`` it came to what it was given."""

    tasks = None

    def __init__(self, ident, code, runner, names):
        self.ident = ident
        self.kind = "trio"
        self.codes = frozenset((code,))
        self.gone = False
        self.turns = 0
        self.every = 0.0
        self._runner = runner
        self._names = names
        self._asked = None
        self._late = []
        self.native = processor.natives().get(ident, (None, ""))[0]
        self._cpu = self.cpu()

    @property
    def over(self):
        """Whether it does not run any more."""
        return self.gone

    def is_idle(self, leaf):
        """Whether it waits for something to happen; None where it only asks in passing."""
        if leaf.f_code.co_name != "get_events" or _POLLS not in leaf.f_code.co_filename:
            return False
        return None if leaf.f_locals.get("timeout") == 0 else True

    def call(self, what):
        """Let the loop call ``what`` soon."""
        try:
            self._runner.entry_queue.run_sync_soon(what)
        except Exception:  # noqa: BLE001 - it ended, or this version has none: nothing of ours in the subject's log
            self.gone = True

    def turn(self):
        """What ``call`` is given to see whether the loop comes round."""
        self.turns += 1

    def look(self):
        """Ask it to come round."""
        if self._asked is None:
            self._asked = _now()
            self.call(self._came)

    def _came(self):
        asked, self._asked = self._asked, None
        if asked is not None and len(self._late) < 63:
            self._late.append(max(0, _now() - asked))

    def cpu(self):
        """Processor time of its thread, nanoseconds; None where nobody tells."""
        return None if self.native is None else processor.thread_ns(self.native)

    def take(self):
        """As ``EventLoop.take``."""
        cpu, before = self.cpu(), self._cpu
        self._cpu = cpu
        asked, late = self._asked, self._late
        self._late = []
        if asked is not None and _now() - asked > max(late, default=0):
            late.append(_now() - asked)
        stacks, found = {}, {}
        tasks = list(self._runner.tasks)
        self.tasks = len(tasks)
        for task in itertools.islice(tasks, MOST_TASKS):
            stack = frames.awaited(self._names, task.coro, lambda frame: pools.note(found, frame))
            if stack:
                stacks[stack] = stacks.get(stack, 0) + 1
        share = max(1, len(tasks) / MOST_TASKS)  # they stand for all tasks
        stacks = {stack: round(count * share) for stack, count in stacks.items()}
        return late or None, None if cpu is None or before is None else cpu - before, stacks, found, 1


class Gevent:
    """A hub of greenlets. Greenlets that wait cannot be seen without going through all objects; who runs can."""

    tasks = None

    def __init__(self, ident):
        self.ident = ident
        self.kind = "gevent"
        self.codes = frozenset()
        self.gone = self.over = False
        self.turns = 0
        self.every = 0.0
        self.native = processor.natives().get(ident, (None, ""))[0]
        self._cpu = self.cpu()

    def is_idle(self, leaf):
        """Whether the hub waits for something to happen."""
        return leaf.f_code.co_name == "run" and leaf.f_code.co_filename.endswith(_HUB)

    def call(self, what):
        """Nothing is put into its loop."""

    def turn(self):
        """As above."""

    def look(self):
        """As above."""

    def cpu(self):
        """Processor time of its thread, nanoseconds; None where nobody tells."""
        return None if self.native is None else processor.thread_ns(self.native)

    def take(self):
        """As ``EventLoop.take``."""
        cpu, before = self.cpu(), self._cpu
        self._cpu = cpu
        return None, None if cpu is None or before is None else cpu - before, {}, {}, 0
