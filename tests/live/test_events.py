from __future__ import annotations

import pytest

from brinell.core.generator_records import Calibrated, GeneratorMeans
from brinell.core.observation import (
    Choice,
    CollectError,
    Envelope,
    LoadStarted,
    RunEnded,
    SeenTest,
    ServiceEnded,
    ServiceStarted,
    StepFinished,
    StepStarted,
    SuiteStarted,
    Vitals,
)  # fmt: skip
from brinell.live.events import MOST_FAILURES, told


def tell(record, failures=0):
    return told(Envelope(1, 1, "suite", 0, 0, record), failures)


def test_a_step_begins_and_ends():
    assert tell(StepStarted("suite")).begins == "suite"
    ended = tell(StepFinished("suite", "failed", "no\nluck"))
    assert (ended.ends, ended.line) == ("suite", "suite: failed: no luck")


def test_failing_tests_are_named_and_passing_ones_are_not():
    failed = SeenTest("a.py::test_x", "failed", {})
    assert tell(failed).line == "failed a.py::test_x"
    assert tell(SeenTest("a.py::test_x", "passed", {})).line == ""
    assert tell(SeenTest("a.py::test_x", "failed", {}, final=False)).line == ""
    assert tell(CollectError("a.py")).failed
    torn = SeenTest("a.py::test_x", "passed", {}, teardown_error=True)
    assert tell(torn).line == "error in teardown a.py::test_x"


def test_a_flood_of_failures_is_cut_once():
    failed = SeenTest("a.py::test_x", "error", {})
    lines = [tell(failed, number).line for number in range(MOST_FAILURES + 5)]
    assert lines[MOST_FAILURES] == "further failures are in the report"
    assert lines[MOST_FAILURES + 1 :] == [""] * 4


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (ServiceStarted(("x",), 1, "http://127.0.0.1:1", 1.25), "service ready at http://127.0.0.1:1 after 1.2 s"),
        (ServiceEnded(asked=False, exit_status=1), "the service ended by itself (status 1)"),
        (ServiceEnded(asked=True, exit_status=0), ""),
        (ServiceEnded(asked=False, exit_status=None), "the service is gone"),
        (
            ServiceEnded(asked=False, exit_status=-15, ending="lease"),
            "the service was ended because Brinell itself did not run for some seconds",
        ),
        (
            ServiceEnded(asked=False, exit_status=-15, ending="sigterm"),
            "the service was ended because somebody sent SIGTERM to its guard",
        ),
        (
            ServiceEnded(asked=False, exit_status=-9, ending="guard"),
            "the service was ended because somebody killed its guard",
        ),
        (ServiceEnded(asked=False, exit_status=-9, ending="a\nb"), "the service was ended by its guard: a b"),
        (SuiteStarted((), "python", "it is .venv", "3.12.4", "9.0.1"), "pytest 9.0.1 on Python 3.12.4 (it is .venv)"),
        (
            LoadStarted("browse", "open", "http://127.0.0.1:1", 0, 30.0, 1000.0, 64, 1, 5.0),
            "browse: 1,000/s for 30.0 s against http://127.0.0.1:1",
        ),
        (  # the average of a ramp is the rate of one moment of it
            LoadStarted(
                "browse", "open", "http://127.0.0.1:1", 0, 30.0, 125.0, 64, 1, 5.0, shape="ramp", peak_rate=200.0
            ),
            "browse: up to 200/s, 125/s on average, for 30.0 s against http://127.0.0.1:1",
        ),
        (
            LoadStarted("x", "partly-open", "http://127.0.0.1:1", 0, 30.0, None, 64, 1, 5.0, session_rate=20.0),
            "x: 20 sessions/s for 30.0 s against http://127.0.0.1:1",
        ),
        (
            LoadStarted("x", "closed", "http://127.0.0.1:1", 0, 30.0, None, 64, 1, 5.0),
            "x: 30.0 s against http://127.0.0.1:1",
        ),
        (  # it ends when all was tried, not after its longest time
            LoadStarted("x", "closed", "ws://127.0.0.1:1", 0, 300.0, None, 1, 1, 5.0, socket="limit"),
            "x: a limit of connections, one by one, against ws://127.0.0.1:1",
        ),
        (
            LoadStarted("x", "closed", "ws://127.0.0.1:1", 0, 300.0, None, 1, 1, 5.0, socket="hostile"),
            "x: bad manners, one by one, against ws://127.0.0.1:1",
        ),
        (
            Calibrated(seconds=0.5, most_rate=9_000.0, cpu_ns=50_000.0, asked=30_000.0),
            "the generator reaches 20,000/s with a server that does nothing, not 30,000/s",
        ),
        (Calibrated(seconds=0.5, most_rate=9_000.0, cpu_ns=50_000.0, asked=19_000.0), ""),
        (Calibrated(skipped="HTTP/2", asked=19_000.0), ""),
        (GeneratorMeans(1024, 128, 28_000, 64), ""),
        (
            GeneratorMeans(1024, 128, 28_000, 60_064, 60.0),
            (
                "the generator may run out: It may hold 60064 ports at once, each resting 60 s after its connection "
                "was closed, and 28000 were free: keep connections alive, or widen net.ipv4.ip_local_port_range."
            ),
        ),
        (Choice("two workers", "one could not send on time"), "two workers: one could not send on time"),
        (RunEnded("interrupted"), "interrupted: what was measured is kept and judged"),
        (Vitals(0, 1, 0.0, 1, 1, 1), ""),
    ],
)
def test_what_is_told(record, line):
    assert tell(record).line == line


def test_a_name_cannot_steer_the_terminal():
    line = tell(SeenTest("a.py::x[\x1b[2J\r\n\x9b]", "failed", {})).line
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line)
