from __future__ import annotations

import signal
import sys
import time

import psutil
import pytest

from brinell.core.errors import Interrupted, UsageError
from brinell.core.fakes import FakeRoom
from brinell.core.observation import Choice, Phase, SeenTest
from brinell.core.plan import SuiteSpec


@pytest.fixture
def room(tmp_path):
    room = FakeRoom(SuiteSpec(), tmp_path)
    yield room
    room.close()


def wait(child):
    deadline = time.monotonic() + 30
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return child.poll()


def runs(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_output_to_a_path_is_appended(room, tmp_path):
    log = tmp_path / "log"
    for word in ("one", "two"):
        child = room.start([sys.executable, "-c", f"print('{word}')"], stdout=log)
        assert wait(child) == 0
    assert log.read_text() == "one\ntwo\n"


def test_stop_ends_a_process_that_ignores_sigterm_and_its_children(room, tmp_path):
    ready = tmp_path / "ready"
    code = (
        "import os, pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); pid = os.fork()\n"
        f"pid and pathlib.Path({str(ready)!r}).write_text(str(pid)); time.sleep(60)"
    )
    child = room.start([sys.executable, "-c", code])
    deadline = time.monotonic() + 30
    while not (ready.exists() and ready.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert child.stop(0.05) == -signal.SIGKILL
    deadline = time.monotonic() + 30
    while runs(int(ready.read_text())) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not runs(int(ready.read_text()))


def test_a_stop_is_asked_for_once(tmp_path):
    room = FakeRoom(SuiteSpec(), tmp_path, interrupt_at=2)
    room.tick()
    with pytest.raises(Interrupted):
        room.tick()
    room.tick()
    assert room.ticks == 3


def test_a_record_that_json_would_change_is_refused(room):
    room.emit(SeenTest("a", "passed", {"call": Phase("passed", 0.1)}, markers=("slow",)))
    with pytest.raises(ValueError, match="would not give this record back"):
        room.emit(SeenTest("a", "passed", {}, markers=["slow"]))
    assert len(room.records) == 1


def test_history_is_what_the_test_gave(tmp_path):
    choice = Choice("a", "b")
    room = FakeRoom(SuiteSpec(), tmp_path, earlier={"suite": [choice, SeenTest("a", "passed", {})]})
    assert [envelope.data for envelope in room.history(Choice, source="suite")] == [choice]
    assert list(room.history(source="load")) == []


def test_there_is_no_service_unless_given(room):
    with pytest.raises(UsageError):
        room.service()
