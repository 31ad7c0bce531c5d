"""Less processor and other interleavings: what is in want of time fails, what is in want of a lock fails, no other."""

from __future__ import annotations

RACES = """
import sys, threading, time

class Hits:
    count = 0
    lock = threading.Lock()
    def more(self, count):
        return count + 1
    def hit(self):
        for _ in range(300):
            self.count = self.more(self.count)
    def safe_hit(self):
        for _ in range(300):
            with self.lock:
                self.count = self.more(self.count)

def run(call):
    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

def test_lost_update():
    hits = Hits(); run(hits.hit)
    assert hits.count == 600

def test_against_the_thread_that_starts_it():
    hits = Hits(); thread = threading.Thread(target=hits.hit)
    thread.start(); hits.hit(); thread.join()
    assert hits.count == 600

def test_lost_within_a_line():
    hits = Hits()
    def hit():
        for _ in range(300): hits.count = hits.count + len("x")
    run(hit)
    assert hits.count == 600

def test_locked():
    hits = Hits(); run(hits.safe_hit)
    assert hits.count == 600

def test_one_step():
    out = []
    run(lambda: [out.append(n) for n in range(300)])
    assert len(out) == 600

def test_nobody_traces_what_has_no_threads():
    assert sys.gettrace() is None
    total = sum(n for n in range(1000))
    assert sys.gettrace() is None and total == 499500
"""


RACING = {"test_lost_update", "test_against_the_thread_that_starts_it", "test_lost_within_a_line"}


def test_interleaving_shows_races_and_nothing_else(under):
    """A race shows by chance, each for itself: a run that shows none is not the factor's fault, a few are.

    A thread may be through before the machine lets the other one begin; and without the factor a thread may be put
    off in the midst of it, for once.
    """
    plain = (under({}, RACES)["outcomes"].values() for _ in range(5))
    assert any({outcome for outcome, _ in outcomes} == {"passed"} for outcomes in plain)
    shown: set[str] = set()
    for _ in range(12):
        said = under({"interleaving": "lines"}, RACES)
        assert said["problems"] == {}
        shown |= {name for name, (outcome, _) in said["outcomes"].items() if outcome != "passed"}
        if shown >= RACING:
            break
    assert shown == RACING


WAITS = """
import subprocess, sys, threading, time

def work():
    total = 0
    while total < 600_000: total += 1
    return total

def test_limit_that_only_a_machine_of_this_speed_keeps():
    began = time.perf_counter()
    for _ in range(4): work()
    assert time.perf_counter() - began < LIMIT_S

def test_no_limit():
    thread = threading.Thread(target=work); thread.start(); thread.join()

def test_a_long_one():
    done = threading.Event()
    threading.Timer(0.01, done.set).start()
    assert done.wait(60)
"""
MEASURE = """
import os, time

def test_measure():
    from test_waits import work
    work()
    began = time.thread_time()  # of the processor: it is the same on a crowded machine
    for _ in range(4): work()
    raise AssertionError("took %f!" % (time.thread_time() - began))
"""


def test_standing_still_breaks_limits_and_nothing_else(under, tmp_path):
    (tmp_path / "test_waits.py").write_text(WAITS)
    said = under({}, MEASURE)["outcomes"]["test_measure"][1]
    took_s = float(said.rpartition("AssertionError: took ")[2].partition("!")[0])
    tests = WAITS.replace("LIMIT_S", str(5 * took_s))
    ended = under({"cpu": {"run_ms": 3, "stop_ms": 100}}, tests)
    assert ended["problems"] == {}
    failed = {name for name, (outcome, _) in ended["outcomes"].items() if outcome != "passed"}
    assert failed == {"test_limit_that_only_a_machine_of_this_speed_keeps"}


def test_levels_that_cannot_be(under):
    for level in ({"run_ms": 0, "stop_ms": 5}, {"run_ms": 5, "stop_ms": 99999}, "sometimes"):
        assert set(under({"cpu": level}, "def test_it(): pass")["problems"]) == {"cpu"}
    assert set(under({"interleaving": "often"}, "def test_it(): pass")["problems"]) == {"interleaving"}
