import contextlib
import os

import pytest

from intake import save


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "rows.json"
    save([["Ann", 3]], path)
    yield path
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


@pytest.fixture
def lenient(tmp_path):
    path = tmp_path / "lenient.json"
    save([], path)
    yield path
    try:
        os.unlink(path)
        os.unlink(path)
    except:
        pass


@pytest.fixture
def loud(tmp_path):
    path = tmp_path / "loud.json"
    save([], path)
    try:
        yield path
    except BaseException:
        os.unlink(path)
        raise
