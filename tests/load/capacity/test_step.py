from __future__ import annotations

from brinell.core.fakes import FakeRoom
from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice, LoadStarted
from brinell.core.observation import MachineSecond, ServiceEnded
from brinell.core.plan import LoadSpec
from brinell.load.capacity.bounds import UNSETTLED, Seconds, limits_of
from brinell.load.capacity.step import Judge, StepRoom

LIMITS = limits_of({"p95_ms": 100}, LoadSpec(name="a", shape={}))
SPEC = LoadSpec(name="browse", shape={"kind": "closed", "duration": 9.0, "think_s": 1.0}, connections=64, workers=4)


def judge(**more):
    return Judge(Seconds(LIMITS, 1), **{"rate": 500.0, "warm_s": 1, "least_s": 0, "lasts_s": 10, **more})


def feed(it, second, response_ms=5, ended=500, due=500):
    found = Histogram()
    found.record(response_ms * 1_000_000, ended)
    it.hear(LoadSlice(0, second, "GET /", "ok", ended, found.sparse(), found.sparse(), 0, 0))
    it.hear(GeneratorSecond(0, second, due, due, 0.1, ((), ()), 0))
    return it.look(0, 0)


def fed(it, seconds, **more):
    """Feed until it is decided; return in which second."""
    return next((second for second in range(seconds) if feed(it, second, **more) is None), None)


def test_it_ends_a_step_as_soon_as_the_seconds_after_the_warm_up_decide_it():
    it = judge()
    assert fed(it, 10) == 3
    assert (it.end().verdict, it.judged, it.decided) == ("held", range(1, 4), True)
    it = judge()
    assert fed(it, 10, response_ms=300) == 3
    assert it.end() == ("broken", "p95_ms")


def test_the_warm_up_is_not_looked_at():
    it = judge()
    feed(it, 0, response_ms=9000)
    assert [feed(it, second) for second in (1, 2)] == [100_000_000] * 2
    assert feed(it, 3) is None
    assert it.end().verdict == "held"


def test_what_has_to_take_its_time_is_not_ended_as_held_and_ends_when_broken():
    it = judge(least_s=8, lasts_s=24)
    assert fed(it, 24) == 7
    it = judge(least_s=8, lasts_s=24)
    assert fed(it, 24, response_ms=300) == 3


def test_what_is_open_at_the_end_is_decided_by_the_estimates():
    it = judge(rate=20.0)
    assert fed(it, 20, ended=20, due=20) == 9
    assert (it.end().verdict, it.decided) == ("held", False)


def test_a_backlog_that_is_answered_after_the_schedule_does_not_count():
    it = judge(rate=20.0)
    for second in range(9):
        feed(it, second, ended=20, due=20)
    for second in range(9, 13):
        it.hear(GeneratorSecond(0, second, 0, 0, 0.1, ((), ()), 0))
    assert it.end().verdict in {"held", "broken"}
    assert it.judged == range(1, 10)


def test_a_level_that_did_not_outlast_its_warm_up_is_looked_at_as_far_as_it_went():
    it = judge()
    assert it.end().verdict is None
    assert it.judged == range(0)
    it = judge()
    feed(it, 0)
    assert it.judged == range(1)


def test_it_says_what_a_step_looks_like_so_far():
    it = judge()
    assert it.leaning == ""
    feed(it, 0)
    feed(it, 1, response_ms=300)
    assert it.leaning == "broken"


def test_its_room_passes_everything_on_and_keeps_what_says_how_it_went(tmp_path):
    room, heard, said = FakeRoom(SPEC, tmp_path), [], []
    known = Calibrated(most_rate=9000.0, asked=700.0)
    within = StepRoom(room, SPEC, say=lambda *told: said.append(told), hear=heard.append, calibrated=known)
    written = [Calibrated(skipped="not asked for"), MachineSecond(0, 2, None, None), ServiceEnded(True, 0)]
    for record in written:
        within.emit(record)
    within.progress(0, None, "what the generator needs by itself")
    within.progress(3.0, 10.0, "its own words")
    within.tick()
    assert room.records == written
    assert within.records == heard == [known]
    assert (said, room.said, room.ticks) == ([(0, "what the generator needs by itself"), (3.0, "")], [], 1)
    assert (within.step.id, within.step.spec) == (room.step.id, SPEC)


def visit(it, second, over, begun=20, response_ms=5):
    """Sessions of two requests: 20 begin each second."""
    found = Histogram()
    found.record(response_ms * 1_000_000, 40)
    it.hear(LoadSlice(0, second, "GET /", "ok", 40, found.sparse(), found.sparse(), 0, 0))
    it.hear(GeneratorSecond(0, second, 40, 40, 0.1, ((), ()), 0, sessions=(begun * (second + 1), over, 0)))
    return it.look(0, 0)


def begin(it):
    it.hear(LoadStarted("a", "partly-open", "", 0, 10.0, None, 4, 1, 5.0, session_rate=20.0))


def test_sessions_are_looked_at_once_those_of_the_first_second_are_through():
    it = judge(rate=20.0)
    begin(it)
    overs = [0, 0, 0, 25, 45, 65, 85, 105, 125, 145]
    told = [visit(it, second, over) for second, over in enumerate(overs)]
    assert told[5] is not None
    assert it.judged.start == 4
    assert it.end().verdict == "held"


def test_a_step_in_which_no_session_came_to_its_end_holds_nothing():
    it = judge(rate=20.0)
    begin(it)
    for second in range(10):
        visit(it, second, 0)
    assert it.end() == (None, UNSETTLED)
    assert not it.decided


def test_answers_that_are_too_slow_break_it_before_any_session_is_through():
    it = judge(rate=20.0)
    begin(it)
    assert any(visit(it, second, 0, response_ms=300) is None for second in range(10))
    assert it.end() == ("broken", "p95_ms")
