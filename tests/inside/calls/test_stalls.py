"""A loop that stands still is told with its place; one that waits for a processor is not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from brinell_inside.calls import loop

MS = 1_000_000


class Told:
    def __init__(self):
        self.said = []

    def say(self, kind, **fields):
        assert kind == "stall"
        self.said.append(fields)


def stalled(monkeypatch, kept_waiting_ns):
    """What is said of 300 ms in which the loop did not come round."""
    told = Told()
    stalls = loop.Stalls(told, threading.get_ident(), "/nowhere")
    monkeypatch.setattr(loop._KeptWaiting, "since_last_ns", lambda _: kept_waiting_ns)
    stalls.beat(1000 * MS)
    stalls.look(1150 * MS)
    stalls._where = "shop.py:3 in get"  # where this test stands is the loop's own place
    stalls.beat(1300 * MS)
    stalls.look(2400 * MS)
    return told.said


def test_a_stall_is_told_without_what_was_waited_for_a_processor(monkeypatch):
    (one,) = stalled(monkeypatch, 50 * MS)
    own_ns = 300 * MS - int(loop.EVERY_S * 1e9) - 50 * MS
    assert one == {"where": "shop.py:3 in get", "count": 1, "total_ns": own_ns, "longest_ns": own_ns}


def test_a_loop_that_waited_for_a_processor_did_not_stall(monkeypatch):
    assert stalled(monkeypatch, 250 * MS) == []


@pytest.mark.skipif(sys.platform != "linux", reason="not here: only Linux says how long a thread waits for a processor")
def test_waiting_for_a_processor_is_told_apart_from_sleeping_and_working():
    found = []

    def share():
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        began = time.monotonic_ns()
        waiting = loop._KeptWaiting()
        time.sleep(0.05)
        slept = waiting.since_last_ns() - (time.monotonic_ns() - began)
        began, worked = time.monotonic_ns(), time.thread_time_ns()
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:  # on this thread's core, as it is
            end = time.monotonic() + 0.6
            while time.monotonic() < end:
                pass
            other.kill()
        found.append((slept, waiting.since_last_ns(), time.monotonic_ns() - began - (time.thread_time_ns() - worked)))

    thread = threading.Thread(target=share)
    thread.start()
    thread.join()
    ((slept, shared, not_at_work),) = found
    assert 20 * MS < shared <= not_at_work + 5 * MS  # two that want one core: about half
    assert slept < -45 * MS  # all but what it waited for once its sleep was over
