from __future__ import annotations

import json
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.fakes import FakeRoom
from brinell.core.observation import SeenTest, SuiteEnded, SuiteStarted, WarningSeen
from brinell.core.plan import SuiteSpec
from brinell.suite.recording import OUTCOMES, Recording, counting, read_recording

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KINDS = (
    "hello", "no_pytest", "collected", "collect_error", "collect_skip", "start", "test", "warning", "internal_error",
    "recorder_error", "done", "from-the-future",
)  # fmt: skip
FIELDS = (
    "id", "nodeid", "outcome", "counted", "phases", "markers", "exc", "fixture", "longrepr", "sections", "subtests",
    "count", "seconds", "summary", "warnings", "n", "message", "plugins", "failed_phase", "final", "attempt", "worker",
)  # fmt: skip
LINES = st.builds(
    lambda kind, fields: json.dumps({"kind": kind, **fields}).encode(),
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8),
)
TEST = {
    "kind": "test", "id": "t.py::test_a", "outcome": "passed", "counted": ["passed"], "path": "t.py", "line": 3,
    "phases": {"setup": [0.1, "passed"], "call": [0.2, "passed"], "teardown": [0.3, "passed"]}, "markers": ["slow"],
    "worker": None, "start_ns": 5, "attempt": 1, "final": True,
}  # fmt: skip


def recorded(*lines):
    recording = Recording(("pytest",), "python3", "asked for")
    raws = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    records = [record for raw in raws for record in recording.feed(raw)]
    return recording, [*records, *recording.end(0, 1.0)]


def the_test(**fields):
    _, records = recorded({**TEST, **fields})
    return next(record for record in records if isinstance(record, SeenTest))


@given(st.lists(LINES | st.binary(max_size=60), max_size=12))
def test_no_line_is_fatal_and_every_record_can_be_journalled(lines):
    recording, records = recorded(*lines)
    with tempfile.TemporaryDirectory() as folder:
        room = FakeRoom(SuiteSpec(), Path(folder))
        for record in records:
            room.emit(record)
    assert isinstance(records[-1], SuiteEnded)
    assert records[-1].malformed == recording.malformed <= len(lines)
    assert sum(isinstance(record, SuiteStarted) for record in records) == 1


@given(st.dictionaries(st.text(max_size=9).map("future-{}".format), JSON, max_size=4))
def test_fields_from_the_future_change_nothing(extra):
    assert the_test(**extra) == the_test()


def test_kinds_from_the_future_are_no_mistake():
    recording, _ = recorded({"kind": "heap", "id": 3}, {"kind": "test", "id": 3}, b"{", b"[]", b'{"id": "a"}')
    assert recording.malformed == 4


def test_a_test_keeps_its_place_phases_and_markers():
    test = the_test()
    assert (test.id, test.path, test.line, test.markers, test.attempt) == ("t.py::test_a", "t.py", 3, ("slow",), 0)
    assert {name: (phase.outcome, phase.seconds) for name, phase in test.phases.items()} == {
        "setup": ("passed", 0.1),
        "call": ("passed", 0.2),
        "teardown": ("passed", 0.3),
    }
    assert test.counted == ()


@pytest.mark.parametrize(
    ("outcome", "counted", "phase", "told"),
    [
        ("passed", ["passed"], None, ("passed", False, ())),
        ("error", ["passed", "error"], "teardown", ("passed", True, ())),
        ("failed", ["failed", "error"], "call", ("failed", True, ())),
        ("error", ["error"], "setup", ("error", False, ())),
        ("error", ["error", "error"], "setup", ("error", True, ())),
        ("error", ["skipped", "error"], "teardown", ("skipped", True, ())),
        ("error", ["error"], "teardown", ("passed", True, ("error",))),
        ("xfailed", ["xfailed", "xfailed"], None, ("xfailed", False, ("xfailed", "xfailed"))),
        ("failed", ["rerun"], "call", ("failed", False, ("rerun",))),
        ("failed", ["failed", "failed", "failed"], "call", ("failed", False, ("failed", "failed", "failed"))),
        ("failed", ["failed", "passed"], "call", ("failed", False, ("failed", "passed"))),
        ("passed", [], None, ("passed", False, ("",))),
        ("passed", None, None, ("passed", False, ())),
    ],
)
def test_what_pytest_counted_survives_in_few_words(outcome, counted, phase, told):
    assert counting(outcome, counted, phase) == told


@given(
    st.sampled_from(sorted(OUTCOMES)),
    st.lists(st.sampled_from([*OUTCOMES, "rerun", "odd"]), max_size=5),
    st.sampled_from([None, "setup", "call", "teardown"]),
)
def test_counts_can_always_be_had_back(outcome, counted, phase):
    told, teardown_error, kept = counting(outcome, counted, phase)
    back = [word for word in kept if word] if kept else [told, "error"] if teardown_error else [told]
    assert back == counted


def test_lone_surrogates_and_secrets_do_not_get_through():
    raw = json.dumps({**TEST, "id": "t.py::test_\udc80[postgres://u:hunter2@h/db]", "reason": "token=abc"}).encode()
    _, records = recorded(raw)
    test = next(record for record in records if isinstance(record, SeenTest))
    assert test.id == "t.py::test_?[postgres://u:[redacted]@h/db]"
    assert test.reason == "token=[redacted]"
    msgspec.json.encode(test)


def test_a_session_without_hello_is_started_and_counts_nothing():
    _, records = recorded({"kind": "done", "exitstatus": 4, "summary": {}})
    assert isinstance(records[0], SuiteStarted)
    assert records[0].interpreter == "python3"
    assert records[-1].summary is None


def test_warnings_are_counted_with_their_repeats():
    _, records = recorded(
        {"kind": "warning", "n": 1, "message": "a"},
        {"kind": "warning", "n": 2, "message": "b", "category": None, "file": None},
        {"kind": "done", "summary": {}, "warnings": {"total": 4, "repeats": {"1": 2}}},
    )
    assert {record.message: record.count for record in records if isinstance(record, WarningSeen)} == {"a": 3, "b": 1}


def test_a_warning_has_all_the_tests_that_it_touches():
    _, records = recorded(
        {"kind": "warning", "n": 1, "message": "a", "nodeid": "t.py::a"},
        {"kind": "warning", "n": 2, "message": "b", "nodeid": "t.py::a"},
        {"kind": "done", "warnings": {"tests": {"1": ["t.py::a", "t.py::b"], "7": ["t.py::c"]}, "touched": {"1": 9}}},
    )
    seen = {record.message: (record.tests, record.touched) for record in records if isinstance(record, WarningSeen)}
    assert seen == {"a": (("t.py::a", "t.py::b"), 9), "b": ((), 0)}


def test_warnings_without_an_end_are_refused():
    recording, records = recorded(*({"kind": "warning", "n": n} for n in range(3000)))
    assert sum(isinstance(record, WarningSeen) for record in records) == 1000
    assert recording.malformed == 2000


def test_tests_that_never_end_are_told():
    recording, records = recorded(
        {"kind": "start", "id": "a", "t_ns": 1}, {"kind": "start", "id": "b", "worker": "gw1"}, {**TEST, "id": "a"}
    )
    assert records[-1].running == ("b",)
    assert recording.finished == ["a"]


@pytest.mark.parametrize(
    ("longrepr", "kept"),
    [
        ("x" * 16_000, "x" * 2000),
        ("password=" + "secret" * 500 + "\n" + "line\n" * 2500 + "E  the end", "line\n" * 397 + "E  the end"),
        ("token='" + "secret " * 2000 + "' that was the token", "token=[redacted]"),
    ],
)
def test_of_a_flood_of_text_the_last_lines_stay(longrepr, kept):
    failing = {**TEST, "outcome": "failed", "counted": ["failed"], "failed_phase": "call"}
    recording = Recording((), "", "")
    line = json.dumps({**failing, "longrepr": "x" * 16_000}).encode()
    sizes = [len(record.longrepr) for _ in range(1251) for record in recording.feed(line)]
    assert sizes[0] == 16_000
    (last,) = recording.feed(json.dumps({**failing, "longrepr": longrepr}).encode())
    assert last.longrepr == kept


def test_a_line_that_is_no_utf8_is_malformed():
    recording = Recording((), "", "")
    assert list(recording.feed(b'{"kind":"start","id":"\xff","t_ns":1}')) == []
    assert recording.malformed == 1


def test_deep_nesting_is_malformed_and_nothing_else(tmp_path):
    deep = b'{"kind":"test","id":"a","outcome":"failed","exc":' + b'[{"children":[' * 3000 + b"]}]" * 3000 + b"}"
    path = tmp_path / "recording"
    path.write_bytes(deep + b"\n" + json.dumps(TEST).encode() + b"\n")
    records = list(read_recording(path, "read"))
    assert records[-1].malformed == 1
    assert any(isinstance(record, SeenTest) for record in records)


def test_an_endless_line_is_read_in_pieces(tmp_path):
    path = tmp_path / "recording"
    path.write_bytes(b"x" * 1_000_000 + b"\n" + json.dumps(TEST).encode() + b"\n")
    records = list(read_recording(path, "read"))
    assert records[-1].malformed >= 1
    assert any(isinstance(record, SeenTest) for record in records)
