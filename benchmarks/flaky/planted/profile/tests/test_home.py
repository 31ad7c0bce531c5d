import os
import shutil
from pathlib import Path

import pytest
from userhome import home

APP = f"planted{os.getpid()}"


def test_settings_are_saved():
    path = home.save_settings(APP, {"theme": "dark"})
    try:
        assert "dark" in path.read_text()
    finally:
        shutil.rmtree(path.parent)


def test_history_is_remembered():
    path = home.remember(APP, "deploy --all")
    try:
        with open(path) as lines:
            assert "deploy --all\n" in lines
    finally:
        os.unlink(path)


def test_cache_has_a_place():
    path = home.cache_dir(APP)
    try:
        assert os.path.isdir(path)
    finally:
        os.rmdir(path)


def test_bookmarks_are_kept():
    try:
        assert home.bookmarks(APP, ["a", "b"]) == ["a", "b"]
    finally:
        (Path.home() / f".{APP}.db").unlink(missing_ok=True)


def test_helper_logs_in():
    assert home.login(APP) == "token"


def test_draft_is_saved():
    path = home.save_atomically(APP, "draft")
    try:
        assert path.read_text() == "draft"
    finally:
        path.unlink()


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return tmp_path


def test_settings_in_own_home(own_home):
    assert home.save_settings(APP, {}).parent.parent == own_home


def test_history_in_own_home(own_home):
    assert Path(home.remember(APP, "x")).parent == own_home


def test_cache_in_own_home(own_home):
    assert home.cache_dir(APP).startswith(str(own_home))


def test_path_is_only_computed():
    assert home.settings_path("x").name == "settings.json"
