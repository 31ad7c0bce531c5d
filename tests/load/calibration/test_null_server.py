"""The server that does nothing, in a process of its own: it answers what it knows, and ends with the pipe."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from brinell.load.calibration.null_server import ANSWER, listener

SHORT, LONG = b"GET / HTTP/1.1\r\n\r\n", b"POST /notes HTTP/1.1\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
SERVE = """
import socket, sys
from brinell.load.calibration.null_server import Requests, serve
head = b"POST /notes HTTP/1.1\\r\\nContent-Length: 200000\\r\\n\\r\\n"
known = [b"GET / HTTP/1.1\\r\\n\\r\\n", head + b"x" * 200_000]
serve(socket.socket(fileno=int(sys.argv[1])), Requests.knowing(known), int(sys.argv[2]))
"""


@pytest.fixture
def port():
    listening, (theirs, ours) = listener(), os.pipe()
    number = listening.getsockname()[1]
    argv = [sys.executable, "-P", "-c", SERVE, str(listening.fileno()), str(theirs)]
    process = subprocess.Popen(argv, pass_fds=(listening.fileno(), theirs))
    listening.close()
    os.close(theirs)
    yield number
    os.close(ours)
    assert process.wait(30) == 0


def talk(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def test_it_answers_every_whole_request_once(port):
    with talk(port) as visitor:
        for request in (SHORT, LONG, SHORT):
            visitor.sendall(request)
            assert visitor.recv(4096) == ANSWER


def test_a_request_in_pieces_is_answered_when_it_is_whole(port):
    with talk(port) as visitor:
        visitor.sendall(SHORT[:5])
        visitor.settimeout(0.05)
        with pytest.raises(TimeoutError):
            visitor.recv(1)
        visitor.settimeout(30)
        visitor.sendall(SHORT[5:])
        assert visitor.recv(4096) == ANSWER


def test_strangers_cost_it_no_more_than_a_request(port):
    with talk(port) as stranger, talk(port) as visitor:
        with pytest.raises(ConnectionError):
            stranger.sendall(b"y" * 1000 * len(LONG))
        visitor.sendall(SHORT)
        assert visitor.recv(4096) == ANSWER
