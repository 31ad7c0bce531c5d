from __future__ import annotations

import socket
import time

import pytest

from brinell.load.engine.poller import READ, WRITE, EpollPoller, SelectorPoller


@pytest.fixture(params=[EpollPoller, SelectorPoller])
def polling(request):
    return request.param()


@pytest.fixture
def pair():
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def test_readiness_is_told_with_what_is_ready(polling, pair):
    here, there = pair
    polling.add(here.fileno(), READ, lambda _: None)
    assert polling.wait(0) == []
    there.send(b"x")
    assert polling.wait(10**9) == [(here.fileno(), READ)]
    polling.change(here.fileno(), READ | WRITE, lambda _: None)
    assert polling.wait(10**9) == [(here.fileno(), READ | WRITE)]
    polling.remove(here.fileno())
    assert polling.wait(0) == []
    assert polling.handlers == {}


def test_what_is_watched_for_nothing_is_silent_until_it_is_watched_again(polling, pair):
    here, there = pair
    polling.add(here.fileno(), READ, lambda _: None)
    polling.change(here.fileno(), 0, lambda _: None)
    there.send(b"x")
    assert polling.wait(1_000_000) == []
    polling.change(here.fileno(), 0, lambda _: None)
    polling.change(here.fileno(), READ, lambda _: None)
    assert polling.wait(10**9) == [(here.fileno(), READ)]
    polling.change(here.fileno(), 0, lambda _: None)
    polling.remove(here.fileno())
    assert polling.handlers == {}


@pytest.mark.parametrize("timeout_ns", [0, 200_000, 2_000_000, 5_000_000])
def test_a_wait_without_events_ends_by_itself_and_not_a_whole_grain_late(polling, pair, timeout_ns):
    polling.add(pair[0].fileno(), READ, lambda _: None)
    until = time.monotonic_ns() + timeout_ns
    while time.monotonic_ns() < until:  # a wait may end early: callers look at the clock
        assert polling.wait(until - time.monotonic_ns()) == []


def test_epoll_wakes_for_bytes_in_a_short_wait_too(pair):
    polling = EpollPoller()
    here, there = pair
    polling.add(here.fileno(), READ, lambda _: None)
    there.send(b"x")
    assert polling.wait(500_000) == [(here.fileno(), READ)]


def test_only_a_sharp_wait_is_spent_looking(pair, monkeypatch):
    poller, looks = EpollPoller(), []
    poller.add(pair[0].fileno(), READ, lambda _: None)
    monkeypatch.setattr(poller, "_attentive", looks.append)
    poller.wait(3_000_000)
    assert poller.wait(3_000_000, sharp=False) == []
    assert looks == [3_000_000]
