"""Temporary files that modules make when they are imported are the same for every child."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from brinell_inside.serve import drawn


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn, "_made", [])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    drawn.listen()
    return tmp_path


@pytest.fixture
def made(temporary):
    """A folder and a file, as a module makes them at import."""
    folder = Path(tempfile.mkdtemp())
    descriptor, file = tempfile.mkstemp()
    os.close(descriptor)
    file = Path(file)
    file.write_text("seed")
    (folder / "inner").write_text("")
    own = Path(tempfile.mkdtemp())
    (own / "changes").write_text("")
    kept = drawn.Drawn(str(own))
    (own / "changes").write_text("of the server")
    kept.put_back(alone=True)
    assert (own / "changes").read_text() == "of the server"
    yield folder, file, kept
    kept.close()
    assert list(temporary.iterdir()) == [own]
    assert names(own) == ["changes"]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_child_removed_is_there_again(made):
    folder, file, kept = made
    file.unlink()
    shutil.rmtree(folder)
    kept.put_back(alone=False)
    assert file.read_text() == "seed"
    assert names(folder) == ["inner"]


def test_what_a_child_changed_is_put_back_when_no_other_runs(made):
    folder, file, kept = made
    file.write_text("other")
    (folder / "more").write_text("")
    kept.put_back(alone=False)
    assert names(folder) == ["inner", "more"]
    kept.put_back(alone=True)
    assert file.read_text() == "seed"
    assert names(folder) == ["inner"]


@pytest.mark.usefixtures("temporary")
def test_what_is_too_large_is_left_alone(monkeypatch):
    monkeypatch.setattr(drawn, "_MOST_BYTES", 100)
    folder = Path(tempfile.mkdtemp())
    (folder / "large").write_bytes(bytes(101))
    drawn.Drawn(None).close()
    assert names(folder) == ["large"]
    tempfile.mkdtemp()
    assert len(drawn._made) == 1, "only until the collection is over"
