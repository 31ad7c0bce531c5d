"""Workers that end before their time: none of them unseen."""

from __future__ import annotations

import os
import re
import signal
import time
import traceback

import pytest

from brinell.core.errors import BrinellError
from brinell.core.fakes import FakeRoom
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.load.drivers.http import Http
from brinell.load.fleet import Fleet, last_words
from brinell.load.wire import WorkerSpec
from brinell.subject.targets import Target

LOAD = LoadSpec(name="x", shape={}, url="http://127.0.0.1:9", requests=(RequestSpec(),))


def specification(root, driver="brinell.load.drivers.http:Http"):
    return WorkerSpec(
        worker=0,
        workers=1,
        driver=driver,
        shape="brinell.load.shapes.constant:Constant",
        shape_options={"rate": 10, "duration": 1},
        operations=Http().encode(LOAD, Target("http", "127.0.0.1", 9, ("127.0.0.1",)), root),
        family=2,
        address=("127.0.0.1", 9),
        timeout_ns=10**9,
        connections=1,
        seed=1,
    )


@pytest.fixture
def room(tmp_path):
    made = FakeRoom(LOAD, tmp_path)
    yield made
    made.close()


def test_a_worker_that_dies_between_ready_and_go_is_a_failure(room, tmp_path):
    """What is written to it then breaks the pipe, and its part of the load is never sent."""
    fleet = Fleet(room, [specification(tmp_path)])
    try:
        fleet.wait_ready()
        (child,) = room.children
        os.kill(child.pid, signal.SIGKILL)
        until = time.monotonic() + 10
        while child.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        fleet.go(time.monotonic_ns())
        while fleet.busy and time.monotonic() < until:
            fleet.read(0.1)
        assert fleet.failures == ["worker 0 ended with signal 9"]
    finally:
        fleet.close()


def test_a_worker_that_cannot_begin_is_told_with_what_it_said(room, tmp_path):
    fleet = Fleet(room, [specification(tmp_path, driver="brinell.load.drivers.http:Nothing")])
    try:
        with pytest.raises(BrinellError, match=r"ended with status 1\n(?s:.)*no attribute 'Nothing'"):
            fleet.wait_ready()
    finally:
        fleet.close()


def test_the_last_words_of_a_worker_name_the_exception_and_its_place(tmp_path):
    log = tmp_path / "load-workers.log"
    assert last_words(log) == ""
    log.write_text("a warning\n", encoding="utf-8")
    assert last_words(log) == ""
    try:
        {}["greeting"]
    except KeyError:
        log.write_text("a warning\n" + traceback.format_exc(), encoding="utf-8")
    place = rf"test_fleet\.py:\d+ in {test_the_last_words_of_a_worker_name_the_exception_and_its_place.__name__}"
    assert re.fullmatch(rf"KeyError: 'greeting' at {place}", last_words(log))
