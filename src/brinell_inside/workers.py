"""The recorder under pytest-xdist: workers send what only they know along with their reports. PYTEST_DONT_REWRITE.

Workers are fresh interpreters that import plugins by name, and this package is on nobody's path. So the code that xdist
runs in a worker gets a preamble that loads this package from its own folder, by file: no folder is added to
``sys.path``, nothing stays in the environment, and it reaches replacements of crashed workers too. If another plugin
replaces that code, or the worker sees no such folder, reports arrive without the extras and are recorded without them.
"""

import inspect
import os
import time
import types
from contextlib import suppress

import pytest

from brinell_inside.attempt import Attempt, marker_names
from brinell_inside.chain import failure_members
from brinell_inside.jsontext import encode, quote
from brinell_inside.recorder import Recorder

_EXTRA = "_brinell"  # attribute that rides on a report: [start_ns, end_ns, markers JSON, failure members JSON]

_NO_EXTRA = (None, None, None, None)
_PREAMBLE = """\
def _brinell(launch):
    import importlib.util, os
    if os.path.isfile(launch):
        spec = importlib.util.spec_from_file_location("_brinell_launch", launch)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.prepare_worker()
try:
    _brinell(%r)
except Exception:
    pass
del _brinell
exec(compile(%r, %r, "exec"), globals())
"""


class Worker:
    """In a worker: attach the extras before xdist's own hook sends the report; errors of ours cost only extras."""

    def __init__(self):
        self._now = time.monotonic_ns
        self._start_ns = 0
        self._item = None
        self._failures = {}
        self._collect_failure = (None, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        """Remember the item, for its markers."""
        self._item = item

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self):
        """A new attempt."""
        self._start_ns = self._now()
        self._failures.clear()

    def pytest_runtest_makereport(self, call):
        """Describe the exception while it is there: the report leaves before any later hook.

        Not ``tryfirst``: pytest's unittest plugin is, and only then puts a TestCase's exception into ``call``.
        """
        self._failures.pop(call.when, None)
        if call.excinfo is not None:
            with suppress(Exception):
                self._failures[call.when] = failure_members(call.excinfo.value)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        """Attach."""
        with suppress(Exception):
            failed = report.outcome not in ("passed", "skipped")
            members = self._failures.get(report.when) if failed else None
            markers = marker_names(self._item) if failed or report.when == "teardown" else None
            setattr(report, _EXTRA, [self._start_ns, self._now(), markers, members])

    def pytest_exception_interact(self, node, call, report):
        """The exception of a collection error."""
        if isinstance(node, pytest.Collector):
            with suppress(Exception):
                self._collect_failure = (report, failure_members(call.excinfo.value))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report):
        """Attach it."""
        known, members = self._collect_failure
        if known is report:
            setattr(report, _EXTRA, [None, None, None, members])


class Controller(Recorder):
    """In the controller: several tests run at once, and what is known about them arrives with their reports."""

    def __init__(self, wire, config, clock=None):
        super().__init__(wire, config, clock)
        self._deselected = None
        self._extra = _NO_EXTRA
        self._speaker = None
        self._ended = {}
        config.pluginmanager.register(_Early(self), "brinell-recorder-early")
        self._listen(config.pluginmanager.getplugin("dsession"))

    def _listen(self, session):
        """Learn from the session's own dispatcher which worker speaks: the hooks do not say."""
        for name in ("worker_logstart", "worker_logfinish"):
            original = getattr(session, name, None)
            if original is not None:
                setattr(session, name, self._announcing(original))

    def _announcing(self, original):
        def announce(node, **arguments):
            self._speaker = getattr(getattr(node, "gateway", None), "id", None)
            try:
                return original(node=node, **arguments)
            finally:
                self._speaker = None

        return announce

    @pytest.hookimpl(hookwrapper=True, optionalhook=True)
    def pytest_xdist_getremotemodule(self):
        """Put our preamble before the code that workers run."""
        outcome = yield
        if outcome.excinfo is not None:
            return
        source = outcome.get_result()
        try:
            outcome.force_result(_with_preamble(source))
        except Exception as error:  # noqa: BLE001 - workers then run without extras
            self._own_error("getremotemodule", error)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids):
        """Write ``collected`` when the first worker is done."""
        if self._collected is None:
            self._guarded("collection_finished", self._write_collected, len(ids))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self):
        """The controller collects nothing: the clock runs from session start."""

    def pytest_collection_finish(self):
        """Nothing was collected here."""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self):
        """Nothing is collected here."""
        yield

    def _write_collected(self, count):
        self._collected = count
        seconds = round((self._now() - self._begun_ns) / 1e9, 6)
        record = {
            "kind": "collected", "count": count, "deselected": None, "seconds": seconds, "import_seconds": None,
        }  # fmt: skip
        self._wire.send(encode(record) + "\n")

    def take_extra(self, report):
        """Before every other hook: what came along, off the report again so that no other plugin meets it."""
        self._extra = report.__dict__.pop(_EXTRA, None) or _NO_EXTRA

    def _collect_members(self, report):
        return self._extra[3] or super()._collect_members(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid, location):
        """Write ``start``."""
        self._guarded("logstart", self._begin, nodeid, location)

    def _begin(self, nodeid, location):
        worker = self._speaker
        attempt = Attempt(nodeid, location, self._now(), self._again.get(nodeid, 1), _worker_json(worker))
        self._pending[worker, nodeid] = attempt
        self._wire.send(attempt.start_line())

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        """Keep the report; a teardown or a crash ends the attempt."""
        self._guarded("logreport", self._report, report)

    def _report(self, report):
        worker = getattr(getattr(getattr(report, "node", None), "gateway", None), "id", None)
        key = (worker, report.nodeid)
        attempt = self._pending.get(key) or self._pending.pop((None, report.nodeid), None)
        if attempt is None:
            number = self._again.get(report.nodeid, 1)
            attempt = Attempt(report.nodeid, report.location, self._now(), number, _worker_json(worker))
        self._pending[key] = attempt
        attempt.worker_json = _worker_json(worker)
        start_ns, end_ns, markers, members = self._extra
        if start_ns:
            attempt.start_ns = start_ns
        if members:
            attempt.failures = [*(attempt.failures or ()), (report, members)]
        if markers:
            self._ended[key] = (markers, end_ns)
        attempt.reports.append(report)
        attempt.counted.append(self._category(report))
        if report.when not in ("setup", "call"):
            self._end(key)

    def pytest_exception_interact(self):
        """Exceptions happen in workers."""

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid):
        """End attempts whose teardown was not reported (older pytest-rerunfailures)."""
        self._guarded("logfinish", self._end, (self._speaker, nodeid))

    def _end(self, key):
        attempt = self._pending.pop(key, None)
        if attempt is None or not attempt.reports:
            return
        markers, end_ns = self._ended.pop(key, ("[]", self._now()))
        self._wire.send(attempt.line(markers, end_ns))
        if attempt.rerun:
            self._again[key[1]] = attempt.number + 1
            self._reruns += 1

    def _flush_unfinished(self):
        """Several tests are unfinished at any time here."""

    def _flush_pending(self):
        for key, attempt in list(self._pending.items()):
            if any(attempt.counted):
                self._end(key)
        self._pending.clear()


class _Early:
    """Takes the extras off reports before any other plugin's hook sees them."""

    def __init__(self, controller):
        self._controller = controller

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        self._controller.take_extra(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report):
        self._controller.take_extra(report)


def _worker_json(worker):
    return "null" if worker is None else quote(str(worker), 256)


def _with_preamble(source):
    launch = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")
    if isinstance(source, types.ModuleType):
        return _PREAMBLE % (launch, inspect.getsource(source), inspect.getsourcefile(source))
    if isinstance(source, str):
        return _PREAMBLE % (launch, source, "<remote>")
    return source
