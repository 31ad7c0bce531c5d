"""Children that run at the same moment. PYTEST_DONT_REWRITE.

They share their folder for temporary files and wait for each other. One may begin a little later, or follow: it begins
when the first one holds what both use, and the first one goes on when it is through. So one comes into the midst of the
other however short that is, and however busy the machine.
"""

import os
import time

_PATIENCE_S = 5.0  # the other one may never come
_LOOK_S = 0.0003
_HELD, _OVER, _FOLLOWED = "held", "over", "followed"


class Company:
    """A child's side. ``beside`` is what its job says: {group, count, offset_s, follow, hold, hold_s, hold_after}."""

    def __init__(self, folder, beside):
        self._folder = folder
        self._beside = beside
        self._now, self._pause, self._exists = time.monotonic, time.sleep, os.path.exists  # a test may replace these

    def meet(self):
        """Wait until all are here; who follows, until the one that holds does so, or is over; at most 5 s."""
        self._mark("here-%d" % os.getpid())
        count = int(self._beside["count"])
        self._until(lambda: sum(name.startswith("here-") for name in os.listdir(self._folder)) >= count, _PATIENCE_S)
        if self._beside.get("follow"):
            self._until(lambda: self._is(_HELD) or self._is(_OVER), _PATIENCE_S)
        self._pause(float(self._beside.get("offset_s") or 0))

    def hold(self):
        """Say that something is held, and wait until who follows is through, for ``hold_s`` at most."""
        self._mark(_HELD)
        self._until(lambda: self._is(_FOLLOWED), float(self._beside.get("hold_s") or 0))

    def part(self):
        """Say that this child's steps are done."""
        self._mark(_FOLLOWED if self._beside.get("follow") else _OVER)

    def _is(self, what):
        return self._exists(os.path.join(self._folder, what))

    def _mark(self, what):
        with open(os.path.join(self._folder, what), "wb"):
            pass

    def _until(self, condition, seconds):
        until = self._now() + seconds
        while not condition() and self._now() < until:
            self._pause(_LOOK_S)


class Companies:
    """The server's side: folders that children share, each until the last of its children is gone."""

    def __init__(self, new_folder, remove):
        self._new_folder, self._remove = new_folder, remove
        self._open = {}

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
