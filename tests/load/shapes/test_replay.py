from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brinell.load.shapes import moments
from brinell.load.shapes.replay import Packed, Replay

SECOND = 10**9


@pytest.fixture
def file(tmp_path):
    def write(text, name="times"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def dues(tmp_path):
    def read(path, workers=1, **options):
        packed = Replay(path, **options).prepared(tmp_path)
        parts = [list(packed.due_ns(worker, workers)) for worker in range(workers)]
        return [due for one in itertools.zip_longest(*parts) for due in one if due is not None]

    return read


LOGGED = '10.0.0.1 - - [10/Oct/2000:13:55:{} -0700] "GET / HTTP/1.0" 200 2326\n'


@pytest.mark.parametrize(
    "text",
    [
        "0\n0.5\n2.5\n",
        "# a comment\n\n1700000000\n1700000000.5\n1700000002.5\n",
        "1700000000000\n1700000000500\n1700000002500\n",
        "1700000000000000\n1700000000500000\n1700000002500000\n",
        "1700000000000000000\n1700000000500000000\n1700000002500000000\n",
        "2024-05-01T10:00:00Z\n2024-05-01T10:00:00.5Z\n2024-05-01 12:00:02.500+02:00\n",
        '{"time": 5, "path": "/"}\n{"time": 5.5}\n{"time": "1970-01-01T00:00:07.5"}\n',
        "path,time\n/,1\n/a,1.5\n/b,3.5\n",
        "1,/\n1.5,/a\n3.5,/b\n",
        "﻿0\r\n0.5\r\n2.5\r\n",
    ],
)
def test_times_are_read_however_they_are_written(file, dues, text):
    assert dues(file(text)) == [0, SECOND // 2, 5 * SECOND // 2]


def test_a_column_can_be_named(file, dues):
    assert dues(file("a,when,time\n7,1,9\n7,3.5,9\n"), column="when") == [0, 5 * SECOND // 2]
    assert dues(file('{"when": 1, "time": 9}\n{"when": 2.5, "time": 9}\n'), column="when") == [0, 3 * SECOND // 2]


def test_requests_of_one_logged_second_are_spread_over_it(file, dues):
    text = "".join(LOGGED.format(second) for second in ("36", "36", "36", "36", "38"))
    assert dues(file(text)) == [0, SECOND // 4, SECOND // 2, 3 * SECOND // 4, 2 * SECOND]
    # Where times are finer than a second, those that are the same stay so.
    assert dues(file("1\n1\n1.5\n")) == [0, 0, SECOND // 2]


def test_what_is_out_of_order_is_put_in_order(file, dues):
    assert dues(file("3.5\n1\n2\n")) == [0, SECOND, 5 * SECOND // 2]


def test_speed_and_duration(file, dues):
    path = file("0\n1.5\n4\n9\n")
    assert dues(path, speed=2.0) == [0, 750_000_000, 2 * SECOND, 4_500_000_000]
    assert dues(path, speed=0.5, duration=5.0) == [0, 3 * SECOND]
    assert Replay(path, duration=5.0).span_s == 5


def test_numbers_of_a_recording(file, tmp_path):
    shape = Replay(file("0\n0.25\n0.5\n3.5\n"))
    packed = shape.prepared(tmp_path)
    assert isinstance(packed, Packed)
    assert (shape.planned(), packed.planned()) == (4, 4)
    assert shape.planned(1.0) == packed.planned(1.0) == 3
    assert shape.peak_rate == packed.peak_rate == 3  # in its first second
    assert shape.span_s == packed.span_s > 3.5
    assert shape.target_rate == pytest.approx(4 / shape.span_s)
    assert msgspec.convert(msgspec.to_builtins(packed), Packed) == packed
    assert list(shape.due_ns(0, 1)) == list(packed.due_ns(0, 1))


def test_a_single_moment_is_a_second(file, dues):
    assert dues(file("17\n")) == [0]
    assert Replay(file("17\n")).span_s == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no times"),
        ("# nothing\n\n", "holds no times"),
        ("1\nsoon\n", "line 2 holds no time: soon"),
        ('{"when": 1}\n', "line 1 holds no time"),
        ('{"time": true}\n', "line 1 holds no time"),
        ("{not json\n", "line 1 holds no time"),
        ("[" * 5000 + "\n", "line 1 holds no time"),
        ("0\n99999999\n", "30"),
        ("path,when\n/,1\n", "line 1 holds no time"),
    ],
)
def test_what_is_no_recording_is_told_with_its_line(file, dues, text, said):
    with pytest.raises(ValueError, match=said):
        dues(file(text))


def test_a_column_that_is_not_there_is_told(file, dues):
    with pytest.raises(ValueError, match="column 'when' is not in the first line"):
        dues(file("path,time\n/,1\n"), column="when")


def test_a_file_that_is_gone_is_told():
    with pytest.raises(ValueError, match="No such file"):
        Replay("/nowhere/at/all").planned()


def test_what_changed_meanwhile_is_read_anew(file):
    path = file("0\n1\n")
    assert Replay(path).planned() == 2
    file("0\n1\n2.5\n")
    assert Replay(path).planned() == 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(st.integers(0, 20 * SECOND), min_size=1, max_size=300),
    st.integers(1, 5),
    st.sampled_from([0.5, 1.0, 1.7, 10.0]),
)
def test_any_moments_come_in_order_and_workers_share_them(file, dues, found, workers, speed):
    path = file("".join(f"{moment / SECOND:.9f}\n" for moment in found))
    first = min(found)
    whole = len(found) > 1 and all(moment % SECOND == 0 for moment in found)
    got = dues(path, workers, speed=speed)
    assert got == dues(path, 1, speed=speed)
    assert got == sorted(got)
    if not whole:
        assert got == [int((moment - first) / speed) for moment in sorted(found)]
    assert all(0 <= due < Replay(path, speed=speed).span_s * SECOND for due in got)


def test_a_long_recording_is_read_in_pieces(tmp_path):
    """More lines than fit into one piece, all of whole seconds and in disorder, spread within bounded memory."""
    path = tmp_path / "long.log"
    start = datetime(2024, 5, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as out:
        for number in range(150_000):
            when = start + timedelta(seconds=(number * 7919) % 300)
            out.write(f"{when:%Y-%m-%dT%H:%M:%S}Z\n")
    packed = Replay(str(path)).prepared(tmp_path)
    found = np.fromfile(packed.file, dtype=np.int64)
    assert len(found) == 150_000
    assert np.all(np.diff(found) >= 0)
    assert np.all(np.bincount(found // SECOND) == 500)
    assert np.diff(found).max() == SECOND // 500
    assert packed.peak_rate == 500


@given(st.text(max_size=60), st.none() | st.text(max_size=5) | st.integers(0, 3))
@example("0\r0", 0)
@example("x" * 200_000, 0)
def test_any_line_is_a_moment_or_none(line, column):
    found = moments.parse(line.strip(), column)
    assert found is None or isinstance(found, int)
