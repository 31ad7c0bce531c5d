from __future__ import annotations

import csv
import io
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.engine.session import Spent
from brinell.load.scenario.data import ORDERS, Source, Unreadable, columns, read
from brinell.load.scenario.draws import Draws


def written(tmp_path, text, name="rows.csv"):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@given(cells=st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=2), min_size=1))
def test_rows_of_csv_are_what_was_written(tmp_path_factory, cells):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["a", "b"], *cells])
    file = written(tmp_path_factory.getbasetemp(), text.getvalue(), "csv-of-examples.csv")
    assert read(file) == [{"a": one, "b": other} for one, other in cells]


def test_lines_of_json_keep_what_they_hold(tmp_path):
    rows = [{"id": 1, "tags": ["a\u2028\x85"], "in": {"x": None}}, {"id": 2.5}]
    lines = "\r\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    file = written(tmp_path, "\ufeff" + lines, "rows.JSONL")
    assert read(file) == rows
    assert columns(read(file)) == ["id"]  # what every row has


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.csv", "", "first line names the columns"),
        ("a.csv", "a,b\n", "no row"),
        ("a.csv", "a,\n1,2\n", "a column has no name"),
        ("a.csv", "a,a\n1,2\n", "two columns are called a"),
        ("a.csv", "a,b\n1,2\n\n1\n", "line 4: 1 cells where the first line names 2"),
        ("a.csv", 'a\n"b\n', "line 2"),
        ("a.csv", b"a\n\xff\n", "not UTF-8 from byte 2"),
        ("a.jsonl", "{}\n[1]\n", "line 2: every line is a JSON object"),
        ("a.jsonl", '{"a": 1\n', "line 1"),
        ("a.jsonl", "\n", "no row"),
    ],
)
def test_what_is_no_data_is_said_with_its_line(tmp_path, name, text, why):
    with pytest.raises(Unreadable, match=why):
        read(written(tmp_path, text, name))


def test_no_file_is_said(tmp_path):
    with pytest.raises(Unreadable, match="No such file"):
        read(tmp_path / "none.csv")


def taken(source, count):
    found = []
    for number in range(count):
        try:
            found.append(source.row(Draws(1, number))["n"])
        except Spent:
            break
    return found


@given(rows=st.integers(1, 30), workers=st.integers(1, 5), count=st.integers(0, 40), order=st.sampled_from(ORDERS))
def test_workers_share_the_rows(rows, workers, count, order):
    data = [{"n": number} for number in range(rows)]
    given_to = [taken(Source(data, order, worker, workers), count) for worker in range(workers)]
    counts = Counter(row for one in given_to for row in one)
    if order == "once":
        assert max(counts.values(), default=0) <= 1
        if count * workers >= rows + workers:
            assert set(counts) == set(range(rows))
    elif order == "cycle":
        assert [len(one) for one in given_to] == [count] * workers
        # Dealt out in turn: no row is given twice more often than another.
        assert not counts or max(counts.values()) - min(counts.get(row, 0) for row in range(rows)) <= 1
        assert given_to[0] == [(number * workers) % rows for number in range(count)]
    else:
        assert set(counts) <= set(range(rows))
        assert all(one == given_to[0] for one in given_to)  # it follows from the session's number alone
