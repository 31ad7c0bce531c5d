"""Reports of tests that ran in children, for the plug-ins of the process that forked them: ``--junitxml``, the cache of
``--lf``, report plug-ins, a conftest's own hooks. They hear of every test once, when all have run, in the order of
collection; as under pytest-xdist they have heard of them in the children, too. PYTEST_DONT_REWRITE.

A child writes a line for each test into a file of its own: the id, a tab, and its reports as pytest makes them
serialisable, both in JSON. Which of several children's reports count is the tool's to say.
"""

import json
import os
from contextlib import suppress

import pytest

from brinell_inside.serve.scratch import new_folder, remove

_HOOK = "pytest_runtest_logreport"
_DEAF = ("_pytest.terminal", "_pytest.main", "_pytest.logging", "brinell_inside.")  # print, count for themselves, ours
_FAILURES_ONLY = ("_pytest.cacheprovider", "_pytest.stepwise", "pytest_rerunfailures")


def _hearers(config):
    """The plug-ins that listen to reports, with their modules."""
    found = []
    for plugin in config.pluginmanager.get_plugins():
        module = getattr(plugin, "__name__", None) or type(plugin).__module__
        if hasattr(plugin, _HOOK) and not str(module).startswith(_DEAF):
            found.append((plugin, str(module)))
    return found


class Child:
    """In a child: keeps the reports of its tests in ``path``. Without ``every``: of those that did not simply pass."""

    def __init__(self, config, path, every):
        self._config = config
        self._every = every
        self._pid = os.getpid()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._reports = []
        cache = config.pluginmanager.getplugin("lfplugin")
        self._failed_before = frozenset(getattr(cache, "lastfailed", None) or ())

    def pytest_runtest_logreport(self, report):
        """Keep it."""
        self._reports.append(report)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid):
        """Write them."""
        reports, self._reports = self._reports, []
        with suppress(Exception):  # what cannot be serialised is missed by those who listen, and by nobody else
            if os.getpid() == self._pid and (self._every or nodeid in self._failed_before or _tells(reports)):
                self._write(nodeid, reports)

    def _write(self, nodeid, reports):
        turn = self._config.hook.pytest_report_to_serializable
        told = [turn(config=self._config, report=report) for report in reports]
        line = "%s\t%s\n" % (json.dumps(nodeid), json.dumps(told, default=str))
        data = line.encode("ascii")
        while data:
            data = data[os.write(self._fd, data) :]


def _with_tuples(data):
    """What JSON made lists of, and plug-ins take for tuples."""
    for name in ("location", "longrepr"):
        if isinstance(data.get(name), list):
            data[name] = tuple(data[name])
    for name in ("sections", "user_properties"):
        data[name] = [tuple(pair) for pair in data.get(name) or ()]
    return data


def _tells(reports):
    return any(report.outcome != "passed" for report in reports)


class Relay:
    """In the process that forks."""

    def __init__(self, config, parent):
        hearers = _hearers(config)
        self._config = config
        self._every = any(not module.startswith(_FAILURES_ONLY) for _, module in hearers)
        self._folder = new_folder(parent) if hearers else None

    def child_of(self, job):
        """For the child: who keeps the reports of ``job``; None if nobody is interested."""
        if self._folder is None or not job.get("records"):
            return None
        return Child(self._config, self._path(job["job"]), self._every)

    def _path(self, job):
        return os.path.join(self._folder, "%d.jsonl" % job)

    def tell(self, items, said):
        """Give all reports to who listens. Of ``said``, ``reports`` {job: [number of a test, ...]} are what counts,
        and ``crashed`` {number of a test: text} stand for those that never came.
        """
        if self._folder is None:
            return
        told = {}
        for job, numbers in (said.get("reports") or {}).items():
            counted = {items[number].nodeid for number in numbers}
            told.update((name, (int(job), place)) for name, place in self._places(int(job)) if name in counted)
        crashed = {items[int(number)].nodeid: text for number, text in (said.get("crashed") or {}).items()}
        hear = self._hear()
        for item in items:
            reports = ()
            if item.nodeid in crashed:
                reports = [pytest.TestReport(item.nodeid, item.location, {}, "failed", crashed[item.nodeid], "call")]
            elif item.nodeid in told:
                reports = self._read(*told[item.nodeid])
            for report in reports:
                with suppress(Exception):  # a plug-in's own trouble with one report
                    hear(report=report)

    def _places(self, job):
        """Each test of a job's file, with where its line begins; a torn last line is none."""
        place = 0
        with suppress(OSError), open(self._path(job), "rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    yield json.loads(line.partition(b"\t")[0].decode("ascii")), place
                place += len(line)

    def _read(self, job, place):
        with open(self._path(job), "rb") as lines:
            lines.seek(place)
            told = json.loads(lines.readline().partition(b"\t")[2].decode("ascii"))
        turn = self._config.hook.pytest_report_from_serializable
        return [turn(config=self._config, data=_with_tuples(data)) for data in told]

    def _hear(self):
        manager = self._config.pluginmanager
        heard = {id(plugin) for plugin, _ in _hearers(self._config)}
        others = [plugin for plugin in manager.get_plugins() if hasattr(plugin, _HOOK) and id(plugin) not in heard]
        return manager.subset_hook_caller(_HOOK, others)

    def close(self):
        """Remove the files."""
        if self._folder is not None:
            remove(self._folder)
