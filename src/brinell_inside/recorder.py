"""The recorder: pytest's hooks to records on the wire. PYTEST_DONT_REWRITE.

Nothing here may fail the subject's run: every hook catches its own errors and says so on the wire. Hot path per passing
test: six plain hook calls, one format, one write.
"""

import time
from contextlib import suppress

import pytest

from brinell_inside.attempt import Attempt, is_subtest, longrepr_text, marker_names, own_category, skip_reason
from brinell_inside.chain import failure_members
from brinell_inside.jsontext import encode, quote
from brinell_inside.session import Warnings, hello, summary_of

_MAX_OWN_ERRORS = 20
_SLOW_NS = 50_000_000


class Recorder:
    """Records one session of this process on ``wire``. Under xdist the controller uses ``workers.Controller``."""

    def __init__(self, wire, config, clock=None):
        self._wire = wire
        self._clock = clock
        self._config = config
        self._now = time.monotonic_ns  # an attribute: freezegun replaces clocks that are module globals
        self._begun_ns = self._now()
        self._terminal = _reporter(config)
        self._pending = {}
        self._again = {}  # {nodeid: number of its next attempt}, only of tests that are repeated
        self._item = None
        self._own_counts = {}
        self._own_errors = 0
        self._warnings = Warnings()
        self._reruns = 0
        self._collected = None
        self._deselected = 0
        self._collecting_ns = None
        self._import_ns = 0
        self._collect_failure = (None, None)
        self.interrupted = None
        self._finished = False
        self._hello()

    def _hello(self):
        """Say who runs here."""
        self._wire.send(hello(self._config))

    # The session

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self):
        """Whatever is still held goes out before teardown code of plugins can hang."""
        self._guarded("sessionfinish", self._flush_pending)
        self._wire.send()

    def pytest_keyboard_interrupt(self, excinfo):
        """Also called for ``pytest.exit()``."""
        self.interrupted = "%s: %s" % (excinfo.typename, str(excinfo.value)[:500])

    def pytest_internalerror(self, excrepr, excinfo):
        """Write ``internal_error``."""
        self._guarded("internalerror", self._internal_error, excrepr, excinfo)

    def _internal_error(self, excrepr, excinfo):
        text = quote(str(excrepr), 16 * 1024, keep="both")
        members = failure_members(excinfo.value)
        self._wire.send('{"kind":"internal_error","text":%s,%s}\n' % (text, members))

    def finish(self, exitstatus):
        """Write ``done``, once, and let go of the wire."""
        if not self._finished:
            self._finished = True
            self._guarded("finish", self._flush_pending)
            self._guarded("finish", self._times)
            self._guarded("finish", self._done, exitstatus)
            self._wire.close()

    def _times(self):
        if self._clock is not None:
            self._wire.hold(self._clock.lines(str(self._config.rootpath)))

    def _done(self, exitstatus):
        seconds = (self._now() - self._begun_ns) / 1e9
        record = {
            "kind": "done",
            "exitstatus": exitstatus,
            "seconds": round(seconds, 6),
            "collected": self._collected,
            "summary": summary_of(self._terminal, self._own_counts),
            "reruns": self._reruns,
            "interrupted": self.interrupted,
            "warnings": self._warnings.totals(),
        }
        self._wire.hold(encode(record) + "\n")

    # Collection

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self):
        """Start of collection."""
        self._collecting_ns = self._now()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector):
        """Time what test modules cost to import and to make tests of."""
        if not isinstance(collector, pytest.Module) or isinstance(collector, pytest.Package):
            yield
            return
        begun = self._now()
        yield
        self._import_ns += self._now() - begun

    def pytest_deselected(self, items):
        """Count."""
        self._deselected += len(items)

    def pytest_collection_finish(self, session):
        """Write ``collected``."""
        self._guarded("collection_finish", self._write_collected, len(session.items))
        if self._clock is not None:
            self._guarded("collection_finish", self._write_imports)

    def _write_imports(self):
        self._clock.collected()
        self._wire.send(self._clock.import_lines(str(self._config.rootpath)))

    def _write_collected(self, count):
        self._collected = count
        record = {
            "kind": "collected",
            "count": count,
            "deselected": self._deselected,
            "seconds": round((self._now() - (self._collecting_ns or self._begun_ns)) / 1e9, 6),
            "import_seconds": round(self._import_ns / 1e9, 6),
        }
        self._wire.send(encode(record) + "\n")

    @pytest.hookimpl(trylast=True)
    def pytest_collectreport(self, report):
        """Write ``collect_error`` or ``collect_skip``."""
        if report.outcome != "passed":
            self._guarded("collectreport", self._collect_report, report)

    def _collect_report(self, report):
        nodeid = quote(report.nodeid, 16 * 1024)
        if report.outcome == "skipped":
            self._count("skipped")
            reason = quote(skip_reason(report), 2048)
            self._wire.send('{"kind":"collect_skip","nodeid":%s,"reason":%s}\n' % (nodeid, reason))
            return
        self._count("error")
        self.write_collect_error(nodeid, self._collect_members(report), longrepr_text(report))

    def _collect_members(self, report):
        known, members = self._collect_failure
        return members if known is report else '"exc":null,"fixture":null'

    def write_collect_error(self, nodeid_json, members, longrepr):
        """Write ``collect_error``."""
        line = '{"kind":"collect_error","nodeid":%s,%s,"longrepr":%s}\n'
        self._wire.send(line % (nodeid_json, members, quote(longrepr, 16 * 1024, keep="both")))

    # Tests

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        """Remember the item, for its markers."""
        self._item = item

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid, location):
        """Write ``start``, together with the end of the previous test."""
        try:
            if self._pending:
                self._flush_unfinished()
            attempt = self._pending[nodeid] = self._attempt(nodeid, location)
            self._wire.send(attempt.start_line())
        except Exception as error:  # noqa: BLE001 - ours, and never the subject's problem
            self._own_error("logstart", error)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        """Keep the report with its category; after the terminal reporter, which decides both."""
        try:
            attempt = self._pending.get(report.nodeid)
            if attempt is None:
                attempt = self._adopt(report)
            attempt.reports.append(report)
            attempt.counted.append(self._category(report))
        except Exception as error:  # noqa: BLE001 - ours, and never the subject's problem
            self._own_error("logreport", error)

    def _attempt(self, nodeid, location):
        return Attempt(nodeid, location, self._now(), self._again.get(nodeid, 1) if self._again else 1)

    def _adopt(self, report):
        """A report without a start: some plugin speaks for a test that it ran elsewhere."""
        attempt = self._pending[report.nodeid] = self._attempt(report.nodeid, report.location)
        return attempt

    def _category(self, report):
        terminal = self._terminal
        if terminal is None:
            return self._count(own_category(report))
        stats = terminal.stats
        likely = stats.get("passed" if report.when == "call" else "")
        if likely and likely[-1] is report:
            return "passed" if report.when == "call" else ""
        for category, reports in stats.items():
            if reports and reports[-1] is report:
                return category
        return own_category(report)

    def _count(self, category):
        if category:
            self._own_counts[category] = self._own_counts.get(category, 0) + 1
        return category

    def pytest_exception_interact(self, node, call, report):
        """The one hook that has the exception and costs nothing where there is none."""
        self._guarded("exception_interact", self._keep_exception, node, call, report)

    def _keep_exception(self, node, call, report):
        members = failure_members(call.excinfo.value)
        attempt = self._pending.get(node.nodeid)
        if attempt is None:
            self._collect_failure = (report, members)
        elif is_subtest(report) and len(attempt.failures or ()) >= 20:
            return
        else:
            attempt.failures = attempt.failures or []
            attempt.failures.append((report, members))

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid):
        """Make the ``test`` line; it leaves with the next ``start``, at once if the test took long."""
        try:
            attempt = self._pending.pop(nodeid, None)
            if attempt is not None:
                self._emit(nodeid, attempt)
        except Exception as error:  # noqa: BLE001 - ours, and never the subject's problem
            self._own_error("logfinish", error)

    def _emit(self, nodeid, attempt):
        if not attempt.reports:
            return
        item = self._item
        end_ns = self._now()
        markers = marker_names(item) if item is not None and item.nodeid == nodeid else "[]"
        if self._clock is not None:
            attempt.times_json = self._clock.take()
        self._wire.hold(attempt.line(markers, end_ns))
        if attempt.counted != ["", "passed", ""] and attempt.rerun:
            self._again[nodeid] = attempt.number + 1
            self._reruns += 1
        if end_ns - attempt.start_ns > _SLOW_NS:
            self._wire.send()

    def _flush_unfinished(self):
        """Attempts that were torn down but never declared finished: some plugin does not say."""
        for nodeid, attempt in list(self._pending.items()):
            if attempt.reports and attempt.reports[-1].when == "teardown":
                self._emit(nodeid, self._pending.pop(nodeid))

    def _flush_pending(self):
        """At the end: attempts that pytest counted but never finished, because something interrupted them."""
        for nodeid, attempt in list(self._pending.items()):
            if any(attempt.counted):
                self._emit(nodeid, attempt)
        self._pending.clear()

    # The rest

    def pytest_warning_recorded(self, warning_message, when, nodeid):
        """Write the first of each kind."""
        self._guarded("warning_recorded", self._warn, warning_message, when, nodeid)

    def _warn(self, warning_message, when, nodeid):
        self._count("warnings")
        line = self._warnings.line(warning_message, when, nodeid)
        if line:
            self._wire.hold(line)

    def _guarded(self, where, action, *arguments):
        try:
            action(*arguments)
        except Exception as error:  # noqa: BLE001 - ours, and never the subject's problem
            self._own_error(where, error)

    def _own_error(self, where, error):
        self._own_errors += 1
        if self._own_errors <= _MAX_OWN_ERRORS:
            with suppress(Exception):  # there is nobody left to tell
                self._wire.hold('{"kind":"recorder_error","where":"%s",%s}\n' % (where, failure_members(error)))


def _reporter(config):
    """The reporter whose counts are the truth, or None."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    return terminal if hasattr(terminal, "stats") else None
