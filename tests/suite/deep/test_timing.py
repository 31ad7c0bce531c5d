"""Want of time and want of a lock, told apart with real processes; what is right is not accused."""

from __future__ import annotations

import os
import sys

import pytest

from brinell.core.examination import ExamStarted
from brinell.core.fakes import FakeRoom
from brinell.core.plan import ExamineSpec
from brinell.core.trust import Ledger
from brinell.suite.deep import phases
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.timing import find_timing
from brinell.suite.lab.server import Command, ForkLab, ServerProcess
from brinell_inside.serve.project_files import ProjectFiles

pytestmark = pytest.mark.prove  # seconds of holding still, and a fork for each try

TIMED = """
import threading, time

def work(rounds):
    for _ in range(rounds):
        sum(range(2000))

def run(call):
    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

class Counter:
    value = 0
    lock = threading.Lock()
    def after(self, value):
        return value + 1
    def count(self):
        for _ in range(200):
            self.value = self.after(self.value)
    def count_locked(self):
        for _ in range(200):
            with self.lock:
                self.value = self.after(self.value)

def queued_s(thread):  # that it waited for a processor: a crowded machine is no want of time here
    try:
        with open("/proc/self/task/%d/schedstat" % thread) as file: return int(file.read().split()[1]) / 1e9
    except OSError: return 0.0  # it is over

def test_waits_too_shortly():
    done = []
    thread = threading.Thread(target=lambda: done.append(work(7000)))
    thread.start(); began = time.monotonic()
    while time.monotonic() - began - queued_s(thread.native_id) < 0.8: time.sleep(0.01)
    result = list(done)
    thread.join()
    assert result

def test_waits():
    done = threading.Event()
    threading.Thread(target=lambda: (work(1500), done.set())).start()
    assert done.wait(120)

def test_races():
    counter = Counter(); run(counter.count)
    assert counter.value == 400

def test_locks():
    counter = Counter(); run(counter.count_locked)
    assert counter.value == 400

def test_computes():
    work(20)
"""


@pytest.fixture
def examined(tmp_path, write_project):
    """An examiner that knows how long its tests take."""
    root = write_project(tmp_path / "project", test_a=TIMED)
    (tmp_path / "run").mkdir()
    room = FakeRoom(ExamineSpec(), tmp_path / "run", root=root)
    server = ServerProcess(room, Command(sys.executable, ("-p", "no:cacheprovider"), root, dict(os.environ)), 2, print)
    try:
        assert server.wait_ready(60.0), server.tail
        lab = ForkLab(room, server)
        examiner = Examiner(room, lab, Ledger([ExamStarted(lab.tests, forks=True)]), 1200.0, ProjectFiles(str(root)))
        phases.default_order(examiner)
        yield examiner
    finally:
        server.close()
        room.close()


def test_each_has_its_own_cause(examined):
    find_timing(examined, range(examined.count), ())
    names = [name.rpartition("test_")[2] for name in examined.lab.tests]
    causes = {name: examined.ledger.trust(test).cause for test, name in enumerate(names)}
    assert causes == {
        "waits_too_shortly": "async-wait", "waits": None, "races": "concurrency", "locks": None, "computes": None,
    }  # fmt: skip
