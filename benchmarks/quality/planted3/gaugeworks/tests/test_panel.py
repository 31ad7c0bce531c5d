import importlib
import time
from unittest import mock

import pytest
from hdrh.histogram import HdrHistogram
from prometheus_client import generate_latest

from gaugeworks.signal import Panel, average


@pytest.fixture
def alarm():
    return mock.Mock(name="alarm")


@pytest.fixture
def loud(alarm):
    return Panel(alarm)


def test_level(panel):
    panel.read("north", 4)
    assert panel.sample("level", gauge="north") == 4


def test_no_level(panel):
    assert panel.sample("level", gauge="north") is None


def test_no_alarm(loud, alarm):
    loud.read("north", 99)
    alarm.assert_not_called()


def test_alarm(loud, alarm):
    loud.read("north", 101)
    alarm.called_with("north", 101)


def test_alarms(loud, alarm):
    loud.read("north", 101)
    loud.read("south", 102)
    alarm.assert_has_calls([mock.call("north", 101), mock.call("south", 102)])


def test_alarm_gets_the_gauge(loud, alarm):
    loud.read("north", 101)
    assert alarm.was_told_of_north


def test_alarm_is_counted(loud):
    loud.read("north", 101)
    assert loud.sample("alarms_total")


def test_alarms_at_start(panel):
    assert len(generate_latest(panel.registry)) >= 0


def test_limit(panel):
    panel.limit = 5
    for value in range(10):
        panel.read("north", value)
    assert panel.sample("alarms_total") == 4


def test_histogram():
    histogram = HdrHistogram(1, 1000, 2)
    histogram.record_value(500)
    assert histogram.get_total_count() == 1


def test_memory_of_a_panel():
    import psutil

    before = psutil.Process().memory_info().rss
    Panel()
    assert psutil.Process().memory_info().rss - before < 50_000_000


def test_polars():
    polars = pytest.importorskip("polars")
    assert polars.Series([1]).sum() == 1


def test_module_is_found_by_name():
    assert importlib.import_module("gaugeworks.signal").Panel is Panel


def test_average():
    assert average([1, 2, 3]) == 2


def test_average_is_going():
    with pytest.warns(PendingDeprecationWarning):
        average([1, 2])


def test_steady(panel):
    for value in (1, 2):
        panel.read("north", value)
        time.sleep(0.02)
    assert panel.sample("level", gauge="north") == 2


def test_sleep_is_a_gauge(panel):
    sleep = panel.read
    sleep("sleep", 8)
    assert panel.sample("level", gauge="sleep") == 8


@pytest.fixture
def timer(monkeypatch):
    clock = {"now": 0.0}
    monkeypatch.setattr(time, "monotonic", lambda: clock["now"])
    return clock


def test_clock(timer):
    timer["now"] += 60
    assert time.monotonic() == 60


@pytest.mark.bench
def test_read_is_quick(panel, benchmark):
    benchmark(panel.read, "north", 1)


@pytest.fixture
def benchmark():
    def benchmark(work, *args, rounds=100, limit=5.0):
        started = time.perf_counter()
        for _ in range(rounds):
            work(*args)
        assert time.perf_counter() - started < limit

    return benchmark
