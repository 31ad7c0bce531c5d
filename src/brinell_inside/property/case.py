"""One Hypothesis test while it runs. PYTEST_DONT_REWRITE."""

import gc
import inspect
import os
import time
from contextlib import contextmanager

from brinell_inside.property import observe
from brinell_inside.property.profile import database_name, deadline_ms, machine_of

_MOST_CASES = 4000
_TURNS = 6000  # of the yardstick: about a third of a millisecond
_TRIES = 3
_LETTERS = {"valid": "v", "invalid": "i", "overrun": "o", "interesting": "f"}


class Case:
    """Collects what Hypothesis says of one test; ``record`` is its line."""

    def __init__(self, item, settings, size):
        self._item = item
        self._settings = settings
        self._size = size
        self._stats = []
        self._tally = None
        self._gc_begun = 0.0
        self.setup_s = 0.0
        self.call_s = 0.0
        self.cpu_s = 0.0
        self.starved_s = None
        self.gc_s = 0.0
        self.pace_s = 0.0
        self.rang = False
        self._outcome = "skipped"

    @contextmanager
    def listening(self, mode):
        """Hear the statistics, and the observations where the job asks for them."""
        from hypothesis.statistics import collector  # noqa: PLC0415 - the subject's

        before = collector.value

        def note(stats):
            self._stats.append(stats)
            if before is not None:
                before(stats)

        stop = None
        if mode != "clock" and observe.interface() is not None:
            self._tally = observe.Tally()
            stop = observe.listen(self._tally.add, mode == "cover")
        try:
            with collector.with_value(note):
                yield
        finally:
            if stop is not None:
                stop()

    def begin(self):
        """Start the clocks."""
        self.pace_s = _yardstick_s()
        gc.callbacks.append(self._collecting)
        self._starved_begun = _starved_s()
        self._cpu_begun = time.process_time()
        self._begun = time.perf_counter()

    def end(self):
        """Stop them."""
        self.call_s = time.perf_counter() - self._begun
        self.cpu_s = time.process_time() - self._cpu_begun
        starved = _starved_s()
        if starved is not None and self._starved_begun is not None:
            self.starved_s = starved - self._starved_begun
        gc.callbacks.remove(self._collecting)
        self.pace_s = (self.pace_s + _yardstick_s()) / 2

    def _collecting(self, phase, info):
        del info
        now = time.perf_counter()
        if phase == "start":
            self._gc_begun = now
        else:
            self.gc_s += now - self._gc_begun

    def saw(self, excinfo):
        """Keep how the call ended."""
        if excinfo is None:
            self._outcome = "passed"
        elif self.rang:
            self._outcome = "limit"
        elif issubclass(excinfo[0], (KeyboardInterrupt, SystemExit)) or excinfo[0].__name__ == "Exit":
            self._outcome = "interrupted"
        elif excinfo[0].__name__ == "Skipped":
            self._outcome = "skipped"
        else:
            self._outcome = "failed"

    def record(self):
        """The ``property_test`` line as a dictionary."""
        settings = self._settings
        file, line = _place(self._item)
        record = {
            "kind": "property_test",
            "id": self._item.nodeid,
            "file": file,
            "line": line,
            "declared": settings.max_examples,
            "ran": self._size,
            "stateful_steps": settings.stateful_step_count if machine_of(self._item) is not None else None,
            "explicit": len(getattr(self._function(), "hypothesis_explicit_examples", ())),
            "reproduce": getattr(self._function(), "_hypothesis_internal_use_reproduce_failure", None) is not None,
            "derandomize": bool(settings.derandomize),
            "deadline_ms": deadline_ms(settings),
            "phases": [phase.name for phase in settings.phases],
            "database": database_name(settings.database),
            "fixtures": _fixtures(self._item),
            "setup_s": round(self.setup_s, 6),
            "call_s": round(self.call_s, 6),
            "cpu_s": round(self.cpu_s, 6),
            "starved_s": None if self.starved_s is None else round(self.starved_s, 6),
            "gc_s": round(self.gc_s, 6),
            "pace_s": round(self.pace_s, 9),
            "outcome": self._outcome,
        }
        record.update(_statistics(self._stats))
        if self._tally is not None:
            record.update(self._tally.fields())
        return record

    def _function(self):
        return getattr(self._item.obj, "__func__", self._item.obj)


def _yardstick_s():
    """Processor seconds of a piece of work that is always the same: what else the machine does makes it longer."""
    best = None
    for _ in range(_TRIES):
        begun = time.thread_time()
        _work(_TURNS)
        took = time.thread_time() - begun
        best = took if best is None else min(best, took)
    return best


def _work(turns):
    table, total = {}, 0
    for turn in range(turns):
        table[turn & 255] = total
        total += table.get(turn & 127, 1) & 1023
    return total


def _starved_s():
    """Seconds that this thread was ready to run and had no core (Linux); None elsewhere."""
    try:
        with open("/proc/thread-self/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def _statistics(runs):
    """Phases and cases of all the runs of Hypothesis's engine that one test made (mostly one)."""
    seconds, cases, reused, left_out, stopped, shrunk = {}, [], 0, 0, "", 0
    for stats in runs:
        stopped = str(stats.get("stopped-because", stopped))[:200]
        for name in ("reuse", "generate", "shrink", "explain"):
            phase = stats.get(name + "-phase")
            if phase is None:
                continue
            seconds[name] = round(seconds.get(name, 0.0) + phase["duration-seconds"], 6)
            if name == "reuse":
                reused += len(phase["test-cases"])
            elif name == "shrink":
                shrunk += len(phase["test-cases"])
            elif name == "generate":
                room = max(0, _MOST_CASES - len(cases))
                cases += [_case(case) for case in phase["test-cases"][:room]]
                left_out += max(0, len(phase["test-cases"]) - room)
    told = {"stopped": stopped, "phases_s": seconds, "reused": reused, "shrunk": shrunk}
    return dict(told, cases=cases, cases_left_out=left_out)


def _case(case):
    return [_LETTERS.get(case["status"], "?"), round(case["runtime"] * 1e6), round(case["drawtime"] * 1e6)]


def _fixtures(item):
    """Names of the function-scoped fixtures that the test asks for itself."""
    wanted = set(getattr(item, "fixturenames", ()))
    found = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", None) or {}
    return sorted(name for name, defs in found.items() if name in wanted and defs[-1].scope == "function")[:20]


def _place(item):
    """``(file, line)`` of the function; of a stateful test, of its machine. Relative to nothing: the tool knows."""
    target = machine_of(item) or inspect.unwrap(getattr(item.obj, "__func__", item.obj))
    try:
        return os.path.abspath(inspect.getsourcefile(target)), inspect.getsourcelines(target)[1]
    except (OSError, TypeError):
        path, line, _ = item.location
        return os.path.abspath(str(item.config.rootpath / path)), (line or 0) + 1
