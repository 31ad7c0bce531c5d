"""Lines of the wire to records: what is kept of them, and that nothing they hold can raise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.property_records import PropertyObserved, PropertyRun, PropertyStarted
from brinell.suite.property.lines import decode
from brinell.suite.property.recording import PropertyRecording


@pytest.fixture
def recording(tmp_path):
    return PropertyRecording(("pytest",), "python", "asked", purpose="measure", examples=200, root=tmp_path)


def line(kind, **fields):
    return json.dumps({"kind": f"property_{kind}", **fields}, separators=(",", ":")).encode() + b"\n"


TEST = {
    "id": "t.py::a",
    "outcome": "passed",
    "ran": 3,
    "declared": 3,
    "call_s": 0.1,
    "cases": [["v", 10, 5], ["i", 7, 1]],
}


def test_hello_and_count_begin_a_session(recording):
    assert list(recording.feed(line("hello", hypothesis="6.170.0", examples=100, ci_profile=True))) == []
    (started,) = recording.feed(line("tests", tests=3, others=4))
    assert isinstance(started, PropertyStarted)
    assert (started.purpose, started.tests, started.others, started.own_ci) == ("measure", 3, 4, True)


def test_a_test_is_kept_with_its_examples(recording, tmp_path):
    (run,) = recording.feed(line("test", **TEST, file=str(tmp_path / "t.py")))
    assert isinstance(run, PropertyRun)
    assert (run.statuses, run.cost_us, run.draw_us) == ("vi", (10, 7), (5, 1))
    assert (run.file, run.profile_examples) == ("t.py", 200)


def test_a_test_that_was_running_when_somebody_stopped_it_says_nothing(recording):
    assert list(recording.feed(line("test", **(TEST | {"outcome": "interrupted"})))) == []


def test_what_was_observed_is_a_record_of_its_own(recording):
    run, observed = recording.feed(line("test", **TEST, observed={"passed": 3}, new_lines=[[1, 4]], lines=4, files=2))
    assert isinstance(run, PropertyRun)
    assert isinstance(observed, PropertyObserved)
    assert (observed.new_lines, observed.files) == (((1, 4),), 2)


def test_parameters_that_look_secret_are_masked_and_known_by_pytest_s_id(recording):
    raw = "t.py::a[password=hunter22]"
    (run,) = recording.feed(line("test", **(TEST | {"id": raw})))
    assert "hunter22" not in run.test
    assert recording.raw_ids[run.test] == raw


@pytest.mark.parametrize(
    "broken",
    [
        b'{"kind":"property_test"}\n',
        b'{"kind":"property_test","id":1,"outcome":"passed","ran":3,"declared":3}\n',
        b'{"kind":"property_unknown"}\n',
        line("test", **(TEST | {"call_s": -1})),
        line("test", **(TEST | {"ran": 10**13})),
        b'{"kind":"property_hello","hypothesis":"\xff"}\n',
    ],
)
def test_what_does_not_fit_is_counted(recording, broken):
    assert list(recording.feed(broken)) == []
    assert recording.malformed == 1


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_no_bytes_raise(head, tail):
    for raw in (head, b'{"kind":"property_' + tail, line("test", **TEST)[: len(head)]):
        try:
            decode(raw)
        except ValueError:
            continue
