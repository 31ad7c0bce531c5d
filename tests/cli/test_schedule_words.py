from __future__ import annotations

import pytest

from brinell.cli import schedule_words
from brinell.config.scenarios import shape_of
from brinell.core.plan import LoadSpec, SessionSpec
from brinell.rosters.shapes import SHAPES

SHAPE = {
    "constant": ({"rate": 5, "duration": 60}, "5 requests/s", "300 requests in all"),
    "poisson": ({"rate": 5, "duration": 60, "seed": 2}, "at random (seed 2)", "requests in all"),
    "ramp": ({"from_rate": 0, "to_rate": 100, "duration": 60}, "0 to 100 requests/s", "3,000 requests in all, at most"),
    "steps": ({"rates": [10, 50], "each_s": 10}, "10, 50 requests/s, each for 10s", "600 requests in all, at most 5"),
    "spike": (
        {"rate": 1, "peak": 100, "at_s": 10, "lasts_s": 5, "duration": 20},
        "1 requests/s, 100/s for 5s from 10s on",
        "515 requests in all, at most 100/s",
    ),
    "sine": ({"low": 0, "high": 100, "period_s": 10, "duration": 20}, "back every 10s", "1,000 requests in all"),
    "replay": ({"file": "times.txt", "speed": 2}, "times.txt, 2 times as fast", "3 requests in all"),
    "closed": ({"duration": 5, "think_s": [1, 3], "user_rate": 2}, "64 users in turn, thinking 1s to 3s", ""),
}  # fmt: skip


@pytest.fixture
def told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "times.txt").write_text("0\n1.5\n2\n")

    def tell(kind, options, **fields):
        spec = LoadSpec(name="x", shape={"kind": kind, **options}, **fields)
        shape = shape_of(spec.shape)
        return schedule_words.pace(spec, shape), schedule_words.volume(spec, shape)

    return tell


@pytest.mark.parametrize("kind", SHAPES)
def test_every_shape_has_its_words(told, kind):
    options, pace, volume = SHAPE[kind]
    said = told(kind, options)
    assert pace in said[0]
    assert said[1].startswith(volume) or volume in said[1]
    assert bool(said[1]) == (kind != "closed")


def test_bars_go_as_the_rate_goes(told):
    _, volume = told("ramp", {"from_rate": 0, "to_rate": 1000, "duration": 60})
    bars = [schedule_words.BARS.index(bar) for bar in volume.rpartition("  ")[2]]
    assert len(bars) == schedule_words.WIDTH
    assert bars == sorted(bars)
    assert (bars[0], bars[-1]) == (0, len(schedule_words.BARS) - 1)
    _, spike = told("spike", {"rate": 0, "peak": 100, "at_s": 10, "lasts_s": 10, "duration": 30})
    bars = spike.rpartition("/s  ")[2]
    assert bars.strip(" ").strip(schedule_words.BARS[:-1]) == "█" * 10
    assert (len(bars), bars[:10], bars[-10:]) == (schedule_words.WIDTH, " " * 10, " " * 10)


def test_an_even_rate_needs_no_bars(told):
    assert told("constant", {"rate": 5, "duration": 60})[1] == "300 requests in all"


def test_a_bound_says_what_is_sent_at_most(told):
    assert told("constant", {"rate": 5, "duration": 60}, max_requests=7)[1] == "at most 7 requests in all"
    assert told("closed", {"duration": 5}, max_requests=7)[1] == "at most 7 requests in all"
    assert told("constant", {"rate": 5, "duration": 60}, max_requests=700)[1] == "300 requests in all"


def test_sessions_and_calls_are_called_so(told):
    options = {"rate": 5, "duration": 60}
    sessions = (SessionSpec(name="s", requests=()),)
    assert told("constant", options, sessions=sessions) == ("5 sessions/s", "300 sessions in all")
    assert told("constant", options, call="shop:get") == ("5 calls/s", "300 calls in all")


def test_rules_are_told():
    spec = LoadSpec(name="x", shape={}, shed_after_s=0.5, steady=True)
    assert schedule_words.rules(spec) == [
        "what waits longer than 500ms is dropped unsent, and counted",
        "judged on the steady part only",
    ]
    assert schedule_words.rules(LoadSpec(name="x", shape={})) == []
