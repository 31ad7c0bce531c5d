"""Two or more children that run the same test at the same moment. PYTEST_DONT_REWRITE.

They share their folder for temporary files, wait for each other, and one may begin a little later than another.
"""

import os
import time

_PATIENCE_S = 5.0  # the other one may never come
_LOOK_S = 0.0003


def meet(folder, count, offset_s=0.0):
    """Wait until ``count`` children have come here (at most 5 s), then ``offset_s`` more."""
    with open(os.path.join(folder, "here-%d" % os.getpid()), "wb"):
        pass
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if sum(name.startswith("here-") for name in os.listdir(folder)) >= count:
            break
        time.sleep(_LOOK_S)
    if offset_s:
        time.sleep(offset_s)


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
