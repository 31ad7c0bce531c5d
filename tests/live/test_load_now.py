from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.clock import FakeClock
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice, LoadStarted
from brinell.core.observation import Envelope, StepFinished, StepStarted, Vitals
from brinell.core.socket_records import SocketSecond
from brinell.live.load_now import LOOK_BACK_S, LoadNow
from brinell.live.progress import Display
from brinell.reports.layout import cells

STARTED = LoadStarted("browse", "open", "http://127.0.0.1", 0, 30.0, 1000.0, 64, 1, 5.0)


def sparse(values_ms):
    made = Histogram()
    for value in values_ms:
        made.record(int(value * 1e6))
    return made.sparse(), made.max_ns


def piece(values_ms, second=0, outcome="ok", worker=0):
    found, highest = sparse(values_ms)
    return LoadSlice(worker, second, "GET /", outcome, len(values_ms), found, found, highest, highest)


def told(second, *, worker=0, scheduled=10, waiting=0, lag_ms=0.05):
    found, highest = sparse([lag_ms] * 10)
    return GeneratorSecond(worker, second, scheduled, scheduled, 0.2, found, highest, waiting)


def now(*records, started=STARTED):
    made = LoadNow(started)
    for record in records:
        made.add(record)
    return made


def test_everything_that_counts_is_in_one_line():
    found = now(
        Vitals(0, 2, 1.0, 90 << 20, 5, 2), Vitals(500_000_000, 2, 1.4, 94 << 20, 5, 2), piece([10.0] * 6),
        piece([20.0] * 2, outcome="status-503"), piece([5000.0], outcome="timeout"), told(0, scheduled=14, waiting=2),
    ).line()  # fmt: skip
    assert found == (
        "8/s of 14/s due, 3 in flight, 2 waiting; last 1 s: p50 10.0, p95 5,000, p99 5,000 ms; "
        "errors 3: status 2, timeout 1; subject 0.80 cores, 94.0 MiB, schedule lag 0.050 ms"
    )


def test_percentiles_are_of_the_last_seconds_and_not_of_the_whole_run():
    records = [piece([5000.0] * 10), told(0)]
    for second in range(1, LOOK_BACK_S + 1):
        records += [piece([2.0] * 10, second), told(second)]
    assert f"last {LOOK_BACK_S} s: p50 2.00, p95 2.00, p99 2.00 ms" in now(*records).line()


def test_a_second_counts_once_all_workers_told_it_or_one_of_them_is_silent_for_long():
    two = LoadStarted("browse", "open", "http://127.0.0.1", 0, 30.0, 1000.0, 64, 2, 5.0)
    made = now(piece([1.0] * 5), told(0), started=two)
    assert made.line() == "waiting for the first answers"
    made.add(piece([1.0] * 5, worker=1))
    made.add(told(0, worker=1))
    assert made.line().startswith("10/s of 20/s due")
    for second in (1, 2, 3):
        made.add(piece([1.0] * 5, second))
        made.add(told(second))
    assert made.line().startswith("5/s of 10/s due")


@pytest.mark.parametrize("width", [*range(20, 60), 80, 99, 100, 120, 200])
@pytest.mark.parametrize("big", [1, 1_000_000])
def test_rows_fit_every_width(width, big):
    made = now(
        Vitals(0, 2, 1.0, 90 << 20, 5, 2), Vitals(500_000_000, 2, 99.4, 94 << 30, 5, 2),
        piece([1234.0] * 100), piece([4999.0], outcome="timeout"), piece([1.0], outcome="reset\x1b[2J<b>"),
        told(0, scheduled=100 * big, waiting=7 * big),
    )  # fmt: skip
    rows = made.rows(width)
    assert all(cells(row) <= width for row in rows)
    assert len(rows) == (2 if width >= 100 else 4)
    assert "\x1b" not in "".join(rows)


def test_forty_columns_have_all_of_it():
    made = now(
        Vitals(0, 2, 1.0, 90 << 20, 5, 2), Vitals(500_000_000, 2, 1.4, 94 << 20, 5, 2),
        piece([11.2] * 998), piece([5000.0] * 2, outcome="timeout"), told(0, scheduled=1000, waiting=0),
    )  # fmt: skip
    assert made.rows(37) == [
        "998 of 1,000/s, 0 open, 0 wait",
        "p50 11.2, p95 11.2, p99 11.2 ms",
        "0.80 cores, 94.0 MiB, lag 0.050 ms",
        "errors 2: timeout 2",
    ]


def test_a_scenario_that_answers_nothing_says_so():
    assert "no answer in the last seconds" in now(told(0)).line()
    assert now().rows(40) == ["waiting for the first answers"]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2), st.booleans()), max_size=40))
def test_records_in_any_order_can_be_shown(messages):
    made = LoadNow(STARTED)
    for second, worker, ended in messages:
        made.add(piece([3.0], second, worker=worker) if ended else told(second, worker=worker))
        assert all(cells(row) <= 40 for row in made.rows(40))
        assert "-" not in made.line()
    assert len(made._open) <= 21
    assert len(made._recent) <= LOOK_BACK_S


class Shown:
    """A display with a load step, on a screen of its own."""

    def __init__(self, screen, columns, *, terminal=True, lines="24"):
        self.clock = FakeClock()
        self.screen = screen(columns, terminal=terminal)
        environ = {"TERM": "xterm", "COLUMNS": str(columns), "LINES": lines}
        self.display = Display(("load:browse",), stream=self.screen, environ=environ, clock=self.clock)
        self.watch(StepStarted("load:browse"))
        self.watch(STARTED)
        for second in range(12):
            self.clock.sleep(1)
            for record in (piece([10.0] * 9, second), piece([1.0], second, outcome="reset"), told(second)):
                self.watch(record)
            self.clock.sleep(0.2)
            self.display.show("load:browse", second + 1.0, 30.0, "")

    def watch(self, record):
        self.display.watch(Envelope(1, 1, "load:browse", 0, 0, record))


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_the_display_shows_it_below_the_bar(screen, columns):
    shown = Shown(screen, columns)
    first, *rows = [row for row in shown.screen.rows if "against" not in row]
    assert first.startswith("[1/1] load:browse")
    assert "left" in first
    assert "errors 12: reset 12" in " ".join(rows)
    assert shown.screen.widest < columns or any("against" in row for row in shown.screen.rows)
    shown.watch(StepFinished("load:browse"))
    assert not any("p99" in row for row in shown.screen.rows)


def test_a_terminal_of_few_rows_shows_what_it_has_room_for(screen):
    shown = Shown(screen, 60, lines="3")
    assert len([row for row in shown.screen.rows if "against" not in row]) == 2


def test_without_a_terminal_it_is_a_line_every_five_seconds(screen):
    shown = Shown(screen, 80, terminal=False)
    lines = [line for line in shown.screen.getvalue().splitlines() if "p99" in line]
    assert 2 <= len(lines) <= 3
    assert re.match(
        r"\[1/1\] load:browse \d+ %, \d+ s so far, about \d+ s left: 9/s of 10/s due, 0 in flight", lines[0]
    )


def test_connections_that_stay_are_told_and_no_requests():
    started = LoadStarted("chat", "open", "ws://127.0.0.1", 0, 30.0, 10.0, 500, 2, 5.0, socket="broadcast")
    made = now(SocketSecond(0, -1, 200, 40), SocketSecond(1, -1, 150, 10), told(-1), started=started)
    assert made.line() == "making connections: 350 open, 50 under way"
    for worker in (0, 1):
        found, highest = sparse([3.0] * 250)
        made.add(LoadSlice(worker, 0, "delivery", "ok", 250, found, found, highest, highest))
        made.add(SocketSecond(worker, 0, 250, 0, received=250))
    found, highest = sparse([0.1] * 10)
    made.add(LoadSlice(0, 0, "publish", "ok", 10, found, found, highest, highest))
    made.add(LoadSlice(0, 0, "ping", "ok", 10, *[sparse([900.0] * 10)[0]] * 2, 900, 900))
    made.add(told(0, scheduled=10))
    made.add(told(0, worker=1, scheduled=0))
    text = " ".join(made.rows(200))
    assert "10/s of 10/s due, 500 open, 500/s received" in text
    assert "p99 3.00 ms" in text
    assert ("Connections", "500", "500/s received") in made.numbers()


def test_a_second_of_sockets_may_be_told_in_parts_and_late():
    started = LoadStarted("chat", "open", "ws://127.0.0.1", 0, 30.0, 10.0, 64, 1, 5.0, socket="broadcast")
    made = now(SocketSecond(0, 3, 60, 0, received=900), SocketSecond(0, 3, 59, 0, received=300), started=started)
    made.add(SocketSecond(0, 2, 10, 0, received=1))  # a second that is over already
    made.add(told(3))
    assert ("Connections", "59", "1,200/s received") in made.numbers()
