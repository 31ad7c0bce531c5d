"""Which files a service made."""

from __future__ import annotations

from brinell.drills import files


def test_new_files_are_found_and_named_below_their_folder(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "old").touch()
    before = files.present([tmp_path])
    (tmp_path / "deep" / "er" / "new.pid").touch()
    new = files.present([tmp_path]) - before
    assert files.named(new, [tmp_path]) == ("deep/er/new.pid",)
    assert files.named(new, []) == (str(tmp_path / "deep" / "er" / "new.pid"),)


def test_what_tools_write_does_not_count(tmp_path):
    for name in ("__pycache__", ".git", ".brinell"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").touch()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log").touch()
    assert files.present([tmp_path], without=tmp_path / "run") == set()


def test_a_crowded_folder_costs_no_more_than_its_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST", 5)
    for number in range(20):
        (tmp_path / f"{number:02}").touch()
    assert len(files.present([tmp_path])) == 5


def test_a_folder_that_is_not_there_is_empty(tmp_path):
    assert files.present([tmp_path / "none"]) == set()
