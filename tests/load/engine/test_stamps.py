"""When bytes came is what the system says, unless that cannot be."""

from __future__ import annotations

import socket
import struct
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.engine.stamps import STAMP_BYTES, Ahead, ask_for_stamps, stamped_here

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps what TCP receives")


@pytest.fixture
def pair():
    assert stamped_here()  # and go on being so
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as here:
        there, _ = server.accept()
        with there:
            yield here, there


def test_linux_stamps_what_tcp_receives():
    assert stamped_here()


def test_an_answer_that_is_read_late_came_when_it_came(pair):
    here, there = pair
    ask_for_stamps(here)
    before = time.monotonic_ns()
    there.sendall(b"answer")
    after = time.monotonic_ns()
    time.sleep(0.05)
    data, told, _, _ = here.recvmsg(100, STAMP_BYTES)
    came = Ahead().arrival_ns(told, before)
    assert data == b"answer"
    assert before <= came < after + 10_000_000
    assert time.monotonic_ns() - came > 40_000_000


def test_the_last_part_of_an_answer_counts(pair):
    here, there = pair
    ask_for_stamps(here)
    there.sendall(b"a" * 1000)
    time.sleep(0.03)
    middle = time.monotonic_ns()
    there.sendall(b"b" * 1000)
    time.sleep(0.03)
    data, told, _, _ = here.recvmsg(4000, STAMP_BYTES)
    assert len(data) == 2000
    assert Ahead().arrival_ns(told, 0) > middle - 10_000_000


def test_without_a_stamp_it_came_now(pair):
    here, there = pair
    there.sendall(b"answer")
    before = time.monotonic_ns()
    _, told, _, _ = here.recvmsg(100, STAMP_BYTES)
    assert before <= Ahead().arrival_ns(told, 0) <= time.monotonic_ns()


@given(st.integers(-(10**10), 10**10), st.integers(0, 10**9))
def test_a_stamp_that_cannot_be_is_not_believed(off_ns, ago_ns):
    """The wall clock may be set by hand, forwards and backwards, between the arrival and the look."""
    sent = time.monotonic_ns() - ago_ns
    wall = time.time_ns() + off_ns
    told = [(socket.SOL_SOCKET, 35, struct.pack("@qq", *divmod(wall, 10**9)))]
    came = Ahead().arrival_ns(told, sent)
    assert sent <= came <= time.monotonic_ns()
