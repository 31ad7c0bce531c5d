"""Somebody acts while a scenario runs: real workers, a real server, a room in memory."""

from __future__ import annotations

import pytest

from brinell.core.fakes import FakeRoom
from brinell.core.load_records import LoadEnded, LoadSlice, LoadStarted
from brinell.core.plan import LoadSpec
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES


class Ending:
    """Ends the scenario once so much of it has passed; wants to be asked every 10 ms."""

    def __init__(self, after_ns):
        self.after_ns = after_ns
        self.looks = []

    def look(self, now_ns, start_ns):
        self.looks.append(now_ns - start_ns)
        return None if now_ns - start_ns >= self.after_ns else now_ns + 10_000_000


@pytest.fixture
def run(lab, tmp_path):
    port = lab.start(lab.always(lab.ok()))
    spec = LoadSpec(
        name="browse",
        shape={"kind": "constant", "rate": 100, "duration": 20.0},
        url=f"http://127.0.0.1:{port}",
        calibrate=False,
    )
    room = FakeRoom(spec, tmp_path)

    def begin(beside):
        LoadTrial(DRIVERS, SHAPES).run(room, beside)
        return room.records

    yield begin
    room.close()


def test_it_is_asked_when_it_wanted_to_be_and_ends_the_scenario(run):
    ending = Ending(500_000_000)
    records = run(ending)
    (started,) = [one for one in records if isinstance(one, LoadStarted)]
    (ended,) = [one for one in records if isinstance(one, LoadEnded)]
    assert len(ending.looks) > 10  # without its wish: some ten times a second, five of them
    assert ending.looks[0] < 0  # from before the first request on
    assert not ended.interrupted
    assert ended.span_s < started.span_s / 2
    assert ended.planned is not None
    assert ended.scheduled <= ended.planned + 1
    answered = sum(one.count for one in records if isinstance(one, LoadSlice) and one.outcome == "ok")
    assert answered == ended.completed > 30


def test_nobody_there_changes_nothing(lab, tmp_path):
    port = lab.start(lab.always(lab.ok()))
    shape = {"kind": "constant", "rate": 50, "duration": 0.5}
    room = FakeRoom(LoadSpec(name="browse", shape=shape, url=f"http://127.0.0.1:{port}", calibrate=False), tmp_path)
    try:
        LoadTrial(DRIVERS, SHAPES).run(room)
    finally:
        room.close()
    (ended,) = [one for one in room.records if isinstance(one, LoadEnded)]
    assert (ended.completed, ended.span_s) == (25, 0.5)
