"""A server that warms up, and one that is asked for more than it can do: real runs, judged."""

from __future__ import annotations

import asyncio
import time

import pytest

from brinell.checks.load import load
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

pytestmark = pytest.mark.prove

WARM_S = 6.0


@pytest.fixture
def judged(lab, tmp_path):
    def run(handler, rate, duration, **fields):
        spec = LoadSpec(
            name="x",
            shape={"kind": "constant", "rate": rate, "duration": duration},
            url=f"http://127.0.0.1:{lab.start(handler)}",
            steady=True,
            **fields,
        )
        room = FakeRoom(spec, tmp_path)
        try:
            LoadTrial(DRIVERS, SHAPES).run(room)
        finally:
            room.close()
        part = load(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
        return part.load[0], {one.id.removeprefix("load.x."): one for one in part.findings}

    return run


def test_a_warm_up_is_found_and_the_rest_is_judged(lab, judged):
    began = []

    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            began[:] = began or [time.monotonic()]
            await asyncio.sleep(0.25 if time.monotonic() - began[0] < WARM_S else 0.06)
            writer.write(lab.ok())

    numbers, found = judged(handler, 60, 26.0, thresholds={"p50_ms": 150})
    if numbers.steady.answer == "unclear":
        pytest.skip(f"not here: this machine is too busy to tell: {numbers.steady.why}")
    assert numbers.steady.answer == "steady", numbers.steady.why
    assert WARM_S - 1 <= numbers.warm_up_s <= WARM_S + 5
    assert numbers.steady.response_ms["p50"] < 150
    assert numbers.response_ms.p95 > 200  # the whole run is still in the numbers
    assert found["p50_ms"].verdict.value == "pass"


def test_what_is_asked_for_too_much_is_not_steady_however_long(lab, judged):
    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            await asyncio.sleep(0.05)
            writer.write(lab.ok())

    # One connection answers at most 20 a second: the queue grows with every second.
    numbers, found = judged(handler, 40, 20.0, connections=1, timeout_s=30.0, thresholds={"p95_ms": 1000})
    assert numbers.steady.answer == "growing", numbers.steady.why
    assert numbers.warm_up_s is None
    assert found["p95_ms"].verdict.value in {"fail", "unknown"}  # unknown where the generator cannot be believed
