"""Where a session's wall and processor time goes, by phase. PYTEST_DONT_REWRITE.

Plain hooks before and right after each phase of a test: two readings of two clocks, no wrapper.
"""

import time
from contextlib import suppress

import pytest

from brinell_inside.fixture_time import FixtureClock
from brinell_inside.jsontext import encode
from brinell_inside.run_queue import RunQueue

_PHASES = ("setup", "call", "teardown")
_NOTHING = (0, 0, 0)


class SessionClock:
    """A plugin. ``imports`` is the clock of imports that has run since the launch, None where there is none.

    Moments are nanoseconds by three clocks: monotonic, of the processor, waiting for a processor.
    """

    def __init__(self, imports=None, launched=None):
        self._imports = imports if imports is not None and imports.installed else None
        self._queue = imports.queue if imports is not None else RunQueue()
        self.fixtures = FixtureClock(self._queue)
        self._now = time.monotonic_ns
        self._cpu = time.process_time_ns
        self._moment = self._in_fixtures = self._taken = self._imported = _NOTHING
        self._attempt = [0, 0]  # processor, waiting for one
        self._phases = {name: [0, 0, 0] for name in _PHASES}
        begun = self._read()
        self._launched = (*launched, imports.queue_ns) if launched and imports is not None else begun
        self._collecting = self._collected = self._looped = self._fixtures_in_loop = None

    def _read(self):
        return self._now(), self._cpu(), self._queue()

    def _fixtures_so_far(self):
        return self.fixtures.wall_ns, self.fixtures.cpu_ns, self.fixtures.starved_ns

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
        imports = self._imports
        return (imports.wall_ns, imports.cpu_ns, imports.starved_ns) if imports is not None else _NOTHING

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
        self._in_fixtures = self._fixtures_so_far()
        self._moment = self._read()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call):
        """A phase is over."""
        spent, begun = self._phases.get(call.when), self._moment
        if spent is not None and begun is not _NOTHING:
            wall_ns, cpu_ns, starved_ns = self._read()
            cpu_ns, starved_ns = cpu_ns - begun[1], starved_ns - begun[2]
            fixtures, before = self.fixtures, self._in_fixtures
            spent[0] += wall_ns - begun[0] - (fixtures.wall_ns - before[0])
            spent[1] += cpu_ns - (fixtures.cpu_ns - before[1])
            spent[2] += starved_ns - (fixtures.starved_ns - before[2])
            self._attempt[0] += cpu_ns
            self._attempt[1] += starved_ns
            self._moment = _NOTHING

    def take(self):
        """JSON members on the attempt that ended now: processor and waiting seconds, and three clocks in fixtures."""
        taken, self._taken = self._taken, self._fixtures_so_far()
        (cpu_ns, starved_ns), self._attempt = self._attempt, [0, 0]
        return '"cpu":%.6f,"starved":%.6f,"fixtures":[%.6f,%.6f,%.6f]' % (
            cpu_ns / 1e9, starved_ns / 1e9, (self._taken[0] - taken[0]) / 1e9, (self._taken[1] - taken[1]) / 1e9,
            (self._taken[2] - taken[2]) / 1e9,
        )  # fmt: skip

    # The end

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self):
        """The last test is over."""
        self._looped = self._read()
        self._fixtures_in_loop = self._fixtures_so_far()

    def lines(self, rootdir):
        """The wire's lines on fixtures and on the session; "" if the tests were never reached."""
        if self._collecting is None or self._collected is None:
            return ""
        fixtures, left_out = self.fixtures.records(rootdir)
        ended = self._read()  # once: the parts add up to the whole, whatever else the machine does now
        wall, cpu, starved = (self._split(clock, ended) for clock in (0, 1, 2))
        record = dict({"kind": "session_time"}, **{name + "_s": seconds for name, seconds in wall.items()})
        record.update(
            seconds=(ended[0] - self._launched[0]) / 1e9,
            cpu_s=ended[1] / 1e9,
            cpu=cpu,
            children_cpu_s=_children_cpu_s(),
            starved_s=(ended[2] - self._launched[2]) / 1e9 if self._queue.known else None,
            starved=starved if self._queue.known else {},
            imports_timed=self._imports is not None,
            fixtures_left_out=left_out,
        )
        return "".join(encode(line) + "\n" for line in [*fixtures, record])

    def _split(self, clock, ended):
        """Seconds by part, of one clock (0 wall, 1 processor, 2 waiting for one)."""
        looped = self._looped or ended
        fixtures = self._fixtures_so_far()
        in_loop = self._fixtures_in_loop or fixtures
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
    return 0 if imports is None else (imports.start_wall_ns, imports.start_cpu_ns, imports.start_starved_ns)[clock]


def _children_cpu_s():
    """Of children that were waited for; 0.0 where it cannot be asked."""
    with suppress(Exception):  # tests may have patched what an import needs
        import resource  # noqa: PLC0415 - only now: tests shall not find a module loaded that pytest does not load

        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime
    return 0.0
