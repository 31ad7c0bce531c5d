"""What a child hears of its tests, and what it says of them. PYTEST_DONT_REWRITE."""

import time
from contextlib import suppress

import pytest

from brinell_inside.attempt import Attempt, is_subtest, own_category
from brinell_inside.jsontext import quote
from brinell_inside.recorder import Recorder

_FAILED = ("failed", "error")


class Listener:
    """Short lines: ``begin`` and ``ran``. One child runs thousands of tests, and the tool wants to know who failed."""

    def __init__(self, wire, config):
        self._wire = wire
        self._config = config
        self._now = time.monotonic
        self.number = None
        self._begun = 0.0
        self._outcome = "passed"
        self._failure = None
        self._phase = None

    def begin(self):
        """Listen, and mute what prints."""
        _mute(self._config.pluginmanager)
        self._config.pluginmanager.register(self, "brinell-listener")

    def end(self):
        """Say what is held."""
        self._wire.send()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self):
        """A test begins; said at once, for it may never end."""
        self._begun = self._now()
        self._outcome, self._failure, self._phase = "passed", None, None
        self._wire.send('{"kind":"begin","i":%d}\n' % self.number)

    def pytest_runtest_makereport(self, call):
        """The exception, while it is there."""
        if call.excinfo is not None and self._failure is None:
            with suppress(Exception):
                self._failure = (type(call.excinfo.value).__qualname__, str(call.excinfo.value))

    def pytest_runtest_logreport(self, report):
        """The worst of the phases is the outcome; of several failures the first speaks."""
        category = own_category(report)
        if category in _FAILED or report.outcome == "failed":
            if self._outcome not in _FAILED:
                self._outcome = category or "failed"
                self._phase = report.when
        elif category and self._outcome not in _FAILED:
            self._outcome = category

    def pytest_runtest_logfinish(self):
        """``ran``; it leaves with the next ``begin``."""
        failure = ""
        if self._outcome in _FAILED:
            kind, message = self._failure or ("", "")
            failure = ',"p":%s,"t":%s,"m":%s' % (
                quote(self._phase or "", 40), quote(kind, 200), quote(message, 600),
            )  # fmt: skip
        elif self._outcome in ("xfailed", "skipped"):
            self._failure = None
        seconds = self._now() - self._begun
        line = '{"kind":"ran","i":%d,"o":"%s","s":%.6f%s}\n' % (self.number, self._outcome, max(seconds, 0), failure)
        self._wire.hold(line)


def _mute(manager):
    terminal = manager.getplugin("terminalreporter")
    if terminal is not None:
        with suppress(Exception):  # a reporter of another kind prints, into a pipe that nobody shows
            manager.unregister(terminal)
            manager.register(_Silent(terminal), "terminalreporter")  # plug-ins ask for it by name


def _plain_categories(config):
    """Whether a phase that passed has the category that pytest gives it: no plug-in has a word of its own."""
    known = ("_pytest.", "pytest_rerunfailures", "pytest_subtests", "xdist.", "pytest_randomly", "pytest_cov")
    hook = config.hook.pytest_report_teststatus
    return all(impl.function.__module__.startswith(known) for impl in hook.get_hookimpls())


class _Silent:
    """Stands for the terminal reporter: has its attributes and none of its hooks."""

    def __init__(self, terminal):
        self.__dict__["_terminal"] = terminal

    def __getattr__(self, name):
        if name.startswith("pytest_"):
            raise AttributeError(name)
        return getattr(self.__dict__["_terminal"], name)


class RecordsListener(Recorder):
    """Full records, for the run whose outcomes count. pytest's own words about failures end up in the output.

    The terminal reporter is muted, for its letters cost as much as a short test does: what it would count is asked of
    the hook that it asks itself.
    """

    def __init__(self, wire, config, worker):
        self.number = None
        self._worker_json = quote(worker, 100) if worker else "null"
        super().__init__(wire, config)
        self._printer, self._terminal = self._terminal, None
        self._plain = _plain_categories(config)
        self._with_parts = None  # the last test that had subtests: asked what it is, the hook may make it a failure

    def _hello(self):
        """The server has said it."""

    def begin(self):
        """Listen."""
        manager = self._config.pluginmanager
        manager.unregister(name="brinell-recorder")
        manager.register(self, "brinell-recorder")
        _mute(manager)
        if self._printer is not None:
            self._printer.stats.clear()  # what the collection gave is the server's to tell

    def pytest_keyboard_interrupt(self, excinfo):
        """Only the server's own end is the session's."""

    def _category(self, report):
        if is_subtest(report):
            self._with_parts = report.nodeid
        elif self._plain and report.outcome == "passed" and not hasattr(report, "wasxfail"):
            if report.when != "call":
                return ""
            if report.nodeid != self._with_parts:
                return self._count("passed")
        category = self._config.hook.pytest_report_teststatus(report=report, config=self._config)[0]
        if self._printer is not None and category:
            self._printer.stats.setdefault(category, []).append(report)
        return self._count(category) if getattr(report, "count_towards_summary", True) else category

    def _attempt(self, nodeid, location):
        number = self._again.get(nodeid, 1) if self._again else 1
        return Attempt(nodeid, location, self._now(), number, self._worker_json)

    def end(self):
        """Say what is held, with the warnings' repeats and pytest's own words about failures."""
        self._guarded("finish", self._flush_pending)
        with suppress(Exception):
            self._printer.summary_errors()
            self._printer.summary_failures()
            self._printer.flush()
        self._guarded("finish", self._done, None)
        self._wire.send()
