from __future__ import annotations

import sys

import pytest

from brinell.core.errors import Interrupted
from brinell.core.fakes import FakeRoom
from brinell.core.observation import SeenTest
from brinell.core.plan import SuiteSpec
from brinell.suite.runner import PytestRunner

CODE = """
    import os, time
    def test_a(): assert os.environ["GIVEN"] == "yes"
    def test_slow(): time.sleep(600)
    """


@pytest.fixture
def room(tmp_path):
    room = FakeRoom(SuiteSpec(), tmp_path)
    yield room
    room.close()


def run(room, root, name, timeout_s=60.0):
    return PytestRunner().run(
        room, python=sys.executable, args=[f"test_a.py::{name}"], cwd=root, timeout_s=timeout_s, env={"GIVEN": "yes"}
    )


def test_one_test_runs_alone_and_nothing_is_journalled(project, room):
    records = run(room, project(test_a=CODE), "test_a")
    assert [test.outcome for test in records if isinstance(test, SeenTest)] == ["passed"]
    assert records[-1].exit_status == 0
    assert room.records == []
    assert room.ticks > 0


def test_a_time_limit_ends_it(project, room):
    ended = run(room, project(test_a=CODE), "test_slow", timeout_s=2.0)[-1]
    assert ended.timed_out


def test_a_stop_passes_through_once_the_process_is_gone(project, tmp_path):
    room = FakeRoom(SuiteSpec(), tmp_path, interrupt_at=1)
    with pytest.raises(Interrupted):
        run(room, project(test_a=CODE), "test_slow")
    assert all(child.poll() is not None for child in room.children)
