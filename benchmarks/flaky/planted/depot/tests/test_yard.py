import logging
import os
import time

from depot import yard


def test_tram_arrives():
    yard.arrive(12, "red")
    assert yard.TRAMS[12] == "red"


def test_all_leave():
    yard.leave_all()
    assert not yard.TRAMS


def test_yard_is_empty_in_the_morning():
    assert len(yard.TRAMS) == 0


def test_gate_opens():
    yard.Gate().open()
    assert yard.Gate.state == "open"


def test_gate_closes():
    yard.Gate().close()
    assert yard.Gate.state == "closed"


def test_gate_is_closed_at_night():
    assert yard.Gate().state == "closed"


def test_winter():
    os.environ["DEPOT_SEASON"] = "winter"
    assert yard.season() == "winter"


def test_summer():
    os.environ.pop("DEPOT_SEASON", None)
    assert yard.season() == "summer"


def test_timetable_is_the_summer_one():
    assert yard.season() == "summer"


def test_verbose_depot():
    yard.log.setLevel(logging.DEBUG)
    assert yard.level() == logging.DEBUG


def test_depot_follows_the_root():
    yard.log.setLevel(logging.NOTSET)
    assert yard.level() == logging.getLogger().getEffectiveLevel()


def test_depot_is_quiet():
    assert yard.level() > logging.DEBUG


REAL = time.perf_counter


def test_fake_clock():
    time.perf_counter = lambda: 7.0
    assert yard.tick()() == 7.0


def test_real_clock():
    time.perf_counter = REAL
    assert yard.tick() is REAL


def test_clock_moves():
    tick = yard.tick()
    first = tick()
    assert any(tick() > first for _ in range(10000))


def test_board_of_a_line():
    yard.board.cache_clear()
    assert yard.board("green") == []
