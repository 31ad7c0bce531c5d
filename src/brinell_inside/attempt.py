"""One attempt at one test: what pytest reported about it, and the ``test`` line made of that. PYTEST_DONT_REWRITE."""

from brinell_inside.jsontext import encode, encode_within, quote

_ID_BYTES = 16 * 1024
_LONGREPR_BYTES = 16 * 1024
_SECTION_BYTES = 4 * 1024
_MAX_SUBTEST_FAILURES = 20
_MAX_FURTHER_BYTES = 24 * 1024  # a line holds one failure in full (80 KiB of exceptions) and others as far as they fit

# A test that passed is one format and no dict: this is the path that ten thousand tests take.
_PASSED = (
    '{"kind":"test",%s,"outcome":"passed","counted":["passed"],"phases":{"setup":[%.6f,"passed"],'
    '"call":[%.6f,"passed"],"teardown":[%.6f,"passed"]},"markers":%s,"worker":%s,"start_ns":%d,'
    '"seconds":%.6f,"attempt":%d,"final":true}\n'
)
_CLOCK_SLACK_S = 0.05  # between pytest's clock and the recorder's
_UNKNOWN_FAILURE = '"exc":null,"fixture":null'


class Attempt:
    """Reports of one attempt with the category that pytest's summary gave to each ("" = none)."""

    __slots__ = (
        "counted", "failures", "id_json", "location", "number", "reports", "start_ns",
        "times_json", "worker_json",
    )  # fmt: skip

    def __init__(self, nodeid, location, start_ns, number=1, worker_json="null"):
        self.id_json = quote(nodeid, _ID_BYTES)
        self.location = location
        self.start_ns = start_ns
        self.number = number
        self.worker_json = worker_json
        self.reports = []
        self.counted = []
        self.times_json = ""
        self.failures = None  # [(report, JSON members)] once something failed

    def start_line(self):
        """The ``start`` line of this attempt."""
        return '{"kind":"start","id":%s,"t_ns":%d,"worker":%s}\n' % (self.id_json, self.start_ns, self.worker_json)

    def line(self, markers_json, end_ns):
        """The ``test`` line of this attempt, which was over at ``end_ns``."""
        seconds = (end_ns - self.start_ns) / 1e9
        where = '"id":%s,%s' % (self.id_json, _place(self.location))
        if self.times_json:
            where = where + "," + self.times_json
        if self.counted == ["", "passed", ""]:
            setup, call, teardown = (report.duration for report in self.reports)
            if setup >= 0 and call >= 0 and teardown >= 0 and setup + call + teardown <= seconds + _CLOCK_SLACK_S:
                return _PASSED % (
                    where, setup, call, teardown, markers_json, self.worker_json, self.start_ns, seconds, self.number,
                )  # fmt: skip
        return self._full_line(where, markers_json, seconds)

    @property
    def rerun(self):
        """Whether a plugin (pytest-rerunfailures and its like) will try this test again."""
        return any(report.outcome not in _OUTCOMES for report in self.reports) or bool(self._withheld())

    def _withheld(self):
        """A failed call that was never reported, while setup and teardown were: how the plugin flaky repeats tests."""
        if any(self.counted) or any(report.when not in ("setup", "teardown") for report in self.reports):
            return []
        return [report for report, _ in self.failures or () if report.when == "call"][:1]

    def _full_line(self, where, markers_json, seconds):
        main = [report for report in self.reports if not is_subtest(report)] + self._withheld()
        subs = [report for report in self.reports if is_subtest(report)]
        outcome = _outcome(main, subs)
        members = [
            where,
            '"outcome":"%s"' % outcome,
            '"counted":%s' % encode([category for category in self.counted if category]),
            '"phases":%s' % encode({_phase(r): [_phase_seconds(r, seconds), _phase_outcome(r)] for r in main}),
            '"markers":%s,"worker":%s,"start_ns":%d' % (markers_json, self.worker_json, self.start_ns),
            '"seconds":%.6f' % seconds,
            '"attempt":%d,"final":%s' % (self.number, "false" if self.rerun else "true"),
        ]
        reason = _reason(main)
        if reason is not None:
            members.append('"reason":%s' % quote(reason, 2048))
        members.extend(self._failure_parts(main))
        if subs:
            members.append('"subtests":%s' % self._subtests(subs))
        return '{"kind":"test",' + ",".join(members) + "}\n"

    def _failure_parts(self, main):
        failed = [report for report in main if _phase_outcome(report) == "failed"]
        if not failed:
            return
        first = failed[0]
        yield '"failed_phase":"%s"' % _phase(first)
        yield self._failure(first)
        yield '"sections":[%s]' % ",".join(_sections(first))
        if failed[1:]:
            others = (
                '{"phase":"%s",%s}' % (_phase(report), self._failure(report, 4096, _MAX_FURTHER_BYTES))
                for report in failed[1:3]
            )
            yield '"also_failed":[%s]' % ",".join(others)

    def _failure(self, report, longrepr_bytes=_LONGREPR_BYTES, room=_LONGREPR_BYTES * 8):
        known = _UNKNOWN_FAILURE
        for candidate, members in self.failures or ():
            if candidate is report and len(members) <= room:
                known = members
        return '%s,"longrepr":%s' % (known, quote(longrepr_text(report), longrepr_bytes, keep="both"))

    def _subtests(self, subs):
        counts = {outcome: sum(report.outcome == outcome for report in subs) for outcome in _OUTCOMES}
        failures = []
        room = 2 * _MAX_FURTHER_BYTES
        for report in [report for report in subs if report.outcome == "failed"][:_MAX_SUBTEST_FAILURES]:
            description = quote(_description(report), 512)
            entry = '{"description":%s,%s}' % (description, self._failure(report, 2048, room))
            if len(entry) > room:
                entry = '{"description":%s,%s,"longrepr":null}' % (description, _UNKNOWN_FAILURE)
            room -= len(entry)
            failures.append(entry)
        return '{"passed":%d,"failed":%d,"skipped":%d,"failures":[%s]}' % (
            counts["passed"], counts["failed"], counts["skipped"], ",".join(failures),
        )  # fmt: skip


_OUTCOMES = ("passed", "failed", "skipped")
_places = {}  # {location's file: its JSON}; as many entries as the suite has files


def _place(location):
    path, line = location[0], location[1]
    path_json = _places.get(path)
    if path_json is None:
        path_json = _places[path] = quote(str(path), 4096)
    return '"path":%s,"line":%s' % (path_json, "null" if line is None else line + 1)


def is_subtest(report):
    """Whether this report is about a part of a test (pytest 9 or pytest-subtests)."""
    return type(report).__name__.lower() == "subtestreport"


def _phase_seconds(report, window_s):
    """The duration that pytest says, where its clock can be believed: a test that moves time moves that, too.

    Otherwise the most it can have been, which is the whole attempt for the phase that ran the test.
    """
    if 0 <= report.duration <= window_s + _CLOCK_SLACK_S:
        return round(report.duration, 6)
    return round(window_s, 6) if report.when == "call" else 0.0


def _phase(report):
    return report.when if report.when in ("setup", "call", "teardown") else "crash"


def _phase_outcome(report):
    return report.outcome if report.outcome in _OUTCOMES else "failed"


def _outcome(main, subs):
    """The word for the whole attempt; where it counts two (passed and error), the worse one."""
    phases = {_phase(report): report for report in main}
    failed = {name for name, report in phases.items() if _phase_outcome(report) == "failed"}
    if failed & {"call", "crash"} or any(report.outcome == "failed" for report in subs):
        return "failed"
    if failed:
        return "error"
    for report in main:
        if hasattr(report, "wasxfail"):
            return "xfailed" if report.outcome == "skipped" else "xpassed"
        if report.outcome == "skipped":
            return "skipped"
    return "passed"


def own_category(report):
    """The category pytest's terminal reporter would have counted (used where that reporter is switched off)."""
    if is_subtest(report):
        return "failed" if report.outcome == "failed" else ""
    if hasattr(report, "wasxfail") and report.outcome != "failed":
        return "xfailed" if report.outcome == "skipped" else "xpassed"
    if report.when in ("setup", "teardown"):
        return {"passed": "", "failed": "error"}.get(report.outcome, report.outcome)
    return report.outcome


def _reason(main):
    for report in main:
        if hasattr(report, "wasxfail"):
            text = str(report.wasxfail)
            return _without(text, "reason: ")
        if report.outcome == "skipped":
            return skip_reason(report)
    return None


def skip_reason(report):
    """Why pytest says it skipped, without its "Skipped: " in front."""
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) and len(longrepr) == 3 else str(longrepr or "")
    return _without(text, "Skipped: ")


def _without(text, prefix):
    # ruff: noqa: FURB188 - str.removeprefix came with Python 3.9
    return text[len(prefix) :] if text.startswith(prefix) else text


def longrepr_text(report):
    """The text that pytest made of a failure ("" if it has none or fails to make it)."""
    try:
        return report.longreprtext
    except Exception:  # noqa: BLE001 - representations come from the subject's plugins
        return ""


def _sections(report):
    for title, text in list(report.sections)[-6:]:
        if text:
            yield "[%s,%s]" % (quote(str(title), 256), quote(str(text), _SECTION_BYTES, keep="tail"))


def _description(report):
    try:
        return str(report._sub_test_description())  # noqa: SLF001 - the only text that pytest gives a subtest
    except Exception:  # noqa: BLE001 - or a plugin's report without one
        return str(getattr(report, "context", ""))


def marker_names(item):
    """JSON array of the names of the item's own and inherited markers, nearest first, without repeats."""
    names = list(dict.fromkeys(marker.name for marker in item.iter_markers()))
    return encode_within(names, 8192, cap_bytes=200)[0] if names else "[]"
