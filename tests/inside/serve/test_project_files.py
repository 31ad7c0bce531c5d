from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell_inside.serve.project_files import ProjectFiles

NAMES = ("a", "b", "a.txt", "\u00e4 \n")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
KINDS = st.sampled_from(["file", "file", "folder", "link", "gone"])
STEPS = st.lists(
    st.tuples(PATHS, KINDS, st.binary(max_size=8), st.sampled_from([0o600, 0o755, 0o500, 0o444])), max_size=10
)
LONG_AGO = 1_000_000_000


def clear(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.is_symlink() or path.exists():
        path.unlink()


def make(root, steps, times=None):
    """Bring about what the steps say, one after the other; ``times``: when files were last written."""
    for name, kind, data, mode in steps:
        path = root / name
        if any(parent.is_symlink() or not parent.is_dir() for parent in path.parents if root in parent.parents):
            continue
        clear(path) if kind != "file" or path.is_symlink() or path.is_dir() else None
        if kind == "file":
            path.write_bytes(data)
        elif kind == "folder":
            path.mkdir()
        elif kind == "link":
            path.symlink_to(("b", "/", "../outside", "no such")[len(data) % 4])
        if kind in ("file", "folder"):
            path.chmod(mode | (0o700 if kind == "folder" else 0o200))
        if times and kind == "file":
            os.utime(path, (times, times))


def picture(root):
    found = {}
    for path in sorted(root.rglob("*")):
        seen = path.lstat()
        kind = stat.S_IFMT(seen.st_mode)
        content = str(path.readlink()) if kind == stat.S_IFLNK else path.read_bytes() if kind == stat.S_IFREG else None
        when = seen.st_mtime_ns if kind == stat.S_IFREG else 0
        found[str(path.relative_to(root))] = (kind, stat.S_IMODE(seen.st_mode), content, when)
    return found


def everything(before, after):
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


@settings(max_examples=150)
@given(STEPS, STEPS, STEPS)
def test_what_was_there_is_there_again(tree, first, second):
    with tempfile.TemporaryDirectory() as folder:
        root, outside = Path(folder, "root"), Path(folder, "outside")
        root.mkdir()
        outside.mkdir()
        (outside / "a").write_bytes(b"not the project's")
        make(root, tree, LONG_AGO)
        before, beyond = picture(root), picture(outside)
        files = ProjectFiles(str(root))
        try:
            for change in (first, second):
                files.remember()
                assert not files.changed(set(before))
                make(root, change)
                different = everything(before, picture(root))
                told = files.restore(different | set(before))
                assert {path for path, _ in told} >= different
                assert picture(root) == before
                assert not files.changed(set(before) | different)
                assert picture(outside) == beyond
        finally:
            files.close()


@settings(max_examples=60)
@given(STEPS, STEPS, st.sets(PATHS, max_size=4))
def test_only_the_paths_that_are_named_change(tree, change, named):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, tree, LONG_AGO)
        files = ProjectFiles(str(root))
        files.remember()
        make(root, change)
        changed = picture(root)
        files.restore(named)
        files.close()
        above = {str(parent) for name in named for parent in Path(name).parents}  # a folder that was removed with it
        assert everything(changed, picture(root)) <= named | above


@pytest.fixture
def files(tmp_path):
    """A project with some of everything, remembered."""
    (tmp_path / "root" / "folder").mkdir(parents=True)
    (tmp_path / "root" / "folder" / "file").write_text("x")
    (tmp_path / "root" / "other").mkdir()
    (tmp_path / "root" / "link").symlink_to("folder")
    made = ProjectFiles(str(tmp_path / "root"))
    made.remember()
    yield made
    made.close()


def test_a_link_to_a_folder_is_a_link_again(files, tmp_path):
    link = tmp_path / "root" / "link"
    link.unlink()
    assert files.restore({"link"}) == [("link", "removed")]
    assert link.readlink() == Path("folder")


def test_nothing_is_written_where_a_link_of_a_test_leads(files, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    folder = tmp_path / "root" / "folder"
    shutil.rmtree(folder)
    folder.symlink_to(outside)
    files.restore({"folder/file"})  # and not the folder
    assert not list(outside.iterdir())
    files.restore({"folder", "folder/file"})
    assert not folder.is_symlink()
    assert (folder / "file").read_text() == "x"
    assert not list(outside.iterdir())


def test_a_folder_in_a_files_place_stays_if_somebody_uses_it(files, tmp_path):
    path = tmp_path / "root" / "folder" / "file"
    path.unlink()
    path.mkdir()
    (path / "precious").write_text("somebody's")
    files.restore({"folder/file"})
    assert (path / "precious").read_text() == "somebody's"
    files.restore({"folder/file", "folder/file/precious"})
    assert path.read_text() == "x"


def test_what_somebody_edits_meanwhile_is_kept(files, tmp_path):
    edited = tmp_path / "root" / "edited"
    edited.write_text("new")
    (tmp_path / "root" / "folder" / "file").write_text("by a test")
    files.restore({"folder/file"})
    assert edited.read_text() == "new"
    files.remember()
    edited.write_text("by a test, too")
    files.restore({"edited"})
    assert edited.read_text() == "new"


def test_caches_and_what_cannot_be_copied_are_left_alone(files, tmp_path):
    root = tmp_path / "root"
    (root / "__pycache__").mkdir()
    os.mkfifo(root / "pipe")
    files.remember()
    assert not files.complete
    (root / "pipe").unlink()
    (root / "__pycache__" / "x.pyc").write_text("x")
    assert files.restore({"pipe", "__pycache__", "__pycache__/x.pyc"}) == [("pipe", "removed")]
    assert (root / "__pycache__" / "x.pyc").exists()


def test_copies_go_when_they_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    root = tmp_path / "root"
    (root / "closed").mkdir(parents=True, mode=0o500)
    files = ProjectFiles(str(root))
    files.close()
    files.remember()
    assert [path.name.startswith("brinell-files-") for path in tmp_path.iterdir() if path != root] == [True]
    files.close()
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


def test_the_folder_that_a_run_is_written_to_is_left_alone(tmp_path):
    root, copies = tmp_path / "root", tmp_path / "copies"
    copies.mkdir()
    run = root / "my run"
    run.mkdir(parents=True)
    for name in ("plan.json", "journal.jsonl", "report.md"):
        (run / name).write_text("{}")
    (root / "a").write_text("x")
    files = ProjectFiles(str(root), str(copies))
    files.remember()
    (run / "journal.jsonl").write_text("more")
    assert files.restore({"my run/journal.jsonl", "a"}) == []
    assert (run / "journal.jsonl").read_text() == "more"
    assert not list(copies.rglob("journal.jsonl"))
    files.close()
    assert not list(copies.iterdir())
