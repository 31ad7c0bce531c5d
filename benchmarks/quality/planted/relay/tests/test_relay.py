import asyncio
import subprocess
import sys
import time
import time as clock
from time import sleep
from unittest import mock

import pytest

from relay import Sandman, retry
from waiting import FakeClock, let_it_settle, until


def test_message_arrives(relay, received):
    relay.send("hello")
    time.sleep(0.1)
    assert received == ["hello"]


def test_message_arrives_in_time(relay, received):
    relay.send("hello")
    until(lambda: received == ["hello"])


def test_joined(relay, received):
    relay.send("hello")
    relay.join()
    assert received == ["hello"]


def test_two_messages(relay, received):
    relay.send(1)
    relay.send(2)
    sleep(0.05)
    assert received == [1, 2]


def test_after_warm_up(warm_relay):
    warm_relay.join()
    assert warm_relay.handled == 1


class TestMany:
    def setup_method(self):
        clock.sleep(0.02)

    def test_hundred(self, relay):
        for number in range(100):
            relay.send(number)
        relay.join()
        assert relay.handled == 100

    def test_none_lost(self, relay, received):
        for number in range(10):
            relay.send(number)
        while len(received) < 10:
            time.sleep(0.001)
        assert received == list(range(10))

    def test_settled(self, relay, received):
        relay.send(0)
        let_it_settle()
        assert received == [0]


def test_in_a_loop():
    async def main():
        done = []

        async def work():
            done.append(1)

        task = asyncio.ensure_future(work())
        await asyncio.sleep(0.05)
        assert done == [1]
        await task

    asyncio.run(main())


def test_gives_way():
    async def main():
        order = []

        async def other():
            order.append("other")

        task = asyncio.ensure_future(other())
        await asyncio.sleep(0)
        order.append("main")
        await task
        return order

    assert asyncio.run(main()) == ["other", "main"]


def test_retry_pauses():
    pause = mock.Mock()
    call = mock.Mock(side_effect=[ConnectionError, "ok"])
    assert retry(call, pause_s=0.5, sleep=pause) == "ok"
    pause.assert_called_once_with(0.5)


def test_retry_gives_up(monkeypatch):
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with pytest.raises(ConnectionError):
        retry(mock.Mock(side_effect=ConnectionError), times=3, sleep=time.sleep)
    assert pauses == [0.01, 0.01]


def test_backoff_adds_up():
    fake = FakeClock()
    sleep = fake.sleep
    sleep(2.5)
    retry(mock.Mock(side_effect=[ConnectionError, 1]), pause_s=4, sleep=sleep)
    assert fake.now == 6.5


def test_sandman():
    sandman = Sandman()
    sandman.sleep(8)
    assert sandman.hours == 8


def test_a_sleeping_program_is_ended():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as program:
        program.kill()
        assert program.wait(timeout=10) != 0
