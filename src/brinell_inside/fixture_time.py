"""What each fixture costs: set-up and teardown, without those of fixtures that it asks for. PYTEST_DONT_REWRITE.

pytest sets up the fixtures that a signature names before it calls ``pytest_fixture_setup``, so that hook's time is the
fixture's own; what ``getfixturevalue`` sets up inside is taken off. Finalizers run last in, first out: one added before
the set-up and one after it stand around exactly what the fixture itself tears down.
"""

import time

import pytest

from brinell_inside.import_time import shown

_MOST = 500
_MADE_OF_METHODS = ("_xunit_", "xunit_", "_unittest_", "unittest_")  # what pytest makes of setup_method and its like
_DIRECT = "_pytest"  # functions of pytest's own that hand over a parameter


class _Spent:
    """What one fixture cost so far; its bound methods are the finalizers."""

    __slots__ = ("clock", "cpu_ns", "setup_ns", "starved_ns", "teardown_ns", "uses")

    def __init__(self, clock):
        self.clock = clock
        self.uses = self.setup_ns = self.teardown_ns = self.cpu_ns = self.starved_ns = 0

    def begin(self):
        self.clock.enter(self)

    def end(self):
        wall_ns, cpu_ns, starved_ns = self.clock.leave(self)
        self.teardown_ns += wall_ns
        self.cpu_ns += cpu_ns
        self.starved_ns += starved_ns


class FixtureClock:
    """A plugin. ``wall_ns`` and ``cpu_ns`` are of all fixtures so far."""

    def __init__(self, queue):
        self.wall_ns = 0
        self.cpu_ns = 0
        self.starved_ns = 0
        self._queue = queue
        self._spent = {}  # {fixture definition: _Spent, None where a parameter is merely handed over}
        self._stack = []  # of those under way: [whose, three clocks when it began, the same three spent within]
        self._now = time.monotonic_ns
        self._cpu = time.process_time_ns

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef):
        """Time the set-up, and put the teardown between two clocks."""
        spent = self._spent.get(fixturedef, self)
        if spent is self:
            spent = self._spent[fixturedef] = None if _hands_over(fixturedef) else _Spent(self)
        if spent is None:
            yield
            return
        fixturedef.addfinalizer(spent.end)
        self.enter(spent)
        yield
        wall_ns, cpu_ns, starved_ns = self.leave(spent)
        spent.uses += 1
        spent.setup_ns += wall_ns
        spent.cpu_ns += cpu_ns
        spent.starved_ns += starved_ns
        fixturedef.addfinalizer(spent.begin)

    def enter(self, whose):
        """The clock of ``whose`` begins to run, that of the one around it stands."""
        self._stack.append([whose, self._now(), self._cpu(), self._queue(), 0, 0, 0])

    def leave(self, whose):
        """Nanoseconds by three clocks (wall, processor, waiting for one) since ``enter``, without what came between."""
        now, cpu, starved, stack = self._now(), self._cpu(), self._queue(), self._stack
        if not any(frame[0] is whose for frame in stack):  # torn down without having begun: the set-up was cut short
            return 0, 0, 0
        while True:
            found, begun_ns, begun_cpu_ns, begun_starved_ns, *within = stack.pop()
            if found is whose:
                break
        wall_ns, cpu_ns, starved_ns = now - begun_ns, cpu - begun_cpu_ns, starved - begun_starved_ns
        if stack:
            stack[-1][4] += wall_ns
            stack[-1][5] += cpu_ns
            stack[-1][6] += starved_ns
        own = wall_ns - within[0], cpu_ns - within[1], starved_ns - within[2]
        self.wall_ns += own[0]
        self.cpu_ns += own[1]
        self.starved_ns += own[2]
        return own

    def records(self, rootdir):
        """``(dicts for the wire, dearest first; how many were left out)``."""
        found = {}
        for fixturedef, spent in self._spent.items():
            if spent is None or not spent.uses:
                continue
            path, line = _place(fixturedef, rootdir)
            record = found.setdefault(
                (fixturedef.argname, str(fixturedef.scope), path, line),
                {
                    "kind": "fixture_time", "name": str(fixturedef.argname), "scope": str(fixturedef.scope),
                    "file": path, "line": line, "uses": 0, "setup_s": 0.0, "teardown_s": 0.0, "cpu_s": 0.0,
                    "starved_s": 0.0,
                },
            )  # fmt: skip
            record["uses"] += spent.uses
            record["setup_s"] += spent.setup_ns / 1e9
            record["teardown_s"] += spent.teardown_ns / 1e9
            record["cpu_s"] += spent.cpu_ns / 1e9
            record["starved_s"] += spent.starved_ns / 1e9
        dearest = sorted(found.values(), key=lambda one: -(one["setup_s"] + one["teardown_s"]))
        return dearest[:_MOST], max(0, len(dearest) - _MOST)


def _code_of(fixturedef):
    function = getattr(fixturedef, "func", None)
    for _ in range(20):
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        if inner is None:
            break
        function = inner
    return getattr(getattr(function, "__func__", function), "__code__", None)


def _hands_over(fixturedef):
    function = getattr(fixturedef, "func", None)
    name = getattr(function, "__name__", "")
    return name == "get_direct_param_fixture_func" and str(getattr(function, "__module__", "")).startswith(_DIRECT)


def _place(fixturedef, rootdir):
    if str(fixturedef.argname).startswith(_MADE_OF_METHODS):
        return str(getattr(fixturedef, "baseid", "")).split("::")[0], 0
    code = _code_of(fixturedef)
    if code is None:
        return "", 0
    return shown(code.co_filename, rootdir), code.co_firstlineno
