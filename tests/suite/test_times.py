from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.observation import SeenTest
from brinell.core.time_records import FixtureTime, ImportTime, SessionTime
from brinell.suite.recording import Recording

NUMBERS = st.floats() | st.integers(-5, 5) | st.none() | st.text(max_size=3) | st.booleans()
FIELDS = (
    "name", "scope", "file", "line", "uses", "setup_s", "teardown_s", "cpu_s", "module", "by", "seconds", "exclusive_s",
    "start_s", "import_s", "call_s", "cpu", "children_cpu_s", "starved_s", "project", "modules", "fixtures_left_out",
)  # fmt: skip
LINES = st.builds(
    lambda kind, fields: {"kind": kind, **fields},
    st.sampled_from(["fixture_time", "import_time", "session_time"]),
    st.dictionaries(st.sampled_from(FIELDS), NUMBERS | st.dictionaries(st.text(max_size=5), NUMBERS), max_size=12),
)


def recorded(*lines):
    recording = Recording(("pytest",), "python3", "asked for")
    return recording, [record for line in lines for record in recording.feed(json.dumps(line).encode())]


@given(st.lists(LINES, max_size=8))
def test_no_line_is_fatal_and_no_time_is_absurd(lines):
    _, records = recorded(*lines)
    for record in records:
        numbers = [getattr(record, name) for name in record.__struct_fields__ if name.endswith(("_s", "seconds"))]
        assert all(number is None or (math.isfinite(number) and number >= 0) for number in numbers)


def test_what_the_recorder_says_becomes_records():
    _, (fixture, one, session) = recorded(
        {"kind": "fixture_time", "name": "db", "scope": "session", "file": "conftest.py", "line": 3, "uses": 2,
         "setup_s": 1.5, "teardown_s": 0.5, "cpu_s": 0.25},
        {"kind": "import_time", "module": "shop", "file": "shop.py", "seconds": 2.0, "exclusive_s": 1.0,
         "project": True},
        {"kind": "session_time", "seconds": 5.0, "call_s": 3.0, "cpu": {"call": 2.0, "odd": 9.0}, "cpu_s": 4.0},
    )  # fmt: skip
    assert fixture == FixtureTime("db", "session", "conftest.py", 3, 2.0, 2, setup_s=1.5, teardown_s=0.5, cpu_s=0.25)
    assert one == ImportTime("shop", "shop.py", 2.0, 1.0, project=True)
    assert (session.call_s, session.cpu["call"], session.cpu_s) == (3.0, 2.0, 4.0)
    assert "odd" not in session.cpu


def test_a_flood_of_lines_is_bounded():
    line = {"kind": "fixture_time", "name": "db"}
    recording, records = recorded(
        *[line] * 1500, {"kind": "session_time", "seconds": 1}, {"kind": "session_time", "seconds": 1}
    )
    assert len(records) == 1001
    assert recording.malformed == 501


def test_a_real_run_tells_its_times(project, examine):
    root = project(
        tests__conftest="import pytest\n@pytest.fixture\ndef db():\n    yield 1\n",
        tests__test_a="def test_a(db):\n    assert db\ndef test_b(db):\n    assert db\n",
    )
    examined = examine(root)
    (session,) = examined.of(SessionTime)
    (fixture,) = [one for one in examined.of(FixtureTime) if one.name == "db"]
    assert (fixture.uses, fixture.file, fixture.line) == (2, "tests/conftest.py", 2)
    assert any(one.project and one.module.endswith("test_a") for one in examined.of(ImportTime))
    assert all(test.cpu_s is not None and test.fixtures_s is not None for test in examined.of(SeenTest))
    time = examined.report.time
    assert time.wall_s == examined.ended.seconds
    parts = (time.import_s, time.collection_s, time.fixtures_s, time.call_s, time.teardown_s, time.rest_s)
    assert sum(parts) + time.unexplained_s == pytest.approx(time.wall_s)
    assert time.unexplained_s >= 0
    assert session.cpu_s > 0
