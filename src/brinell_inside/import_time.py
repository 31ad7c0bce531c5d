"""What imports cost, from the launch to the end of collection. PYTEST_DONT_REWRITE.

``importlib`` looks up its own step ``_find_and_load_unlocked`` by name for each module that is not loaded yet: there
the clock stands, one more call per module, no finder, no loader and nothing of the modules is changed. Its frame
bears importlib's file name, so that it is taken out of tracebacks as importlib's own frames are. Where that step is
missing (another implementation of Python), nothing is timed. Only the main thread's imports are.
"""

import os
import sys
import threading
import time
from contextlib import suppress

from brinell_inside.run_queue import RunQueue

_STEP = "_find_and_load_unlocked"
_MOST_PROJECT = 200
_MOST_PACKAGES = 60
_LEAST_S = 0.0005


class ImportClock:
    """Times imports between ``install`` and ``remove``; ``wall_ns`` and ``cpu_ns`` are of all of them so far."""

    def __init__(self):
        self.installed = False
        self.queue = RunQueue()
        self.queue_ns = self.queue()  # when this clock began, which is a moment after the launch
        self.starved_ns = 0
        self.start_starved_ns = 0
        self.wall_ns = 0
        self.cpu_ns = 0
        self.starting = True  # until the project's own code may run
        self.start_wall_ns = self.start_cpu_ns = 0  # of imports until then
        self._modules = []  # (name, by, at start, wall ns, own wall ns, own cpu ns, own starved ns), as they ended
        self._stack = []  # of those under way: [name, by, three clocks when it began, the same three spent within]
        self._original = None
        self._hook = None
        self._now = time.monotonic_ns
        self._cpu = time.process_time_ns

    def install(self):
        """Begin."""
        bootstrap = sys.modules.get("_frozen_importlib")
        self._original = getattr(bootstrap, _STEP, None)
        if self._original is None or self.installed:
            return
        with suppress(AttributeError, TypeError, ValueError):
            setattr(bootstrap, _STEP, self._timed(self._original))
            self.installed = True

    def watch(self, hook):
        """Time what pytest's assertion rewriting loads without importlib's steps (``--import-mode=importlib``)."""
        execute = getattr(hook, "exec_module", None)
        if self.installed and execute is not None and hasattr(hook, "__dict__"):

            def exec_module(module):
                if self._stack and self._stack[-1][0] == module.__name__:
                    return execute(module)
                self._begin(module.__name__)
                try:
                    return execute(module)
                finally:
                    self._end()

            _seen_as(exec_module, execute)
            hook.exec_module = exec_module
            self._hook = hook

    def pytest_is_loaded(self):
        """From here on imports are the project's."""
        self.starting = False
        self.start_wall_ns, self.start_cpu_ns = self.wall_ns, self.cpu_ns
        self.start_starved_ns = self.starved_ns

    def remove(self):
        """End; whoever put something in our place meanwhile keeps it, and what he calls passes through."""
        bootstrap = sys.modules.get("_frozen_importlib")
        if self.installed and getattr(getattr(bootstrap, _STEP, None), "__brinell__", None) is self:
            setattr(bootstrap, _STEP, self._original)
        self.installed = False
        if self._hook is not None:
            self._hook.__dict__.pop("exec_module", None)
            self._hook = None

    def _timed(self, original):
        main, ident = threading.get_ident(), threading.get_ident
        begin, end, clock = self._begin, self._end, self

        def find_and_load(name, import_):
            if not clock.installed or ident() != main:
                return original(name, import_)
            begin(name)
            try:
                return original(name, import_)
            finally:
                end()

        _seen_as(find_and_load, original)
        find_and_load.__brinell__ = self
        return find_and_load

    def _begin(self, name):
        by = ""
        for entry in reversed(self._stack):
            if not entry[0].startswith(name + "."):  # the parent of a.b is imported for the one who wants a.b
                by = entry[0]
                break
        self._stack.append([name, by, self._now(), self._cpu(), self.queue(), 0, 0, 0])

    def _end(self):
        name, by, begun_ns, begun_cpu_ns, begun_starved_ns, within_ns, within_cpu_ns, within_starved_ns = (
            self._stack.pop()
        )
        wall_ns, cpu_ns, starved_ns = (
            self._now() - begun_ns,
            self._cpu() - begun_cpu_ns,
            self.queue() - begun_starved_ns,
        )
        own = (wall_ns - within_ns, cpu_ns - within_cpu_ns, starved_ns - within_starved_ns)
        self._modules.append((name, by, self.starting, wall_ns, *own))
        if self._stack:
            self._stack[-1][5] += wall_ns
            self._stack[-1][6] += cpu_ns
            self._stack[-1][7] += starved_ns
        else:
            self.wall_ns += wall_ns
            self.cpu_ns += cpu_ns
            self.starved_ns += starved_ns

    def records(self, rootdir):
        """Dicts for the wire, dearest first: modules of the project, and other top-level packages as a whole."""
        project, packages = [], {}
        for name, by, at_start, *spent_ns in self._modules:
            path = _file_of(name)
            if _of_project(path):
                project.append(_record(name, shown(path, rootdir), by, at_start, spent_ns, project=True))
                continue
            top = name.partition(".")[0]
            if top == __name__.partition(".")[0]:
                continue
            known = packages.get(top)
            if known is None:
                known = packages[top] = _record(top, "", by, at_start, (0, 0, 0, 0), project=False)
                known["modules"] = 0
            if name == top:
                known.update(file=shown(path, rootdir), by=by, seconds=spent_ns[0] / 1e9)
            known["modules"] += 1
            known["exclusive_s"] += spent_ns[1] / 1e9
            known["cpu_s"] += spent_ns[2] / 1e9
            known["starved_s"] += spent_ns[3] / 1e9
        return _dearest(project, _MOST_PROJECT, 0.0) + _dearest(packages.values(), _MOST_PACKAGES, _LEAST_S)


def _seen_as(ours, original):
    """Give the frames of ``ours`` the file name of what it stands before: whoever hides those hides these."""
    code = getattr(getattr(original, "__func__", original), "__code__", None)
    if code is not None:
        ours.__code__ = ours.__code__.replace(co_filename=code.co_filename)


def _record(name, path, by, at_start, spent_ns, *, project):
    wall_ns, own_ns, cpu_ns, starved_ns = spent_ns
    return {
        "kind": "import_time", "module": name, "file": path, "by": by, "at_start": at_start, "project": project,
        "modules": 1, "seconds": wall_ns / 1e9, "exclusive_s": own_ns / 1e9, "cpu_s": cpu_ns / 1e9,
        "starved_s": starved_ns / 1e9,
    }  # fmt: skip


def _dearest(records, most, least_s):
    worth = [record for record in records if max(record["exclusive_s"], record["seconds"]) >= least_s]
    worth.sort(key=lambda record: (-max(record["exclusive_s"], record["seconds"]), record["module"]))
    return worth[:most]


def _file_of(name):
    spec = getattr(sys.modules.get(name), "__spec__", None)
    origin = getattr(spec, "origin", None)
    return origin if isinstance(origin, str) else ""


_STDLIB = tuple({os.path.dirname(os.__file__) + os.sep, os.path.dirname(os.path.realpath(os.__file__)) + os.sep})
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _of_project(path):
    if not os.path.isabs(path) or path.startswith((*_STDLIB, _OURS)):
        return False
    return not {"site-packages", "dist-packages"} & set(path.split(os.sep))


def shown(path, rootdir):
    """``path`` relative to ``rootdir`` where it lies below."""
    prefix = rootdir.rstrip(os.sep) + os.sep
    if not path.startswith(prefix):
        return path
    return path[len(prefix) :]
