"""Answers put aside and worked out together are what they would be one by one."""

from __future__ import annotations

import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.engine.exemplars import SLOWEST
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.stamps import ahead_ns
from brinell.load.websocket.echoes import Echoes

MS = 1_000_000
STEERED_NS = 200_000  # what the wall clock may be steered by while a test runs


def put_aside(echoes, ended, due, woken, started, *, set_by=0):
    echoes.stamps.append(struct.pack("@qq", *divmod(ended + ahead_ns() + set_by, 10**9)))
    for one, value in zip(echoes.instants, (due, woken, started), strict=True):
        one.append(value)


@pytest.fixture
def made():
    recorder = Recorder(0)
    return recorder, Echoes(recorder.cell("echo", "ok"), recorder.exemplars)


def test_nothing_is_nothing(made):
    _, echoes = made
    assert echoes.work_out(time.monotonic_ns()) == 0


def test_response_counts_from_due_and_service_from_the_send(made):
    recorder, echoes = made
    now = time.monotonic_ns()
    put_aside(echoes, now - 10 * MS, now - 50 * MS, now - 49 * MS, now - 40 * MS)
    assert echoes.work_out(now) == 1
    assert echoes.work_out(now) == 0
    cell = recorder.cell("echo", "ok")
    assert abs(cell.response[0] - 40 * MS) < STEERED_NS
    assert abs(cell.service[0] - 30 * MS) < STEERED_NS
    (one,) = recorder.exemplars.take()
    assert (one.due_ns, one.woken_ns, one.started_ns) == (now - 50 * MS, now - 49 * MS, now - 40 * MS)
    assert abs(one.ended_ns - (now - 10 * MS)) < STEERED_NS


def test_an_answer_before_its_message_or_from_tomorrow_came_when_it_was_worked_out(made):
    recorder, echoes = made
    now = time.monotonic_ns()
    for ended in (now - 500 * MS, now + 60_000 * MS):
        put_aside(echoes, ended, now - 50 * MS, now - 50 * MS, now - 40 * MS)
    echoes.work_out(now)
    assert list(recorder.cell("echo", "ok").response) == [50 * MS] * 2
    assert list(recorder.cell("echo", "ok").service) == [40 * MS] * 2


def test_what_was_read_before_a_mark_came_before_it_whatever_the_clock_says(made):
    recorder, echoes = made
    now = time.monotonic_ns()
    put_aside(echoes, now, now - 30 * MS, now - 30 * MS, now - 30 * MS, set_by=-(10**12))
    echoes.mark(now - 20 * MS)
    echoes.mark(now - 15 * MS)  # nothing new: no mark
    put_aside(echoes, now, now - 30 * MS, now - 30 * MS, now - 30 * MS, set_by=10**12)
    assert echoes.work_out(now) == 2
    assert list(recorder.cell("echo", "ok").response) == [10 * MS, 30 * MS]


@given(st.lists(st.lists(st.integers(1, 400), max_size=40), max_size=5))
def test_the_slowest_are_kept_whatever_the_order(rounds):
    recorder = Recorder(0)
    echoes = Echoes(recorder.cell("echo", "ok"), recorder.exemplars)
    now = time.monotonic_ns()
    for ages in rounds:
        for age in ages:
            due = now - age * MS
            put_aside(echoes, now, due, due, due)
        assert echoes.work_out(now) == len(ages)
    every = sorted((age for ages in rounds for age in ages), reverse=True)
    kept = sorted((round((one.ended_ns - one.due_ns) / MS) for one in recorder.exemplars.take()), reverse=True)
    assert kept == every[:SLOWEST]
    assert len(np.array(recorder.cell("echo", "ok").response)) == len(every)
