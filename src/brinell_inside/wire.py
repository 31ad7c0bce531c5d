r"""The wire: JSON lines, version 1, from the subject's pytest to whoever holds the other end. PYTEST_DONT_REWRITE.

Each line is one JSON object, ASCII, shorter than 256 KiB, with a ``kind``. A reader ignores kinds and keys it does not
know, tolerates a torn last line, and reads until ``done`` or the end of the process (a grandchild that was forked in
unusual ways may hold the descriptor open). One that pauses some 20 ms between reads spares the subject a context
switch per test. Absent key = null. Seconds are floats; ``*_ns`` is CLOCK_MONOTONIC of this machine; paths are absolute
unless said otherwise. Text is the subject's: untrusted, capped, lone surrogates escaped.

``hello`` (first, when the session starts; missing if pytest refused its arguments or had nothing to run: --help)
    v 1 | python "3.11.7" | implementation "CPython" | pytest "9.2.0" | rootdir | inipath | args [str] (as given on
    the command line; ``args_omitted`` counts those beyond 64 KiB) | pid | plugins {distribution: version} |
    executable | prefix, base_prefix | stdlib [dir] | site [dir] (site-packages, dist-packages, user site) | cwd |
    xdist_workers int (0 without xdist)
``no_pytest`` (instead of all else but ``done``) python, executable, prefix, message
``collected`` count, deselected (null under xdist), seconds (collection; under xdist from session start to the first
    worker's end of collection), import_seconds (in test modules: importing them and making their tests; null under
    xdist)
``collect_error`` nodeid, exc, fixture, longrepr. A file or folder that pytest could not collect: one "error" in its
    summary. Or a conftest it needed at once (nodeid is then its absolute path): pytest exits 4 without a summary.
``collect_skip`` nodeid, reason. A module that skipped itself: one "skipped" in pytest's summary.
``start`` id, t_ns, worker. A test (attempt) began; one without a ``test`` was running when everything ended.
``test`` one per attempt, when its teardown is over:
    id (pytest's node id) | path (file that defines the function, relative to rootdir), line (1-based, null: unknown)
    outcome passed | failed | error (setup failed; or teardown did and the call did not) | skipped | xfailed | xpassed
    counted [category]: what pytest's summary counted for this attempt, e.g. ["passed", "error"] for a failing
        teardown, ["rerun"] for an attempt that pytest-rerunfailures repeats; ``counted`` of all ``test`` + 1 error
        per ``collect_error`` + 1 skipped per ``collect_skip`` = ``done.summary`` (but its warnings and deselected)
    phases {"setup" | "call" | "teardown": [seconds, "passed" | "failed" | "skipped"]} by pytest's clock, which tests
        may patch (what cannot be is the whole attempt for the call and 0 for the others); phases that were not
        reached are absent; "crash" among them when an xdist worker died in the test
    markers [name] own and inherited, nearest first, without repeats | worker "gw0" or null
    start_ns | seconds from start to after the teardown, by the recorder's own clock
    attempt 1.. | final false if another attempt follows (pytest-rerunfailures, flaky: then ``counted`` may be empty)
    reason (only of skips and xfails)
    cpu seconds of this process in all phases | starved seconds that its main thread waited for a processor in them |
        fixtures [wall, cpu, starved] seconds of set-ups and teardowns in them (only where one process runs all tests)
    only where a phase failed:
    failed_phase "setup" | "call" | "teardown" | "crash": the first that failed
    exc (below; null if unknown) | fixture null or {name, scope, missing}: the fixture that failed; missing true: there
        is none of this name
    longrepr: pytest's own text, 16 KiB, its head and tail | sections [[title, last 4 KiB]] captured output, at most 6
    also_failed [{phase, exc, fixture, longrepr}] later phases that failed too
    only where there were subtests (pytest 9, pytest-subtests, unittest under either):
    subtests {passed, failed, skipped, failures [{description, exc, fixture, longrepr}] (20)}; a test whose call passed
        while a subtest failed is "failed", whatever pytest counts for the test itself
``warning`` n, message, category, when, nodeid, file, line. The first of its kind, at most 200. Repeats: see ``done``.
``import_time`` module, file (relative to rootdir where below it), by (who imported it first), at_start (while pytest
    loaded itself and its plug-ins), project, modules, seconds (with all that it imported), exclusive_s, cpu_s,
    starved_s. After ``collected``, at most 260: modules of the project, and other top-level packages as a whole. Not
    under xdist.
``fixture_time`` name, scope, file, line, uses, setup_s, teardown_s (both without other fixtures), cpu_s,
    starved_s. At the end, at most 500, dearest first. Not under xdist.
``session_time`` seconds (launch to now), start_s, import_s, collection_s, fixtures_s, setup_s, call_s, teardown_s,
    between_s, end_s (``core/time_records.py`` says what each is), cpu {the same names: processor seconds}, cpu_s,
    children_cpu_s, starved_s (ready to run, no processor; null: not known), starved {by part},
    imports_timed, fixtures_left_out
``internal_error`` text, exc. pytest itself failed (exit code 3).
``recorder_error`` where, exc. Brinell's recorder failed there; the run was not disturbed. At most 20.
``done`` (last; missing if the process was killed) exitstatus (int, null if the process ends by an exception), seconds,
    collected, summary {category: n} from pytest's terminal reporter (own counting if it is switched off), reruns,
    interrupted (what ended the session early), warnings {total, written, repeats {n: further times},
    tests {n: ids} and touched {n: how many}, the first included, of those in several tests; 60,000 characters of ids}

``exc`` is a list, **root cause first, what reached pytest last**; at most 10, and 80 KiB together:
    type (qualified name), module, message (2,048 characters), link (how it led to the *next* entry: "cause" |
    "context", null on the last), frames [{file, function (qualified from Python 3.11), line, text?}] outermost first,
    the first 10 and last 50 (``frames_omitted``), pytest's leading frames left out; ``import_name`` (ImportError: the
    module), ``syntax`` {file, line, text} (SyntaxError), ``children`` [exc] and ``children_count`` (exception groups)
"""

import contextlib
import fcntl
import os
import select

VERSION = 1
MAX_LINE_BYTES = 256 * 1024
_STALL_MS = 10000
_FIRST_HIGH_FD = 512  # out of the way of tests that close 3..255 or expect the lowest number to be free


class Wire:
    """Whole lines to a descriptor; falls silent for good when nobody reads any more, and in forked children.

    ``fd`` becomes this object's: it is moved to a high number and closed on exec. All system calls are bound here, so
    that tests which patch ``os`` do not reach them.
    """

    def __init__(self, fd):
        self._write = os.write
        self._getpid = os.getpid
        self._close = os.close
        self._poll = select.poll
        self._pid = os.getpid()
        self._held = []
        self._fd = _move_away(fd)
        os.register_at_fork(after_in_child=self._forget)

    def hold(self, line):
        """Keep ``line`` until the next ``send``: the end of one test travels with the start of the next."""
        self._held.append(line)

    def send(self, line=""):
        """Write what was held and ``line`` now."""
        held = self._held
        if held:
            held.append(line)
            line = "".join(held)
            held.clear()
        if line and self._fd is not None and self._getpid() == self._pid:
            self._put(line.encode("ascii"))

    def _put(self, data):
        try:
            written = self._write(self._fd, data)
            while written < len(data):
                data = data[written:]
                written = self._write(self._fd, data)
        except BlockingIOError:
            self._put_later(data)
        except (OSError, ValueError):
            self._fd = None

    def _put_later(self, data):
        """Somebody made the pipe non-blocking: wait for room, but not for ever."""
        try:
            waiter = self._poll()
            waiter.register(self._fd, select.POLLOUT)
            while data and waiter.poll(_STALL_MS):
                data = data[self._write(self._fd, data[:4096]) :]
            if data:
                self._fd = None
        except (OSError, ValueError):
            self._fd = None

    def close(self):
        """Send what is held and let go of the descriptor."""
        self.send()
        self._forget()

    def _forget(self):
        fd, self._fd = self._fd, None
        self._held.clear()
        if fd is not None:
            with contextlib.suppress(OSError):
                self._close(fd)


def _move_away(fd):
    for lowest in (_FIRST_HIGH_FD, 128, 3):
        try:
            high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
        except OSError:
            continue
        os.close(fd)
        return high
    return None


def open_wire(fd=None, path=None):
    """A wire on an inherited descriptor, or on the file ``path`` (appended to) where there is none; None if neither."""
    if fd is not None:
        try:
            os.fstat(fd)
        except OSError:
            fd = None
    if fd is None and path is not None:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return None if fd is None else Wire(fd)
