from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.time_judgement import FixtureCost, ImportCost, SuiteTime
from brinell.reports import outline_time
from brinell.reports.html import html
from brinell.reports.markdown import markdown
from brinell.reports.terminal import summary

PARTS = ("import", "collection", "fixtures", "call", "teardown", "start", "setup", "between", "end")


def time(wall_s=10.0, starved_s=None, **parts):
    seconds = {name: parts.get(name, 0.0) for name in PARTS}
    rest = sum(seconds[name] for name in ("start", "setup", "between", "end"))
    return SuiteTime(
        wall_s=wall_s, rest_s=rest, unexplained_s=wall_s - sum(seconds.values()), cpu_s=1.0, children_cpu_s=0.0,
        starved_s=starved_s, cpu=dict.fromkeys(PARTS, 0.01), **{f"{name}_s": value for name, value in seconds.items()},
    )  # fmt: skip


def fixture(**fields):
    given = {
        "name": "database", "scope": "function", "file": "tests/conftest.py", "line": 12, "uses": 40, "seconds": 4.0,
        "setup_s": 3.0, "teardown_s": 1.0, "cpu_s": 0.1, "advice": "set up 40 times: a wider scope saves 3.9 s",
    }  # fmt: skip
    return FixtureCost(**{**given, **fields})


def imported(**fields):
    given = {
        "module": "pandas", "file": "", "seconds": 1.5, "exclusive_s": 0.9, "by": "shop.report", "project": False,
        "at_start": False, "advice": "1.5 s; imported first by shop.report: import it where it is needed",
    }  # fmt: skip
    return ImportCost(**{**given, **fields})


@pytest.fixture
def timed(build):
    def make(**fields):
        judgement = build.realistic()
        given = {"time": time(fixtures=4.0, call=3.0, start=1.0), "fixtures": (fixture(),), "imports": (imported(),)}
        return msgspec.structs.replace(judgement, suite=msgspec.structs.replace(judgement.suite, **{**given, **fields}))

    return make


@pytest.mark.parametrize("render", [summary, markdown, html])
def test_every_report_says_where_the_time_goes_and_what_to_do(timed, render):
    text = render(timed())
    assert outline_time.TITLE in text
    assert "fixtures" in text
    assert "set up 40 times" in text
    assert "imported first by" in text
    assert "unexplained" in text


@pytest.mark.parametrize("render", [summary, markdown, html])
def test_without_times_there_is_no_section(timed, render):
    assert outline_time.TITLE not in render(timed(time=None, fixtures=(), imports=()))


@given(parts=st.dictionaries(st.sampled_from(PARTS), st.floats(0, 100)), wall_s=st.floats(0.001, 1000))
def test_the_rows_are_the_whole(build, parts, wall_s):
    suite = msgspec.structs.replace(build.realistic().suite, time=time(wall_s, **parts))
    rows = outline_time.rows(suite)
    assert sum(row.seconds for row in rows) == pytest.approx(wall_s, abs=1e-6)
    assert sum(row.share for row in rows) == pytest.approx(1, abs=1e-6)


def test_waiting_for_a_processor_is_told_where_it_is_known_and_much(timed):
    assert outline_time.waited(timed(time=time(starved_s=3.0)).suite).startswith("3.0 s")
    assert outline_time.waited(timed(time=time(starved_s=0.1)).suite) == ""
    assert outline_time.waited(timed(time=time()).suite) == ""


def test_what_is_too_little_to_matter_is_not_listed(timed):
    suite = timed(fixtures=(fixture(), fixture(name="tiny", seconds=0.001)), imports=(imported(at_start=True),)).suite
    assert [one.name for one in outline_time.fixtures(suite)] == ["database"]
    assert outline_time.imports(suite) == []


def test_names_from_the_subject_stay_text(timed):
    nasty = "<script>alert(1)</script>\x1b[31m"
    judgement = timed(fixtures=(fixture(name=nasty, file=nasty),), imports=(imported(module=nasty, by=nasty),))
    assert "<script>alert" not in html(judgement)
    assert "\x1b[31m" not in summary(judgement)
    assert "\x1b" not in markdown(judgement)
