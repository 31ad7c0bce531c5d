from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.clock import FakeClock
from brinell.core.drill_records import DrillStarted
from brinell.core.observation import Envelope, SeenTest, StepFinished, StepStarted
from brinell.live.progress import Display

TERM = {"TERM": "xterm"}


def envelope(record, source="suite"):
    return Envelope(1, 1, source, 0, 0, record)


class Watched:
    """A display over a screen and a clock of its own."""

    def __init__(self, screen, columns=80, *, terminal=True, encoding="utf-8", **more):
        self.clock = FakeClock()
        self.screen = screen(columns, terminal=terminal, encoding=encoding)
        self.environ = {"TERM": "xterm", "COLUMNS": str(columns)}
        self.display = Display(("suite", "load"), stream=self.screen, environ=self.environ, clock=self.clock, **more)

    def begin(self, step="suite"):
        self.display.watch(envelope(StepStarted(step), step))

    def run(self, seconds, done_to, total, *, text="tests/test_a.py::test_x", step="suite", every=0.1):
        ticks = round(seconds / every)
        for tick in range(1, ticks + 1):
            self.clock.sleep(every)
            self.display.show(step, done_to * tick / ticks, total, text)


def test_a_terminal_shows_the_step_its_share_and_what_is_left(screen):
    watched = Watched(screen)
    watched.begin()
    watched.run(10, 20, 60)
    first, second = watched.screen.rows
    assert re.fullmatch(r"\[1/2\] suite ━+┄+ (9|10) s so far, about (19|20) s left in this step", first)
    assert second.strip() == "tests/test_a.py::test_x"


def test_it_draws_at_most_ten_times_a_second(screen):
    watched = Watched(screen)
    watched.begin()
    watched.run(5, 5000, 5000, every=0.001)
    assert len(watched.screen.writes) <= 51


def test_the_rest_of_the_run_is_told_where_all_of_it_is_known(screen):
    watched = Watched(screen, expected_s={"load": 30.0})
    watched.begin()
    watched.run(10, 30, 60)
    assert re.search(r"about (39|40|41) s left$", watched.screen.rows[0])


def test_steps_that_a_resumed_run_has_behind_it_take_no_time(screen):
    watched = Watched(screen, expected_s={"suite": 100.0})
    watched.begin("load")
    watched.run(10, 30, 60, step="load")
    assert re.search(r"about (9|10|11) s left$", watched.screen.rows[0])


def test_a_step_of_known_length_needs_no_progress(screen):
    watched = Watched(screen, expected_s={"suite": 60.0, "load": 30.0})
    watched.begin()
    watched.clock.sleep(20)
    watched.display.tick()
    assert watched.screen.rows[0].endswith("20 s so far, about 1 min 10 s left")


def test_an_expectation_that_has_run_out_says_nothing(screen):
    watched = Watched(screen, expected_s={"suite": 60.0, "load": 30.0})
    watched.begin()
    watched.clock.sleep(61)
    watched.display.tick()
    assert watched.screen.rows == ["[1/2] suite 1 min 01 s so far"]


def test_the_rest_of_a_step_that_stalls_grows_while_it_says_nothing(screen):
    watched = Watched(screen)
    watched.begin()
    watched.run(10, 20, 60)
    before = int(re.search(r"about (\d+) s left", watched.screen.rows[0])[1])
    for _ in range(100):
        watched.clock.sleep(0.1)
        watched.display.tick()
    assert re.search(r" 20 s so far", watched.screen.rows[0])
    assert int(re.search(r"about (\d+) s left", watched.screen.rows[0])[1]) > before


@pytest.mark.parametrize("columns", [20, 40, 60, 200])
@pytest.mark.parametrize("total", [None, 60.0])
def test_every_width_is_respected(screen, columns, total):
    watched = Watched(screen, columns)
    watched.begin()
    watched.run(10, 20, total, text="x" * 300)
    assert watched.screen.rows
    assert watched.screen.widest < columns


def test_a_narrower_window_is_noticed(screen):
    watched = Watched(screen, 100)
    watched.begin()
    watched.run(10, 20, 60)
    watched.environ["COLUMNS"] = "40"
    watched.run(1, 20, 60)
    assert all(len(row) < 40 for row in watched.screen.rows)


def test_a_failure_stays_above_what_is_redrawn(screen):
    watched = Watched(screen)
    watched.begin()
    watched.run(2, 1, 60)
    watched.display.watch(envelope(SeenTest("a.py::test_bad", "failed", {})))
    watched.run(2, 2, 60)
    assert watched.screen.rows[0] == "failed a.py::test_bad"
    assert watched.screen.rows[1].startswith("[1/2] suite")
    assert len(watched.screen.rows) == 3


def test_the_end_of_a_step_leaves_one_line(screen):
    watched = Watched(screen)
    watched.begin()
    watched.run(3, 60, 60)
    watched.display.watch(envelope(StepFinished("suite")))
    assert watched.screen.rows == ["suite: done (3.0 s)"]


def test_nothing_is_left_half_drawn_when_an_exception_passes(screen):
    watched = Watched(screen)

    def work():
        with watched.display:
            watched.begin()
            watched.run(3, 10, 60)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert watched.screen.rows == []
    watched.display.close()
    assert watched.screen.rows == []


def test_every_frame_is_one_write_that_ends_where_the_next_begins(screen):
    watched = Watched(screen)
    watched.begin()
    watched.run(3, 10, 60)
    for number in range(1, len(watched.screen.writes) + 1):
        partial = screen()
        partial.writes = [*watched.screen.writes[:number], "\r\x1b[J"]
        assert partial.rows == []


def test_without_a_terminal_there_are_plain_lines_at_most_every_five_seconds(screen):
    watched = Watched(screen, terminal=False)
    watched.begin()
    watched.run(21, 42, 60)
    watched.display.watch(envelope(StepFinished("suite")))
    text = watched.screen.getvalue()
    assert "\x1b" not in text
    assert "\r" not in text
    lines = text.splitlines()
    assert lines[0] == "suite: begun"
    assert lines[-1] == "suite: done (21.0 s)"
    assert 3 <= len(lines[1:-1]) <= 4
    assert re.fullmatch(
        r"\[1/2\] suite 1\d %, 5 s so far, about 2\d s left in this step: tests/test_a.py::test_x", lines[1]
    )


def test_quiet_is_silent(screen):
    watched = Watched(screen, quiet=True)
    watched.begin()
    watched.run(3, 10, 60)
    watched.display.watch(envelope(StepFinished("suite")))
    watched.display.close()
    assert watched.screen.writes == []


def test_a_terminal_without_unicode_gets_ascii(screen):
    watched = Watched(screen, encoding="ascii")
    watched.begin()
    watched.run(3, 10, 60, text="naïve ✗ 日本")
    assert "=" in watched.screen.rows[0]
    watched.display.watch(envelope(SeenTest("a.py::test_日本", "failed", {})))
    assert watched.screen.rows[0] == "failed a.py::test_??"


def test_a_broken_pipe_silences_the_display_and_not_the_run(screen):
    watched = Watched(screen)
    watched.begin()

    def broken(_):
        raise BrokenPipeError

    watched.screen.write = broken
    watched.run(3, 10, 60)
    watched.display.watch(envelope(StepFinished("suite")))
    watched.display.close()


@given(
    st.lists(st.tuples(st.floats(-5, 100), st.one_of(st.none(), st.floats(0, 100)), st.text(max_size=60)), max_size=30)
)
def test_any_progress_can_be_shown(screen, steps):
    watched = Watched(screen, 40)
    watched.begin()
    for done, total, text in steps:
        watched.clock.sleep(0.5)
        watched.display.show("suite", done, total, text)
        assert "-" not in re.sub(r".*?(\d+ s|ending|$)", "", watched.screen.rows[0])
    assert len(watched.screen.rows) <= 2


def test_how_long_a_drill_takes_is_not_foretold_from_the_load_beside_it(screen):
    watched = Watched(screen)
    watched.begin()
    watched.display.watch(envelope(DrillStarted("drain", 0), "suite"))
    watched.run(10, 10, 260)
    assert watched.screen.rows[0].endswith((" 9 s so far", " 10 s so far"))
    assert "left" not in watched.screen.rows[0]
