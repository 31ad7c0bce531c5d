from __future__ import annotations

import msgspec
import pytest

from brinell.core.capacity_crowd import crowd
from brinell.core.capacity_records import CapacityStep
from brinell.core.vitals_records import ProcessLook, VitalsDetail

SECOND_NS = 1_000_000_000
STEP = CapacityStep(
    number=1, level=100, reason="", verdict="broken", why="falling behind", took_s=8, started_ns=0, judged_ns=SECOND_NS,
    ended_ns=8 * SECOND_NS, seconds=7, offered=100, achieved=90, requests=630, workers=1, connections=64,
    generator_cores=0.2,
)  # fmt: skip


def looks(cores=(1.0, 1.0), subject=0.2, **more):
    return [
        VitalsDetail(
            at * SECOND_NS,
            processes=(ProcessLook(7, "app", subject * at),),
            busy_s=tuple(core * at for core in cores),
            **{"running": 6, **{name: value(at) for name, value in more.items()}},
        )
        for at in range(9)
    ]


@pytest.mark.parametrize(
    "seen",
    [
        [],
        looks(cores=(1.0, 0.5)),  # there was room
        looks(subject=1.7),  # the subject filled it
        looks(running=lambda _: 2),  # nobody waited
        looks(cores=()),
        looks(running=lambda _: None),
    ],
)
def test_a_machine_that_is_not_crowded(seen):
    assert crowd(STEP, seen) == ""


def test_who_has_the_cores_is_told():
    told = crowd(STEP, looks())
    assert told == (
        "this machine was crowded: 6.0 tasks wanted its 2 cores, of which the subject had 0.2, the load generator 0.2 "
        "and other programs 1.6"
    )


@pytest.mark.parametrize(
    "why", ["error_rate", "60 of 62 connections were open (2 closed by the subject)", "no answers"]
)
def test_what_no_crowd_does_is_none_of_its_doing(why):
    assert crowd(msgspec.structs.replace(STEP, why=why), looks()) == ""
    assert crowd(msgspec.structs.replace(STEP, why="p95_ms"), looks())
    assert crowd(msgspec.structs.replace(STEP, verdict="held", why=""), looks()) == ""


def test_what_a_hypervisor_takes_is_told():
    told = crowd(STEP, looks(cores=(0.6, 0.6), steal_s=lambda at: 0.4 * at))
    assert told == "this machine was crowded: a hypervisor gave 20 % of its time to others"
    assert crowd(STEP, looks(cores=(0.6, 0.6), steal_s=lambda at: 0.04 * at)) == ""
