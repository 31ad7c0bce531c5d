"""A step that presses again and again says in its own words where it stands; each press is no news of its own."""

from __future__ import annotations

import msgspec

from brinell.core.capacity_records import CapacityStarted, CapacityStep
from brinell.core.clock import FakeClock
from brinell.core.load_records import LoadStarted
from brinell.core.observation import Choice, Envelope, StepStarted
from brinell.live.page import RunPage
from brinell.live.progress import Display

STARTED = CapacityStarted("notes", "rate", "http://127.0.0.1", {}, (), 50, 1e5, 0.05, 10, 300)
PRESS = LoadStarted("notes@800", "open", "http://127.0.0.1", 0, 10.0, 800.0, 64, 1, 5.0)
STEP = CapacityStep(5, 800.0, "twice", "broken", "falling behind", 6.0, 0, 0, 0, 4, 800.0, 700.0, 3000, 1, 256)


def shown(screen, *, terminal):
    clock, it = FakeClock(), screen(100, terminal=terminal, encoding="utf-8")
    display = Display(("capacity:notes",), stream=it, environ={"TERM": "xterm", "COLUMNS": "100"}, clock=clock)
    for record in (StepStarted("capacity:notes"), STARTED, Choice("notes: step 5, 800/s", "twice"), PRESS, STEP):
        display.watch(Envelope(1, 1, "capacity:notes", 0, 0, record))
    clock.sleep(6.0)
    display.show("capacity:notes", 60.0, 300.0, "step 6, 565.7/s; 400 held; 800 broke; at most 240 s left")
    return it


def test_a_terminal_has_the_search_above_the_press(screen):
    text = "\n".join(shown(screen, terminal=True).rows)
    assert "step 5: 800 broken (falling behind)" in text
    assert "step 6, 565.7/s; 400 held; 800 broke" in text
    assert "waiting for the first answers" in text
    assert "800/s for" not in text


def test_plain_lines_have_the_search_alone(screen):
    text = "\n".join(shown(screen, terminal=False).rows)
    assert "step 5: 800 broken (falling behind)" in text
    assert "step 6, 565.7/s; 400 held; 800 broke" in text
    assert "waiting for" not in text
    assert "800/s for" not in text


def test_a_search_is_not_expected_to_outlast_its_budget(screen):
    clock, it = FakeClock(), screen(100, terminal=True, encoding="utf-8")
    environ = {"TERM": "xterm", "COLUMNS": "100"}
    display = Display(("notes",), expected_s={"notes": 90.0}, stream=it, environ=environ, clock=clock)
    for record in (StepStarted("notes"), STARTED):
        display.watch(Envelope(1, 1, "notes", 0, 0, record))
    for second in range(1, 11):
        clock.sleep(1.0)
        display.show("notes", second / 4, 90.0, "step 1")  # at that pace: six minutes
    assert it.rows[0].endswith(("10 s so far, about 1 min 20 s left", "9 s so far, about 1 min 20 s left"))


def test_the_page_draws_what_was_tried_so_far_and_says_where_the_search_stands():
    page = RunPage("shop", ("capacity:notes",), clock=FakeClock())
    try:
        for record in (StepStarted("capacity:notes"), STARTED, PRESS):
            page.watch(Envelope(1, 1, "capacity:notes", 0, 0, record))
        assert "Response time by load" not in page.draw()["run"]  # nothing is over
        for number, (level, verdict, p95_ms) in enumerate(((400.0, "held", 3), (800.0, "broken", 900)), start=1):
            step = msgspec.structs.replace(
                STEP, number=number, level=level, verdict=verdict, p95_ns=p95_ms * 10**6, p99_ns=p95_ms * 10**6
            )
            page.watch(Envelope(1, 1, "capacity:notes", 0, 0, step))
        page.show("capacity:notes", 60.0, 300.0, "step 3, 565.7/s; 400 held; 800 broke; at most 240 s left")
        drawn = page.draw()["run"]
        assert "after 2 steps: holds 400/s and breaks at 800/s" in drawn
        assert "step 3, 565.7/s; 400 held" in drawn
        assert drawn.count("<b>Response time by load</b>") == 1
    finally:
        page.close()
