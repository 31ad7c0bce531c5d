"""Hypothesis's observability, as each version delivers it. PYTEST_DONT_REWRITE.

At first ``TESTCASE_CALLBACKS`` is a list of functions that take a dictionary, later an object; newer versions have
``add_observability_callback``. All of it is internal there, so nothing is believed to exist.
"""

from contextlib import suppress

FIRST_VERSION = "6.92"


def interface():
    """Name of what this Hypothesis offers, or None."""
    with suppress(ImportError):
        from hypothesis.internal import observability  # noqa: PLC0415 - the subject's

        for name in ("add_observability_callback", "TESTCASE_CALLBACKS"):
            if hasattr(observability, name):
                return name
    return None


def listen(callback, coverage):
    """Have ``callback`` called with every observation; return the function that ends it."""
    from hypothesis import core  # noqa: PLC0415 - the subject's
    from hypothesis.internal import observability  # noqa: PLC0415 - the subject's

    for module in (observability, core):  # older ones bind the switch by name
        if hasattr(module, "OBSERVABILITY_COLLECT_COVERAGE"):
            module.OBSERVABILITY_COLLECT_COVERAGE = coverage
    if interface() == "add_observability_callback":
        observability.add_observability_callback(callback)
        return lambda: observability.remove_observability_callback(callback)
    observability.TESTCASE_CALLBACKS.append(callback)
    return lambda: observability.TESTCASE_CALLBACKS.remove(callback)


def _get(observation, name, default=None):
    if isinstance(observation, dict):
        return observation.get(name, default)
    return getattr(observation, name, default)


class Tally:
    """What the examples of one test came to."""

    def __init__(self):
        self.count = 0
        self.status = {}
        self.how = {}
        self.timing = {"run": 0.0, "generate": 0.0, "gc": 0.0}
        self.shrinking = [0, 0.0]
        self.draws = {}
        self.seen = {}  # file: set of lines
        self.new_lines = []
        self.lines = 0

    def add(self, observation):
        """Count one test case; other kinds of observation are not ours."""
        if _get(observation, "type") != "test_case":
            return
        status = str(_get(observation, "status"))
        how = str(_get(observation, "how_generated"))[:80]
        timing = _split(_get(observation, "timing") or {}, self.draws)
        if "shrink" in how or "explain" in how:
            self.shrinking[0] += 1
            self.shrinking[1] += sum(timing.values())
        else:
            self.count += 1
            self.status[status] = self.status.get(status, 0) + 1
            for name, seconds in timing.items():
                self.timing[name] += seconds
        if how in self.how or len(self.how) < 20:
            self.how[how] = self.how.get(how, 0) + 1
        coverage = _get(observation, "coverage")
        if coverage:
            self._cover(coverage)

    def _cover(self, coverage):
        new = 0
        for name, lines in coverage.items():
            seen = self.seen.setdefault(name, set())
            before = len(seen)
            seen.update(lines)
            new += len(seen) - before
        self.lines += new
        if new and len(self.new_lines) < 400:
            self.new_lines.append([self.count, new])

    def fields(self):
        """For the wire."""
        costly = sorted(self.draws.items(), key=lambda pair: -pair[1])[:10]
        return {
            "observed": self.status,
            "how": self.how,
            "timing": {name: round(seconds, 6) for name, seconds in self.timing.items()},
            "shrink": {"examples": self.shrinking[0], "s": round(self.shrinking[1], 6)},
            "draws": {name[:80]: round(seconds, 6) for name, seconds in costly},
            "new_lines": self.new_lines,
            "lines": self.lines,
            "files": len(self.seen),
        }


def _split(timing, draws):
    """Seconds of one example: ``run``, ``generate``, ``gc``."""
    parts = {"run": 0.0, "generate": 0.0, "gc": 0.0}
    for name, seconds in timing.items():
        if name.startswith("execute:"):
            parts["run"] += seconds
        elif name == "overall:gc":
            parts["gc"] += seconds
        else:
            parts["generate"] += seconds
            if name in draws or len(draws) < 200:
                draws[name] = draws.get(name, 0.0) + seconds
    return parts
