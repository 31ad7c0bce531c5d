"""The command line, called in this process from a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from brinell.cli.app import run


class Said(NamedTuple):
    """What a command gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in; nothing around it is a project."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return folder


@pytest.fixture
def brinell(here: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:  # noqa: ARG001 - to stand there
    def call(*argv: str) -> Said:
        capfd.readouterr()
        code = run(argv)
        return Said(code, *capfd.readouterr())

    return call


@pytest.fixture
def project(here: Path) -> Path:
    """A project with a test and an application, without a configuration."""
    (here / "shop").mkdir()
    (here / "shop" / "__init__.py").write_text("")
    (here / "shop" / "app.py").write_text(
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/healthz')\ndef h(): ...\n"
    )
    (here / "tests").mkdir()
    (here / "tests" / "test_sums.py").write_text("def test_sum():\n    assert 1 + 1 == 2\n")
    return here
