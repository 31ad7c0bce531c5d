"""Schedules from a scenario to its last record: real workers, a real server, a room in memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from brinell.checks.load import load
from brinell.core.errors import UsageError
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import LoadEnded, LoadStarted
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec
from brinell.load.schedule import Schedule
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant
from brinell.load.shapes.poisson import Poisson
from brinell.load.shapes.ramp import Ramp
from brinell.load.shapes.steps import Steps
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES


@pytest.fixture
def run(lab, tmp_path):
    rooms = []

    def begin(shape, handler=None, **fields):
        port = lab.start(handler or lab.always(lab.ok()))
        spec = LoadSpec(name="x", shape=shape, url=f"http://127.0.0.1:{port}", **fields)
        room = FakeRoom(spec, tmp_path)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        part = load(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
        (started,) = [one for one in room.records if isinstance(one, LoadStarted)]
        (ended,) = [one for one in room.records if isinstance(one, LoadEnded)]
        return started, ended, part.load[0]

    yield begin
    for room in rooms:
        room.close()


def test_a_ramp_by_two_workers(run):
    started, ended, numbers = run(
        {"kind": "ramp", "from_rate": 0, "to_rate": 200, "duration": 2.0}, workers=2, connections=4
    )
    assert (started.shape, started.target_rate, started.peak_rate) == ("ramp", 100, 200)
    assert (ended.scheduled, ended.planned, ended.completed) == (200, 200, 200)
    assert (numbers.shape, numbers.planned) == ("ramp", 200)
    assert 0 < numbers.achieved_rate < 100.01  # what is answered after the end, on a crowded machine, is in no rate
    assert [one.target_rate for one in numbers.stages] == [50, 150]
    assert sum(one.requests for one in numbers.stages) <= 200
    assert numbers.steady is None


def test_steps_are_told_apart(run):
    started, _, numbers = run({"kind": "steps", "rates": [50, 150], "each_s": 1.0})
    assert [list(one) for one in started.stages] == [[0, 1, 50, 50], [1, 2, 150, 150]]
    assert [one.target_rate for one in numbers.stages] == [50, 150]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "shape", [{"kind": "constant", "rate": 100, "duration": 60.0}, {"kind": "closed", "duration": 60.0}]
)
def test_a_bound_on_requests_ends_a_run_of_a_minute(run, shape, workers):
    _, ended, numbers = run(shape, workers=workers, connections=4, max_requests=25)
    assert (ended.scheduled, ended.completed, numbers.requests) == (25, 25, 25)
    assert ended.span_s < 30
    if shape["kind"] == "constant":
        assert ended.span_s == pytest.approx(0.25)
        assert (ended.planned, numbers.target_rate) == (25, 100)
        assert numbers.generator.valid or "of 25 planned" not in numbers.generator.reason


def test_a_bound_that_is_not_reached_changes_nothing(run):
    started, ended, _ = run({"kind": "constant", "rate": 50, "duration": 0.5}, max_requests=1000)
    assert (started.span_s, ended.scheduled, ended.planned) == (0.5, 25, 25)


def test_shed_requests_are_in_the_last_record_and_in_the_judgement(run, lab):
    async def slow(reader, writer):
        while True:
            await lab.read_request(reader)
            await asyncio.sleep(0.1)
            writer.write(lab.ok())

    shape = {"kind": "constant", "rate": 100, "duration": 0.5}
    _, ended, numbers = run(shape, slow, connections=2, shed_after_s=0.1)
    assert ended.shed == numbers.shed == numbers.errors["shed"] > 0
    assert numbers.requests == ended.scheduled == 50
    assert ended.completed + ended.shed == 50
    assert numbers.response_ms.max >= 100
    assert any(one["outcome"] == "shed" for one in numbers.samples)


def test_a_recording_is_sent_again_by_two_workers_and_leaves_nothing_behind(run, tmp_path):
    file = tmp_path / "times.txt"
    file.write_text("".join(f"{number / 50}\n" for number in range(40)))
    before = {one.name for one in tmp_path.iterdir()}
    shape = {"kind": "replay", "file": str(file), "speed": 2.0}
    started, ended, numbers = run(shape, workers=2, connections=4)
    assert started.shape == "replay"
    assert (ended.scheduled, ended.completed, numbers.planned) == (40, 40, 40)
    assert numbers.target_rate == pytest.approx(100, rel=0.1)
    assert {one.name for one in tmp_path.iterdir() if one.name.startswith("load-") and one.is_dir()} == set()
    assert before <= {one.name for one in tmp_path.iterdir()}


def test_users_who_think_are_a_closed_model_with_less_to_do(run):
    shape = {"kind": "closed", "duration": 1.0, "think_s": 0.1}
    started, ended, numbers = run(shape, connections=4, workers=2)
    assert (started.model, ended.planned) == ("closed", None)
    assert 1 <= numbers.requests <= 44


@pytest.mark.parametrize("shape", [Constant(100, 10), Ramp(10, 200, 10), Steps((10, 100), 5), Poisson(100, 10, 3)])
@pytest.mark.parametrize("bound", [1, 7, 300])
def test_where_a_bound_cuts_a_shape(shape, bound):
    schedule = Schedule(LoadSpec(name="x", shape={"kind": "any"}, max_requests=bound), shape, Path())
    dues = list(shape.due_ns(0, 1))
    assert schedule.span_s == pytest.approx(max(dues[bound], 1) / 1e9)
    assert schedule.planned() == bound
    assert schedule.planned(schedule.span_s) in {bound - 1, bound}  # the last one may fall due at the very end
    for workers in (1, 2, 3):
        shares = [schedule.share(worker, workers) for worker in range(workers)]
        assert sum(shares) == bound
        assert max(shares) - min(shares) <= 1
    if shape.peak_rate == shape.target_rate:
        assert schedule.target_rate == schedule.peak_rate == shape.target_rate
    else:
        assert schedule.target_rate == pytest.approx(bound / schedule.span_s)
        assert schedule.target_rate <= schedule.peak_rate * 1.001 <= shape.peak_rate * 1.001


def test_sessions_and_users_are_not_cut_beforehand():
    spec = LoadSpec(name="x", shape={"kind": "any"}, max_requests=5)
    partly = Schedule(spec, Constant(100, 10), Path(), partly=True)
    assert (partly.span_s, partly.planned()) == (10, None)
    closed = Schedule(spec, Closed(10), Path())
    assert (closed.span_s, closed.planned(), closed.target_rate) == (10, None, None)


@pytest.mark.parametrize(
    ("shape", "fields", "said"),
    [
        ({"kind": "closed", "duration": 1}, {"shed_after_s": 1.0}, "wait for nothing"),
        ({"kind": "replay", "file": "/nowhere/times"}, {}, "No such file"),
        ({"kind": "ramp", "from_rate": 0, "to_rate": 0, "duration": 1}, {}, "nothing would be sent"),
    ],
)
def test_what_cannot_be_run_is_told_before_anything_starts(run, shape, fields, said):
    with pytest.raises(UsageError, match=said):
        run(shape, **fields)
