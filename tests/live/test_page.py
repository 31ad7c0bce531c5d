from __future__ import annotations

import json
import re

import pytest

from brinell.core.clock import FakeClock
from brinell.core.drill_records import DrillMark
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import Envelope, SeenTest, StepFinished, StepStarted, Vitals
from brinell.live.page import RunPage
from brinell.reports.live_page import policy, shell

HOSTILE = "<script>alert(1)</script>\"'&\x1b[2J"


@pytest.fixture
def page():
    limits = {"load:browse": {"p95_ms": 25.0, "error_rate": 0.01}}
    made = RunPage("shop", ("suite", "load:browse"), thresholds=limits, clock=FakeClock())
    yield made
    made.close()


def tell(page, record, source="load:browse"):
    page.watch(Envelope(1, 1, source, 0, 0, record))


def second(number, *, outcome="ok", operation="GET /", count=10):
    made = Histogram()
    made.record(10_000_000, count)
    sparse = made.sparse()
    yield LoadSlice(0, number, operation, outcome, count, sparse, sparse, made.max_ns, made.max_ns)
    yield Vitals(number * 10**9, 1, 0.5 * number, 50 << 20, 9, 3)
    yield GeneratorSecond(0, number, 10, 10, 0.2, sparse, made.max_ns)


def press(page, seconds, *, url="http://127.0.0.1", scenario="browse", **more):
    tell(page, StepStarted("load:browse"))
    tell(page, LoadStarted(scenario, "open", url, 0, 30.0, 10.0, 4, 1, 5.0))
    for number in range(seconds):
        for record in second(number, **more):
            tell(page, record)


def text(drawn):
    return " ".join(re.sub(r"<[^>]*>", " ", drawn["run"]).split())


def test_before_anything_there_are_the_steps(page):
    drawn = page.draw()
    assert "Running" in text(drawn)
    assert text(drawn).count("waiting") == 2
    assert drawn["loads"] == []


def test_a_scenario_is_drawn_as_the_report_draws_it(page):
    press(page, 4)
    drawn = page.draw()
    assert 'aria-label="Response time.' in drawn["run"]
    assert "Answered 10/s of 10/s due" in text(drawn)
    assert "p95 limit 25.0 ms" in text(drawn)
    assert "Over time so far" in text(drawn)
    assert "p99 10.0 ms last 4 s" in text(drawn)
    (load,) = drawn["loads"]
    assert load["t"] == [0, 1, 2, 3]
    assert load["until"] == 30.0  # what is still to come stays empty
    assert load["columns"]["rss_bytes"] == [50 << 20] * 4


def test_a_second_that_is_not_whole_is_not_shown(page):
    press(page, 2)
    tell(page, next(iter(second(2))))
    assert page.draw()["loads"][0]["t"] == [0, 1]
    tell(page, LoadEnded(20, 30, 0, 30.0))
    drawn = page.draw()
    assert drawn["loads"][0]["t"] == [0, 1, 2]
    assert "Answered 10/s" not in text(drawn)


def test_a_suite_tells_its_failures_and_how_far_it_is(page):
    tell(page, StepStarted("suite"), "suite")
    page.show("suite", 3.0, 12.0, "tests/test_a.py::test_x")
    tell(page, SeenTest("a.py::test_bad", "failed", {}), "suite")
    drawn = page.draw()
    assert "failed a.py::test_bad" in text(drawn)
    assert "running: tests/test_a.py::test_x" in text(drawn)
    assert 'value="0.25"' in drawn["run"]
    tell(page, StepFinished("suite", "failed", "no such file"), "suite")
    assert "failed: no such file" in text(page.draw())


def test_nothing_from_outside_becomes_markup(page):
    press(page, 3, url=HOSTILE, scenario=HOSTILE, outcome=HOSTILE, operation=HOSTILE)
    tell(page, SeenTest(HOSTILE, "failed", {}), "suite")
    page.show("load:browse", 1.0, None, HOSTILE)
    drawn = page.draw()
    assert "<script" not in drawn["run"]
    assert "\x1b" not in json.dumps(drawn)
    assert drawn["run"].count("&lt;script&gt;") >= 3


def test_memory_and_size_stay_flat(page):
    press(page, 500)
    sizes = []
    for start in (500, 10_000):  # far beyond what the schedule said
        for number in range(start, start + 500):
            for record in second(number):
                tell(page, record)
        sizes.append(len(json.dumps(page.draw())))
    assert max(sizes) < 400_000


def test_only_the_last_scenarios_are_drawn(page):
    for number in range(5):
        source = f"load:{number}"
        tell(page, LoadStarted(f"s{number}", "open", "http://127.0.0.1", 0, 30.0, 10.0, 4, 1, 5.0), source)
        for record in second(0):
            tell(page, record, source)
    drawn = page.draw()
    assert len(drawn["loads"]) == 2
    assert "3 earlier scenarios: in the report at the end" in text(drawn)
    assert ">s4<" in drawn["run"]
    assert ">s2<" not in drawn["run"]
    assert re.findall(r'data-load="(\d)"', drawn["run"])[::2] == ["1", "0"]  # the newest stands first


def test_a_page_without_its_content_has_no_word_of_the_run_but_its_name():
    made = shell(HOSTILE)
    assert "<script>alert" not in made
    assert made.count("<script") == 2
    assert "connect-src 'self'" in policy()


def test_what_a_drill_did_is_marked_on_the_axis(page):
    press(page, 3)
    assert "signal" not in page.draw()["run"]
    for at_s, what in ((-1.0, "connected"), (1.5, "signal"), (1.6, "port-closed")):
        tell(page, DrillMark(what, int(at_s * 1e9), HOSTILE))
    drawn = page.draw()["run"]
    assert "signal, port-closed" in drawn
    assert "connected" not in drawn
    assert "<script" not in drawn
