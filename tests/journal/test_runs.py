from __future__ import annotations

from datetime import UTC, datetime

import pytest

from brinell.core.clock import FakeClock
from brinell.core.errors import UsageError
from brinell.journal import runs
from brinell.journal.store import Journal

MOMENT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def make(root, name, moment=MOMENT):
    folder = runs.create(root, name, moment, None)
    Journal.create(folder, FakeClock()).close()
    return folder


def test_a_run_gets_a_folder_named_by_time_and_name_and_the_home_ignores_itself(tmp_path):
    folder = make(tmp_path, "my shop / api")
    assert folder.name == "20260304T050607Z-my-shop-api"
    assert (tmp_path / ".brinell" / ".gitignore").read_text() == "*\n"


def test_two_runs_of_the_same_second_do_not_collide(tmp_path):
    assert make(tmp_path, "a") != make(tmp_path, "a")


def test_a_run_is_found_by_path_id_prefix_and_latest(tmp_path):
    first = make(tmp_path, "first")
    second = make(tmp_path, "second", MOMENT.replace(year=2027))
    assert runs.find(tmp_path) == second
    assert runs.find(tmp_path, first.name) == first
    assert runs.find(tmp_path, "2026") == first
    assert runs.find(tmp_path, str(first)) == first


@pytest.mark.parametrize(("asked", "message"), [("2", "fits 2 runs"), ("nope", "no run 'nope'")])
def test_a_run_that_cannot_be_told_is_a_usage_error(tmp_path, asked, message):
    make(tmp_path, "first")
    make(tmp_path, "second", MOMENT.replace(year=2027))
    with pytest.raises(UsageError, match=message):
        runs.find(tmp_path, asked)


def test_without_runs_the_error_says_how_to_make_one(tmp_path):
    with pytest.raises(UsageError, match="no runs below"):
        runs.find(tmp_path)


def test_out_is_used_as_it_is_and_refused_when_it_holds_a_run(tmp_path):
    out = tmp_path / "a b" / "out"
    assert runs.create(tmp_path, "x", MOMENT, out) == out
    Journal.create(out, FakeClock()).close()
    with pytest.raises(UsageError, match="already holds a run"):
        runs.create(tmp_path, "x", MOMENT, out)


def test_listing_is_newest_first_and_tells_unjudged_runs_apart(tmp_path):
    first = make(tmp_path, "first")
    (first / "judgement.json").write_text(
        '{"verdict":"fail","run":{"exit_code":1,"started":"2026-03-04T05:06:07Z","name":"first"}}'
    )
    make(tmp_path, "second", MOMENT.replace(year=2027))
    entries = runs.listing(tmp_path)
    assert [(e.name, e.verdict, e.exit_code) for e in entries] == [("second", None, None), ("first", "fail", 1)]
    assert all(e.size_bytes > 0 for e in entries)


@pytest.mark.parametrize(("keep", "left"), [(2, 2), (5, 3), (0, 3)])
def test_prune_keeps_the_newest(tmp_path, keep, left):
    for year in (2026, 2027, 2028):
        make(tmp_path, "r", MOMENT.replace(year=year))
    assert runs.prune(tmp_path, keep) == 3 - left
    assert [e.id[:4] for e in runs.listing(tmp_path)] == ["2028", "2027", "2026"][:left]


def test_prune_spares_what_it_is_told_to_and_what_is_still_written(tmp_path):
    new, writing = make(tmp_path, "new"), runs.create(tmp_path, "writing", MOMENT.replace(year=2020), None)
    make(tmp_path, "old", MOMENT.replace(year=2021))
    make(tmp_path, "future", MOMENT.replace(year=2099))
    with Journal.create(writing, FakeClock()):
        assert runs.prune(tmp_path, 1, spared=new) == 1
    assert [entry.name for entry in runs.listing(tmp_path)] == ["future", "new", "writing"]
    assert runs.prune(tmp_path, 1, spared=new) == 1
    assert [entry.name for entry in runs.listing(tmp_path)] == ["future", "new"]


def test_a_file_in_the_way_is_a_usage_error(tmp_path):
    (tmp_path / ".brinell").write_text("")
    with pytest.raises(UsageError, match=r"cannot create.*is a file") as caught:
        runs.create(tmp_path, "x", MOMENT, None)
    assert "move it away" in str(caught.value.hint)


def test_a_file_where_the_runs_go_is_named(tmp_path):
    (tmp_path / ".brinell").mkdir()
    (tmp_path / ".brinell" / "runs").touch()
    with pytest.raises(UsageError, match=r"\.brinell/runs is a file"):
        runs.create(tmp_path, "x", MOMENT, None)


def test_the_home_ignores_itself_also_after_a_full_disk(tmp_path):
    (tmp_path / ".brinell").mkdir()
    (tmp_path / ".brinell" / ".gitignore").touch()
    make(tmp_path, "a")
    assert (tmp_path / ".brinell" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("plan", "found"), [('{"root": "HERE"}', True), ('{"root": "HERE/gone"}', False), ("{", False)]
)
def test_the_project_of_a_run_is_there_or_not(tmp_path, plan, found):
    folder = make(tmp_path, "a")
    (folder / "plan.json").write_text(plan.replace("HERE", str(tmp_path)))
    assert runs.project_of(folder) == (tmp_path if found else None)
