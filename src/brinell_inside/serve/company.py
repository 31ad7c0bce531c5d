"""Children that run at the same moment. PYTEST_DONT_REWRITE.

They share their folder for temporary files and wait for each other. One may begin a little later, or follow: it begins
when the first one holds what both use, and the first one goes on when it is through, or waits for the first itself.
So one comes into the midst of the other however short that is, and however busy the machine.
"""

import os
import time
from contextlib import suppress

_PATIENCE_S = 5.0  # the other one may never come
_LOOK_S = 0.0003
_HELD, _OVER, _FOLLOWED = "held", "over", "followed"
_HERE = "here-"
_AT_WORK = (b"R", b"D")  # proc(5)


class Company:
    """A child's side. ``beside`` is what its job says: {group, count, offset_s, follow, hold, hold_s, hold_after}."""

    def __init__(self, folder, beside):
        self._folder = folder
        self._beside = beside
        self._now, self._pause, self._exists = time.monotonic, time.sleep, os.path.exists  # a test may replace these
        self._list, self._open, self._read, self._close = os.listdir, os.open, os.read, os.close
        self._pid = os.getpid()

    def meet(self):
        """Wait until all are here; who follows, until the one that holds does so, or is over; at most 5 s."""
        self._mark("%s%d" % (_HERE, self._pid))
        count = int(self._beside["count"])
        self._until(lambda: sum(name.startswith(_HERE) for name in self._list(self._folder)) >= count, _PATIENCE_S)
        if self._beside.get("follow"):
            self._until(lambda: self._is(_HELD) or self._is(_OVER), _PATIENCE_S)
        self._pause(float(self._beside.get("offset_s") or 0))

    def hold(self):
        """Say that something is held, and wait until who follows is through; for ``hold_s`` at most, and while it is at
        work (on the processor, waiting for its turn there, or for a disk) for 5 s more.

        It may have to wait for this child; but on a crowded machine it may only be late.
        """
        self._mark(_HELD)
        left, last = float(self._beside.get("hold_s") or 0), self._now()
        until = last + left + _PATIENCE_S
        while not self._is(_FOLLOWED) and left > 0 and last < until:
            self._pause(_LOOK_S)
            now = self._now()
            if not self._others_work():
                left -= now - last
            last = now

    def part(self):
        """Say that this child's steps are done."""
        self._mark(_FOLLOWED if self._beside.get("follow") else _OVER)

    def _others_work(self):
        """Whether a thread of another child is at work now; False where the system does not say."""
        for name in self._list(self._folder):
            if name.startswith(_HERE) and name != "%s%d" % (_HERE, self._pid):
                tasks = "/proc/%s/task" % name[len(_HERE) :]
                with suppress(OSError):  # it is gone, or this is no Linux
                    if any(self._works("%s/%s/stat" % (tasks, task)) for task in self._list(tasks)):
                        return True
        return False

    def _works(self, stat):
        file = self._open(stat, os.O_RDONLY)
        try:
            return self._read(file, 512).rpartition(b")")[2].split()[0] in _AT_WORK
        finally:
            self._close(file)

    def _is(self, what):
        return self._exists("%s/%s" % (self._folder, what))

    def _mark(self, what):
        self._close(self._open("%s/%s" % (self._folder, what), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _until(self, condition, seconds):
        until = self._now() + seconds
        while not condition() and self._now() < until:
            self._pause(_LOOK_S)


class Companies:
    """The server's side: folders that children share, each until the last of its children is gone."""

    def __init__(self, new_folder, remove):
        self._new_folder, self._remove = new_folder, remove
        self._open = {}

    def may_begin(self, job, free, slots):
        """Whether there is room for the others of its company as well: who waits for one that has to wait for a slot
        loses its patience. ``free`` of ``slots`` are.
        """
        beside = job.get("beside")
        return not beside or beside["group"] in self._open or free >= min(int(beside["count"]), slots)

    def folder(self, job):
        """Return the folder that ``job`` shares; None where it shares none."""
        beside = job.get("beside")
        if not beside:
            return None
        if beside["group"] not in self._open:
            self._open[beside["group"]] = [self._new_folder(), int(beside["count"]), []]
        return self._open[beside["group"]][0]

    def leave(self, job, done):
        """A child of ``job`` is gone; ``done`` is called when the last one of its company is."""
        beside = job.get("beside")
        company = self._open.get(beside["group"]) if beside else None
        if company is None:
            done()
            return
        company[1] -= 1
        company[2].append(done)
        if company[1] <= 0:
            self._end(beside["group"])

    def close(self):
        """End all of them."""
        for group in list(self._open):
            self._end(group)

    def _end(self, group):
        folder, _, waiting = self._open.pop(group)
        for done in waiting:
            done()
        self._remove(folder)
