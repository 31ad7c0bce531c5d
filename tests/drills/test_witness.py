"""One connection under the magnifying glass, against sockets that do as they are told."""

from __future__ import annotations

import contextlib
import socket
import struct
import time

import pytest

from brinell.drills.wire import FIN, OPEN, REFUSED, RESET
from brinell.drills.witness import Witness
from brinell.load.engine.endpoint import Endpoint

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def met():
    """A witness and the other end of its connection."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def meet(**more):
            witness = Witness(Endpoint(socket.AF_INET, listening.getsockname()), **more)
            stack.callback(witness.abort)
            other, _ = listening.accept()
            stack.enter_context(other)
            other.settimeout(60.0)
            until(witness, lambda: witness.connected)
            return witness, other

        yield meet


def until(witness, condition, **more):
    deadline = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        witness.look(**more)
        time.sleep(0.001)


def reset(other):
    other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    other.close()


def test_an_answer_is_read_whole_and_the_connection_goes_on(met):
    witness, other = met()
    witness.send(GET)
    assert other.recv(100) == GET
    assert witness.midway
    other.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    until(witness, lambda: witness.bytes_in)
    assert witness.answers == 0
    other.sendall(b"llo")
    until(witness, lambda: witness.answers)
    assert (witness.status, witness.body, witness.midway, witness.state) == (200, b"hello", False, OPEN)
    assert witness.sent_ns <= witness.first_byte_ns <= witness.answered_ns
    witness.send(GET)
    other.sendall(b"HTTP/1.1 503 No\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n")
    until(witness, lambda: witness.answers == 2)
    assert (witness.status, witness.body, witness.announced) == (503, b"no", True)


def test_announcements_are_no_answers_and_head_has_no_body(met):
    witness, other = met()
    witness.send(GET, bodiless=True)
    other.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 OK\r\nContent-Length: 10\r\n\r\n")
    until(witness, lambda: witness.answers)
    assert (witness.answers, witness.status) == (1, 204)


def test_an_answer_may_end_with_the_connection(met):
    witness, other = met()
    witness.send(GET)
    assert other.recv(100) == GET
    other.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
    other.close()
    until(witness, lambda: witness.state != OPEN)
    assert (witness.state, witness.answers, witness.body) == (FIN, 1, b"hello")


@pytest.mark.parametrize(("how", "state"), [(socket.socket.close, FIN), (reset, RESET)])
def test_how_a_connection_ended(met, how, state):
    witness, other = met()
    how(other)
    until(witness, lambda: witness.state != OPEN)
    assert (witness.state, witness.answers) == (state, 0)
    assert witness.ended_ns > witness.opened_ns
    witness.send(GET)  # and nothing happens
    witness.look()
    assert witness.sent_ns == 0


def test_a_port_that_nobody_listens_on(closed_port):
    witness = Witness(Endpoint(socket.AF_INET, ("127.0.0.1", closed_port)))
    until(witness, lambda: witness.state != OPEN)
    assert witness.state == REFUSED


def test_what_is_no_http(met):
    witness, other = met()
    witness.send(GET)
    other.sendall(b"220 ready\r\n")
    until(witness, lambda: witness.state != OPEN)
    assert witness.why.startswith("not HTTP")


def test_a_slow_reader_reads_nothing_and_sees_a_reset(met):
    witness, other = met(window=2048)
    witness.send(GET)
    other.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        for _ in range(100_000):
            sent += other.send(b"x" * 10_000)
    witness.look(0)
    assert (witness.bytes_in, witness.state) == (0, OPEN)
    assert sent < 100_000_000  # it stood in the way
    reset(other)
    until(witness, lambda: witness.state != OPEN, most=0)
    assert witness.state == RESET


def test_a_slow_reader_sees_an_orderly_end_behind_what_it_does_not_read(met):
    witness, other = met()
    witness.send(GET)
    assert other.recv(100) == GET
    other.sendall(b"HTTP/1.1 408 Late\r\n\r\n")
    other.close()
    until(witness, lambda: witness.state != OPEN, most=0)
    assert (witness.state, witness.bytes_in) == (FIN, 0)


def test_what_does_not_fit_goes_out_later(met):
    witness, other = met()
    body = b"y" * 8_000_000
    witness.send(body)
    received = 0
    deadline = time.monotonic() + 60
    while received < len(body):
        assert time.monotonic() < deadline
        witness.look()
        received += len(other.recv(1 << 20))
