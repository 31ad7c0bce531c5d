from __future__ import annotations

from brinell.checks.capacity_steps import doubted
from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted

LIMITS = {"p95_ms": 100.0, "error_rate": 0.01}
STARTED = LoadStarted("a@500", "open", "http://127.0.0.1", 0, 10.0, 500.0, 64, 1, 5.0)


def sparse(ms, count):
    found = Histogram()
    found.record(int(ms * 1e6), count)
    return found.sparse()


def records(*, response_ms=5.0, outcome="ok", cpu_s=0.3, lag_ms=0.1, sent=500):
    found = [STARTED]
    for second in range(4):
        times = sparse(response_ms, sent)
        found.append(LoadSlice(0, second, "GET /", outcome, sent, times, times, 1, 1))
        found.append(GeneratorSecond(0, second, sent, sent, cpu_s, sparse(lag_ms, sent), int(lag_ms * 1e6)))
    return [*found, LoadEnded(4 * sent, 4 * sent, 0, 4.0, sent_in_span=4 * sent, planned=2000)]


def test_a_generator_with_time_to_spare_is_believed():
    assert doubted(records(), LIMITS) == ((), "", False)


def test_one_without_an_idle_moment_is_not():
    rules, reason, proved = doubted(records(cpu_s=0.99), LIMITS)
    assert (rules, proved) == (("saturated",), False)
    assert "no idle moment" in reason


def test_one_that_began_less_than_was_planned_is_not():
    assert "behind" in doubted(records(sent=300), LIMITS)[0]


def test_a_calibration_made_earlier_counts_wherever_it_stands():
    known = Calibrated(most_rate=100.0, cpu_ns=1e7, asked=500.0)
    made = records(sent=300)
    assert "beyond" in doubted([known, *made], LIMITS)[0]
    assert doubted([known, *made], LIMITS) == doubted([*made, known], LIMITS)


def test_what_no_generator_causes_is_proved_though_it_was_busy():
    rules, _, proved = doubted(records(outcome="status-503", cpu_s=0.99), LIMITS)
    assert (rules, proved) == (("saturated",), True)


def test_a_load_that_never_began_proves_nothing():
    assert doubted([], LIMITS)[0] == ("died",)
