"""The mark: state remembered, compared, put back. PYTEST_DONT_REWRITE."""

import gc

from brinell_inside.state.attributes import Attributes
from brinell_inside.state.imports import Imports
from brinell_inside.state.loggers import Loggers
from brinell_inside.state.patched import Patched
from brinell_inside.state.process import Process
from brinell_inside.state.project import Project
from brinell_inside.state.resources import Resources

MOST_CHANGES = 200
_projects = {}


class Savepoint:
    """The state of this process now, as far as tests are known to leak it.

    ``deep``: look into containers and instances too, not only at names. Never raises. ``cut_off``: what could not be
    remembered, as texts. It holds strong references to what it remembers: a weak reference of the subject may live as
    long as the savepoint does, and reference counts are higher; use it in a process that ends soon.
    """

    def __init__(self, rootdir, deep=True):  # noqa: FBT002
        self.cut_off = []
        self._areas = []
        self._failed = {}
        own, foreign = [], []
        try:
            project = _projects.get(rootdir)
            if project is None:
                project = _projects[rootdir] = Project(rootdir)
            own, foreign = project.split()
        except Exception as error:  # noqa: BLE001 - nothing may fail the subject's run
            self._note("modules", error)
        collecting = gc.isenabled()
        gc.disable()  # our many small copies would start collections of the subject's garbage at moments not its own
        try:
            self._area("attributes", lambda: Attributes.remember(own, deep))
            self._area("patches", lambda: Patched.remember(own, foreign))
        finally:
            if collecting:
                gc.enable()
        self._area("imports", Imports)
        self._area("process", Process)
        self._area("logging", Loggers)
        self._area("resources", Resources)

    def _area(self, name, make):
        try:
            area = make()
        except Exception as error:  # noqa: BLE001 - nothing may fail the subject's run
            self._note(name, error)
            return
        self._areas.append((name, area))
        graph = getattr(area, "graph", None)
        if graph is not None and graph.cut:
            self.cut_off.append("%d objects beyond the %d remembered" % (graph.cut, len(graph.nodes)))

    def _note(self, name, error):
        note = "%s: %s" % (name, type(error).__name__)
        if note not in self.cut_off:
            self.cut_off.append(note)

    def _differences(self):
        for name, area in self._areas:
            try:
                for difference in area.differences():
                    yield difference
            except Exception as error:  # noqa: BLE001 - nothing may fail the subject's run
                self._note(name, error)

    def changes(self):
        """What differs now: at most 200 dicts, strong evidence first (members: ``difference.py``)."""
        found = []
        for difference in self._differences():
            found.append(difference)
            if len(found) >= 5 * MOST_CHANGES:
                break
        found.sort(key=lambda difference: difference.weak)
        return [difference.as_dict() for difference in found[:MOST_CHANGES]]

    def restore(self, roots=None):
        """Put these roots back in place (None: all that can be); gives those that still differ afterwards."""
        wanted = None if roots is None else set(roots)
        done = set()
        for difference in list(self._differences()):
            if (wanted is None or difference.root[:300] in wanted) and difference.undo is not None:
                if difference.root in done:
                    continue
                done.add(difference.root)
                try:
                    difference.undo()
                except Exception as error:  # noqa: BLE001 - told below: it still differs
                    self._note(difference.root, error)
        left = {difference.root[:300]: difference.undo is not None for difference in self._differences()}
        return [root for root in left if (left[root] if wanted is None else root in wanted)]
