from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from brinell.core.fakes import FakeRoom
from brinell.core.observation import SuiteEnded
from brinell.core.plan import SuiteSpec
from brinell.suite.output_log import OutputLog
from brinell.suite.recording import Recording
from brinell.suite.session import Command, Session, launcher

STUBBORN = """
    import pathlib, signal, time
    def test_a():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pathlib.Path(__file__).with_name("set-up").touch()
        time.sleep(600)
    """


class StopsTwice(FakeRoom):
    """Asks to stop once the test runs, and at the next tick again."""

    def tick(self):
        self.interrupted = False
        super().tick()


@pytest.fixture
def session(project, tmp_path):
    made, logs = [], []

    def make(kind=FakeRoom, teardown_s=600.0, timeout_s=600.0, **room):
        root = project(test_a=STUBBORN)
        made.append(kind(SuiteSpec(), tmp_path, **room))
        command = Command(sys.executable, (), root, dict(os.environ), timeout_s)
        log = OutputLog(tmp_path / "log")
        logs.append(log)
        return Session(made[-1], command, Recording((), "", ""), log, made[-1].emit, teardown_s=teardown_s), made[-1]

    yield make
    for room in made:
        room.close()
    for log in logs:
        log.close()


def _running(room):
    return next(Path(room.folder).glob("project/set-up"), None) is not None


def ended(room):
    return next(record for record in room.records if isinstance(record, SuiteEnded))


def test_one_that_ignores_the_request_is_ended_after_its_time(session):
    run, room = session(interrupt_when=_running, teardown_s=0.1)
    run.run()
    assert run.interrupted
    assert ended(room).signal in ("SIGTERM", "SIGKILL")
    assert ended(room).running == ("test_a.py::test_a",)


def test_a_second_request_does_not_wait(session):
    run, room = session(StopsTwice, interrupt_when=_running)
    run.run()
    assert ended(room).signal in ("SIGTERM", "SIGKILL")


def test_the_launcher_is_the_installed_one():
    assert launcher().name == "launch.py"
    assert launcher().parent.name == "brinell_inside"
