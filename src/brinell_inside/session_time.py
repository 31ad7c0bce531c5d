"""Where a session's wall and processor time goes, by phase. PYTEST_DONT_REWRITE.

Plain hooks before and right after each phase of a test: two readings of two clocks, no wrapper.
"""

import os
import time
from contextlib import suppress

import pytest

from brinell_inside.fixture_time import FixtureClock
from brinell_inside.jsontext import encode

_PHASES = ("setup", "call", "teardown")


class SessionClock:
    """A plugin. ``imports`` is the clock of imports that has run since the launch, None where there is none.

    Moments are pairs of nanoseconds: monotonic, of the processor.
    """

    def __init__(self, imports=None, launched=None):
        self.fixtures = FixtureClock()
        self._imports = imports if imports is not None and imports.installed else None
        self._now = time.monotonic_ns
        self._cpu = time.process_time_ns
        self._moment = (0, 0)
        self._in_fixtures = (0, 0)
        self._taken = (0, 0)
        self._attempt_cpu_ns = 0
        self._phases = {name: [0, 0] for name in _PHASES}
        self._launched = launched or self._read()
        self._collecting = self._collected = self._looped = None
        self._imported = (0, 0)

    def _read(self):
        return self._now(), self._cpu()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self):
        """Start of collection."""
        self._collecting = self._read()
        self._before_collection = self._imports_so_far()

    def collected(self):
        """End of collection, and of the time in which imports are looked at."""
        self._collected = self._read()
        self._imported = self._imports_so_far()
        if self._imports is not None:
            self._imports.remove()

    def _imports_so_far(self):
        return (self._imports.wall_ns, self._imports.cpu_ns) if self._imports is not None else (0, 0)

    # Tests

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self):
        """A phase begins."""
        self._begin()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self):
        """A phase begins."""
        self._begin()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self):
        """A phase begins."""
        self._begin()

    def _begin(self):
        fixtures = self.fixtures
        self._in_fixtures = fixtures.wall_ns, fixtures.cpu_ns
        self._moment = self._now(), self._cpu()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call):
        """A phase is over."""
        spent = self._phases.get(call.when)
        if spent is not None and self._moment[0]:
            fixtures = self.fixtures
            cpu_ns = self._cpu() - self._moment[1]
            spent[0] += self._now() - self._moment[0] - (fixtures.wall_ns - self._in_fixtures[0])
            spent[1] += cpu_ns - (fixtures.cpu_ns - self._in_fixtures[1])
            self._attempt_cpu_ns += cpu_ns
            self._moment = (0, 0)

    def take(self):
        """JSON members on the attempt that ended now: processor seconds, and both clocks in fixtures."""
        fixtures, taken = self.fixtures, self._taken
        self._taken = fixtures.wall_ns, fixtures.cpu_ns
        cpu_ns, self._attempt_cpu_ns = self._attempt_cpu_ns, 0
        return '"cpu":%.6f,"fixtures":[%.6f,%.6f]' % (
            cpu_ns / 1e9, (self._taken[0] - taken[0]) / 1e9, (self._taken[1] - taken[1]) / 1e9,
        )  # fmt: skip

    # The end

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self):
        """The last test is over."""
        self._looped = self._read()
        self._fixtures_in_loop = self.fixtures.wall_ns, self.fixtures.cpu_ns

    def lines(self, rootdir):
        """The wire's lines on fixtures and on the session; "" if the tests were never reached."""
        if self._collecting is None or self._collected is None:
            return ""
        fixtures, left_out = self.fixtures.records(rootdir)
        wall, cpu = (self._split(clock) for clock in (0, 1))
        record = dict({"kind": "session_time"}, **{name + "_s": seconds for name, seconds in wall.items()})
        record.update(
            seconds=(self._now() - self._launched[0]) / 1e9,
            cpu_s=self._cpu() / 1e9,
            cpu=cpu,
            children_cpu_s=_children_cpu_s(),
            starved_s=_starved_s(),
            imports_timed=self._imports is not None,
            fixtures_left_out=left_out,
        )
        return "".join(encode(line) + "\n" for line in [*fixtures, record])

    def _split(self, clock):
        """Seconds by part, of one clock (0 wall, 1 processor)."""
        ended = self._read()
        looped = self._looped or ended
        in_loop = getattr(self, "_fixtures_in_loop", None) or (self.fixtures.wall_ns, self.fixtures.cpu_ns)
        fixtures = (self.fixtures.wall_ns, self.fixtures.cpu_ns)
        phases = {name: self._phases[name][clock] for name in _PHASES}
        before = self._before_collection[clock]
        parts = {
            "start": self._collecting[clock] - self._launched[clock] - before + _at_start(self._imports, clock),
            "import": self._imported[clock] - _at_start(self._imports, clock),
            "collection": self._collected[clock] - self._collecting[clock] - (self._imported[clock] - before),
            "fixtures": fixtures[clock],
            "setup": phases["setup"],
            "call": phases["call"],
            "teardown": phases["teardown"],
            "between": looped[clock] - self._collected[clock] - sum(phases.values()) - in_loop[clock],
            "end": ended[clock] - looped[clock] - (fixtures[clock] - in_loop[clock]),
        }
        return {name: round(max(0, nanoseconds) / 1e9, 6) for name, nanoseconds in parts.items()}

    def import_lines(self, rootdir):
        """The wire's lines on imports."""
        records = self._imports.records(rootdir) if self._imports is not None else ()
        return "".join(encode(record) + "\n" for record in records)


def _at_start(imports, clock):
    """Nanoseconds of imports while pytest loaded itself and its plug-ins."""
    return 0 if imports is None else (imports.start_wall_ns, imports.start_cpu_ns)[clock]


def _children_cpu_s():
    """Of children that were waited for; 0.0 where it cannot be asked."""
    with suppress(Exception):  # tests may have patched what an import needs
        import resource  # noqa: PLC0415 - only now: tests shall not find a module loaded that pytest does not load

        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime
    return 0.0


# Bound here: tests may patch them.
_open, _read, _close, _getpid, _READ_ONLY = os.open, os.read, os.close, os.getpid, os.O_RDONLY


def _starved_s():
    """Seconds the main thread was ready to run and had no processor (Linux's schedstat); None where not told."""
    with suppress(Exception):
        fd = _open("/proc/%d/schedstat" % _getpid(), _READ_ONLY)
        try:
            ran, waited = _read(fd, 200).split()[:2]
        finally:
            _close(fd)
        if int(ran):  # all zeros where the kernel does not count
            return int(waited) / 1e9
    return None
