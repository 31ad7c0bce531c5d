from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.vitals_records import MOST_STACKS
from brinell.subject import probe
from brinell.subject.probe import ProbeLine

GOOD: dict[str, Any] = {"v": 1, "kind": "vitals", "pid": 7, "at_ns": 5_000_000_000, "span_ns": 1_000_000_000}


@pytest.fixture
def line() -> Iterator[ProbeLine]:
    made = ProbeLine()
    yield made
    made.close()


def tell(line: ProbeLine, *messages: object) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for one in messages:
            data = one if isinstance(one, bytes) else json.dumps(one).encode()
            sender.sendto(data, line.environment({})[probe.VARIABLE])


def test_a_look_comes_through(line):
    tell(
        line,
        GOOD
        | {
            "lag": [3_000_000, 1_000_000],
            "gc": [2, 5_000_000, 4_000_000],
            "pools": [["SQLAlchemy", 3, None]],
            "frames": ["page (./app.py:1)", "time.sleep (native)"],
            "stacks": [["loop", [0, 1], 4, 2]],
            "from_the_future": 1,
        },
    )
    (one,) = line.read()
    assert one.lags_us == (1000, 3000)
    assert one.lag_max_ms == 3.0
    assert (one.gc_count, one.gc_s, one.gc_longest_ms) == (2, 0.005, 4.0)
    assert one.stacks[0].frames == "page (./app.py:1);time.sleep (native)"
    assert (one.pools[0].out, one.pools[0].most) == (3, None)
    assert line.read() == []


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"not json",
        b"[]",
        GOOD | {"v": 2},
        GOOD | {"pid": 0},
        GOOD | {"span_ns": 0},
        GOOD | {"looks": "many"},
        GOOD | {"stacks": [["loop", [0], 1, 0]]},  # no such frame
        GOOD | {"frames": ["a"], "stacks": [["loop", [-1], 1, 0]]},
        GOOD | {"stacks": [["elsewhere", [], 1, 0]]},
    ],
)
def test_what_is_not_understood_is_counted_and_left_out(line, bad):
    tell(line, bad, GOOD)
    assert [one.pid for one in line.read()] == [7]
    assert line.malformed == 1


@given(st.binary(max_size=200))
def test_any_bytes_do_no_harm(data):
    made = ProbeLine()
    try:
        tell(made, data)
        made.read()
    finally:
        made.close()


def test_texts_are_short_and_plain(line):
    tell(
        line,
        GOOD
        | {"frames": ["f\x1b[31m;g\n" + "x" * 9000], "stacks": [["task", [0] * 100, 1, 0]] * 100, "loop": "l" * 9000},
    )
    (one,) = line.read()
    assert len(one.stacks) == MOST_STACKS
    frames = one.stacks[0].frames.split(";")
    assert len(frames) <= 40
    assert all(len(frame) <= 240 and frame.isprintable() for frame in frames)
    assert len(one.loop) <= 80


def test_only_this_user_may_enter_and_nothing_is_left(line):
    path = Path(line.environment({})[probe.VARIABLE])
    assert path.parent.stat().st_mode & 0o077 == 0
    line.close()
    assert not path.parent.exists()


def test_the_door_comes_before_what_was_on_the_path(line):
    found = line.environment({"PYTHONPATH": "/srv/shop"})["PYTHONPATH"].split(os.pathsep)
    assert found == [str(probe.door()), "/srv/shop"]
    assert [one.name for one in probe.door().iterdir() if one.suffix not in {"", ".pyc"}] == ["sitecustomize.py"]
