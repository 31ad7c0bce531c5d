"""A whole trial with its calibration: the order of what is written down, and a stop in the middle."""

from __future__ import annotations

import pytest

from brinell.core.errors import Interrupted
from brinell.core.fakes import FakeRoom
from brinell.core.generator_records import Calibrated, GeneratorMeans, MachineSecond
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadStarted
from brinell.core.plan import LoadSpec
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

CONSTANT = {"kind": "constant", "rate": 100, "duration": 1.0}


def spec(port, **fields):
    return LoadSpec(name="browse", shape=CONSTANT, url=f"http://127.0.0.1:{port}", connections=4, **fields)


def test_what_is_known_of_the_generator_comes_before_the_scenario(lab, tmp_path):
    room = FakeRoom(spec(lab.start(lab.always(lab.ok()))), tmp_path)
    LoadTrial(DRIVERS, SHAPES).run(room)
    room.close()
    kinds = [type(record) for record in room.records]
    assert kinds.index(GeneratorMeans) < kinds.index(Calibrated) < kinds.index(LoadStarted) < kinds.index(LoadEnded)
    (calibrated,) = (one for one in room.records if isinstance(one, Calibrated))
    assert calibrated.skipped == ""
    assert calibrated.rate == 100.0
    (means,) = (one for one in room.records if isinstance(one, GeneratorMeans))
    assert means.ports_needed == 4
    assert sum(isinstance(one, MachineSecond) for one in room.records) in {0, 2, 3}
    assert sum(one.scheduled for one in room.records if isinstance(one, GeneratorSecond)) == 100


def test_a_stop_during_it_ends_the_step_before_anything_is_sent(lab, tmp_path):
    asked = []

    async def handler(reader, writer):
        asked.append(await lab.read_request(reader))
        writer.write(lab.ok())

    room = FakeRoom(spec(lab.start(handler)), tmp_path, interrupt_at=2)
    with pytest.raises(Interrupted):
        LoadTrial(DRIVERS, SHAPES).run(room)
    assert asked == []
    assert not any(isinstance(one, LoadStarted) for one in room.records)
    assert all(child.poll() is not None for child in room.children)
    room.close()
