"""Answers of real sockets; every server here listens on 127.0.0.1 and serves one connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.clock import SystemClock
from brinell.core.errors import Interrupted
from brinell.subject import readiness
from brinell.subject.readiness import Answer, get


@contextlib.contextmanager
def server(*parts: bytes, hold: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """Take one connection, read its request, send the parts; ``hold``: keep it open until the test is over."""
    got: list[bytes] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                got.append(connection.recv(65536))
                for part in parts:
                    connection.sendall(part)
                if hold:
                    over.wait(30)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], got
        finally:
            over.set()
            thread.join()


def ask(port: int, path: str = "/health", timeout_s: float = 20.0, tick=lambda: None) -> Answer:
    return get("127.0.0.1", port, path, timeout_s=timeout_s, clock=SystemClock(), tick=tick)


def test_a_2xx_is_ready_at_once_even_if_the_body_never_ends():
    with server(b"HTTP/1.1 204 No Content\r\n\r\n", hold=True) as (port, got):
        answer = ask(port, "/health?x=1")
    assert answer == Answer(204, "")
    assert answer.ready
    assert got[0].startswith(f"GET /health?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode())
    assert b"Connection: close" in got[0]


def test_a_refusal_carries_the_start_of_its_body_redacted_and_plain():
    body = b"database \x1b[31mdown\x1b[0m: postgres://shop:hunter2@db\nmore"
    with server(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n" % len(body), body) as (port, _):
        answer = ask(port)
    assert answer.status == 503
    assert not answer.ready
    assert "database down" in answer.said
    assert "hunter2" not in answer.said
    assert "\x1b" not in answer.said


def test_chunked_and_cut_bodies_are_shown_as_far_as_they_came():
    with server(b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n") as (port, _):
        assert ask(port) == Answer(404, "hello")
    with server(b"HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\ncut") as (port, _):
        assert ask(port) == Answer(500, "cut")
    with server(b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") as (port, _):
        assert ask(port).status == 404


def test_a_redirect_says_where_to():
    with server(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n") as (port, _):
        assert ask(port) == Answer(302, "to /login")


def test_nobody_there_is_refused_and_other_failures_are_not(closed_port):
    assert ask(closed_port).refused
    with server() as (port, _):
        answer = ask(port)
    assert answer.status is None
    assert not answer.refused
    assert "without an answer" in answer.said


def test_what_is_not_http_is_said():
    with server(b"SSH-2.0-OpenSSH_9.7\r\n") as (port, _):
        assert "not HTTP: 'SSH-2.0-OpenSSH_9.7'" in ask(port).said


def test_silence_ends_with_the_time_and_the_loop_that_owns_time_goes_on():
    ticks = []
    with server(hold=True) as (port, _):
        answer = ask(port, timeout_s=0.7, tick=lambda: ticks.append(1))
    assert "gave no answer" in answer.said
    assert len(ticks) >= 2


def test_a_stop_that_was_asked_for_passes_through():
    def stop() -> None:
        raise Interrupted("stop")

    with server(hold=True) as (port, _), pytest.raises(Interrupted):
        ask(port, tick=stop)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer(data):
    answer = readiness._parse(data)
    assert answer.said.isprintable() or not answer.said
    assert not answer.ready or data.startswith(b"HTTP/")
