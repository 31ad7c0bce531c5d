"""The fork server before collection: each child collects some files only, then does its jobs. PYTEST_DONT_REWRITE.

A server that has collected everything has the import-time state of every module in place. This one stands where pytest
would collect, with plug-ins and the first conftests loaded, and nothing else: a child collects what its job names,
through pytest's own collection, and becomes a fork server itself, for the jobs inside.
"""

import gc
import os
import sys
import traceback
from contextlib import suppress

import pytest

from brinell_inside.jsontext import encode
from brinell_inside.serve.child import own_streams, run_here
from brinell_inside.serve.coverage_data import stop_coverage
from brinell_inside.serve.forkable import adopt_orphans, why_not
from brinell_inside.serve.project_files import ProjectFiles
from brinell_inside.serve.scratch import move_in
from brinell_inside.serve.server import Server
from brinell_inside.serve.settle import settle
from brinell_inside.serve.worker import draw_anew
from brinell_inside.wire import Wire

_PATHS_PER_LINE = 200


class _BornError(BaseException):
    """Raised in a child, through the server's loop, back to where pytest collects."""

    def __init__(self, job, slot, scratch):
        super().__init__()
        self.job, self.slot, self.scratch = job, slot, scratch


class EarlyServer(Server):
    """Forks before anything is collected. A job has ``collect`` and, inside, the ``jobs`` to be done then."""

    def serve(self, session):
        """Stand where pytest collects. Returns None in the server, once it is told to quit; else this is a child."""
        settle(session.config)
        reason = why_not()
        heard = _Heard(session.config)
        session.config.pluginmanager.register(heard, "brinell-heard")  # hears of what is registered, too
        session.config.pluginmanager.unregister(heard)
        ready = {"kind": "ready", "forkable": not reason, "why": reason, "stops": False, "conftests": heard.paths}
        self._wire.send(encode(ready, 16384) + "\n")
        if reason:
            return None
        adopt_orphans()
        self._files = ProjectFiles(str(session.config.rootpath), self._scratch)
        gc.collect()
        gc.freeze()
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        born = None
        try:
            self._loop(session)
        except _BornError as one:
            born = one
        finally:
            if born is None:
                self._end()
        return born

    def _end(self):
        for running in list(self._running.values()):
            self._kill(running, "killed")
            self._reap(running, os.waitpid(running.pid, 0)[1])
        self._end_orphans()
        self._files.close()

    def _be_child(self, session, job, slot, scratch):  # noqa: ARG002 - the base class wants a session
        os.setpgid(0, 0)
        os.close(self._control)
        for other in self._slots:
            if other is not slot:
                os.close(other.wire)
                os.close(other.out)
        for running in self._running.values():
            if running.pidfd is not None:
                os.close(running.pidfd)
        self._running.clear()
        gc.unfreeze()
        raise _BornError(job, slot, scratch)


class _Silent:
    """A main wire that nobody reads."""

    def send(self, text=""):
        """Nothing."""


class _Inside(Server):
    """In a child that has collected: its jobs, one after the other."""

    def _loop(self, session):
        self._open = False
        while self._queue:
            self._start_jobs(session)
            super()._loop(session)

    def take(self, jobs):
        """Queue these."""
        self._queue.extend(jobs)


class _Heard:
    """What was collected, in pytest's order, and what could not be."""

    def __init__(self, config):
        self._root = str(config.rootpath)
        self.paths = []
        self.errors = []
        self._failure = (None, None)

    def _add(self, path):
        path = os.path.relpath(str(path), self._root).replace(os.sep, "/")
        if path not in self.paths:
            self.paths.append(path)

    def pytest_plugin_registered(self, plugin):
        """A conftest was loaded."""
        path = getattr(plugin, "__file__", None)
        if isinstance(path, str) and os.path.basename(path) == "conftest.py":
            self._add(path)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectstart(self, collector):
        """A file is collected; a folder's own node is none."""
        path = getattr(collector, "path", None) or getattr(collector, "fspath", None)
        if path is not None and isinstance(collector, pytest.File) and os.path.isfile(str(path)):
            self._add(path)

    def pytest_exception_interact(self, call, report):
        """The exception behind an error, while it is there."""
        self._failure = (report, call.excinfo.value)

    @pytest.hookimpl(trylast=True)
    def pytest_collectreport(self, report):
        """What could not be collected."""
        if report.failed:
            known, error = self._failure
            self.errors.append((report.nodeid, _said(error if known is report else None, report)))


def _said(error, report):
    text = ""
    with suppress(Exception):
        text = str(error) if error is not None else str(report.longrepr)
    cause = getattr(error, "__cause__", None)  # pytest's CollectError wraps what an import raised
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if cause is not None:
        with suppress(Exception):
            return "%s: %s" % (type(cause).__name__, cause)
    return lines[-1].lstrip("E ") if lines else "could not be collected"


class EarlyChild:
    """A child from its birth to its end: collects, then serves the jobs inside."""

    def __init__(self, session, born, launch):
        self._session = session
        self._job, self._slot, self._scratch = born.job, born.slot, born.scratch
        config = session.config
        launch.wire = launch.recorder = None  # the server's
        config.pluginmanager.unregister(name="brinell-recorder")
        config.pluginmanager.unregister(name="brinell-recorder-early")
        own_streams(config, os.dup(self._slot.out))
        stop_coverage()
        move_in(config, self._scratch)
        draw_anew()  # as in a process of its own
        self._heard = _Heard(config)
        self._trouble = ""

    def collect(self):
        """Collect what the job names, as if it stood on the command line; None: whatever pytest would."""
        session, named = self._session, self._job.get("collect")
        config = session.config
        session.items = []
        if named is not None:
            root = str(config.rootpath)
            config.args = [os.path.join(root, path) for path in named]
        config.pluginmanager.register(self._heard, "brinell-heard")
        del self._heard.paths[:]  # the conftests that every child has
        if named is None or named:
            try:
                session.perform_collect()
            except BaseException as error:  # noqa: BLE001 - a module may do anything when it is imported
                self._trouble = "".join(traceback.format_exception(type(error), error, error.__traceback__))[-4000:]
        config.pluginmanager.unregister(self._heard)
        return session.items

    def run(self):
        """Say what was collected and do the jobs; never returns."""
        try:
            self._tell()
            self._serve()
        finally:
            os._exit(0)

    def _tell(self):
        self._slot.say({"kind": "group", "job": self._job["job"]})
        if self._trouble:
            self._slot.say({"kind": "error", "where": "collect", "text": self._trouble})
        paths = self._heard.paths
        for first in range(0, len(paths), _PATHS_PER_LINE):
            self._slot.say({"kind": "collected", "paths": paths[first : first + _PATHS_PER_LINE]})
        for nodeid, text in self._heard.errors:
            self._slot.say({"kind": "uncollected", "nodeid": nodeid, "text": text[:600]})

    def _serve(self):
        jobs = self._job.get("jobs") or []
        if why_not():  # what was collected has started a thread: the first job is done here, others have to come again
            wire = Wire(os.dup(self._slot.wire))
            for job in jobs[:1]:
                run_here(self._session, job, wire, self._scratch)
                self._slot.say({"kind": "end", "job": job["job"], "how": "exit", "status": 0, "seconds": 0.0})
            for job in jobs[1:]:
                self._slot.say({"kind": "end", "job": job["job"], "how": "fork", "status": None, "seconds": 0.0})
            return
        nothing = os.open(os.devnull, os.O_RDONLY)
        inside = _Inside(_Silent(), nothing, [(self._slot.wire, self._slot.out)], self._scratch)
        inside.take(jobs)
        inside.serve(self._session)


def serve_early(launch, session):
    """Stand for ``session.perform_collect``: the server's whole life, or the beginning of a child's."""
    wire, (control, slots, scratch, _) = launch.wire, launch.serve
    born = EarlyServer(wire, control, slots, scratch).serve(session)
    del session.perform_collect
    if born is None:
        session.items = []
        return session.items
    launch.child = EarlyChild(session, born, launch)
    return launch.child.collect()
