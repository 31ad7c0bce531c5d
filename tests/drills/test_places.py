"""Processes that take connections, and those that only watch over them."""

from __future__ import annotations

import socket
import sys
import time

from brinell.drills.places import Places
from brinell.subject import guard, sockets
from brinell.subject.ports import lasting_port

SERVICE = """
import os, socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
kept = []
for n in range(int(sys.argv[2])):
    if not os.fork():
        while True:
            kept.append(s.accept())
            time.sleep(0.05)
time.sleep(600)
"""


def begin(tmp_path, workers):
    port = lasting_port() or sockets.free_port()
    log = tmp_path / "log"
    child = guard.start(
        [sys.executable, "-S", "-c", SERVICE, str(port), str(workers)], cwd=tmp_path, stdout=log, stderr=log
    )
    while len(sockets.listening_pids("127.0.0.1", port)[0]) < workers + 1:
        assert child.wait(0.02) is None, log.read_text()
    return child, port


def test_who_holds_connections_is_counted_and_the_parent_is_none(tmp_path):
    child, port = begin(tmp_path, 2)
    try:
        places = Places("127.0.0.1", port)
        assert (places.number, places.taken()) == (2, None)
        held = [socket.create_connection(("127.0.0.1", port))]
        while places.taken() is None:
            guard.beat_all()
            time.sleep(0.01)
        assert places.taken() == 1
        held += [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        while places.taken() != 2:  # whoever has taken one rests for a moment, and the other one is awake
            guard.beat_all()
            time.sleep(0.01)
        for one in held:
            one.close()
    finally:
        child.stop(0.0)


def test_of_one_process_nothing_is_said(tmp_path):
    child, port = begin(tmp_path, 1)
    try:
        places = Places("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port)):
            assert (places.number, places.taken()) == (1, None)
    finally:
        child.stop(0.0)


def test_of_another_host_nothing_is_known():
    assert Places("192.0.2.1", 80).number == 0
