"""Answers may lie unread for a while; nothing is lost by it, and nothing is late by it."""

from __future__ import annotations

import asyncio
import sys

import pytest

from brinell.load.engine.patience import Patience
from brinell.load.engine.stamps import stamped_here
from brinell.load.shapes.constant import Constant

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LATE_NS = 500_000
stamped = pytest.mark.skipif(sys.platform != "linux" or not stamped_here(), reason="answers are not stamped here")


class Looks:
    """A poller that counts how often it is asked."""

    def __init__(self):
        self.asked = []

    def wait(self, timeout_ns, *, sharp=True):
        self.asked.append(timeout_ns if sharp else -timeout_ns)
        return [(1, 1)]


def test_it_looks_at_once_at_first_and_then_every_so_often():
    poller = Looks()
    patience = Patience(poller, [object()], set(), LATE_NS)
    step = LATE_NS // 5
    seen = [len(patience.wait(step)) for _ in range(16)]
    assert seen == [1, 0, 0, 0, 0] * 3 + [1]
    assert poller.asked == [step] * 4


@pytest.mark.parametrize(("resting", "urgent"), [([], set()), ([object()], {object()})])
def test_it_looks_every_time_where_something_is_held_up(resting, urgent):
    poller = Looks()
    patience = Patience(poller, resting, urgent, LATE_NS)
    assert all(patience.wait(1000) for _ in range(10))


def test_whether_a_wait_is_sharp_is_the_pollers():
    poller = Looks()
    patience = Patience(poller, [object()], set(), LATE_NS)
    patience.wait(LATE_NS, sharp=False)
    assert poller.asked == [-LATE_NS]


def test_a_long_wait_is_the_pollers():
    poller = Looks()
    patience = Patience(poller, [object()], set(), LATE_NS)
    assert [len(patience.wait(10 * LATE_NS)) for _ in range(3)] == [1, 1, 1]


def test_an_overdue_wait_comes_back():
    patience = Patience(Looks(), [object()], set(), LATE_NS)
    patience.wait(0)
    assert patience.wait(-5) == ()


def test_a_loop_that_is_behind_looks_all_the_same():
    poller = Looks()
    patience = Patience(poller, [object()], set(), LATE_NS)
    patience.wait(0)
    for _ in range(1000):
        patience.wait(-5000)
    assert 10 <= len(poller.asked) <= 100
    assert sum(len(patience.wait(LATE_NS // 5)) for _ in range(10)) >= 1  # and no debt is left


async def _answers(reader, writer):
    number = 0
    while await reader.readuntil(b"\r\n\r\n"):
        number += 1
        if number % 7 == 0:  # in two parts
            writer.write(OK[:20])
            await asyncio.sleep(0.001)
            writer.write(OK[20:])
        elif number % 11 == 0:  # another body
            writer.write(OK.replace(b"ok", b"no"))
        elif number % 50 == 0:
            return
        else:
            writer.write(OK)


@stamped
def test_what_is_read_late_is_counted_as_what_is_read_at_once(lab):
    port = lab.start(_answers)
    done = lab.drive(port, Constant(3000, 0.5), connections=16, patient=True)
    assert done.engine.scheduled == 1500 == sum(done.outcomes.values())
    assert done.outcomes["ok"] > 1300
    assert set(done.outcomes) <= {"ok", "reset"}
    assert done.engine.unfinished == 0
    assert done.response().count == done.service().count == 1500


@stamped
def test_who_never_answers_times_out(lab):
    async def silent(reader, _writer):
        await reader.read()

    done = lab.drive(lab.start(silent), Constant(1000, 0.2), connections=8, timeout_s=0.1, patient=True)
    assert sum(done.outcomes.values()) == 200
    assert done.outcomes["timeout"] >= 8
