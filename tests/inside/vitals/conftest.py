"""Real processes with the probe in them, on a real line."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brinell.core.vitals_records import ProbeLook
from brinell.subject.probe import ProbeLine

MOST_S = 20.0


@pytest.fixture
def line() -> Iterator[ProbeLine]:
    made = ProbeLine()
    yield made
    made.close()


@pytest.fixture
def running(line: ProbeLine, tmp_path: Path) -> Callable[..., contextlib.AbstractContextManager[subprocess.Popen[str]]]:
    return lambda code, **more: _running(line, tmp_path, code, **more)


@pytest.fixture
def heard(line: ProbeLine) -> Callable[[Callable[[list[ProbeLook]], bool]], list[ProbeLook]]:
    return lambda enough: _heard(line, enough)


@contextlib.contextmanager
def _running(
    line: ProbeLine, folder: Path, code: str, *, python: str = sys.executable, **env: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a script in a session of its own with the probe; whatever it started ends with it."""
    script = folder / "script.py"
    script.write_text(code)
    environment = {**os.environ, **env}
    environment |= line.environment(environment)
    with subprocess.Popen(
        [python, str(script)], cwd=folder, env=environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)


def _heard(line: ProbeLine, enough: Callable[[list[ProbeLook]], bool]) -> list[ProbeLook]:
    """What was said until it was enough."""
    found: list[ProbeLook] = []
    until = time.monotonic() + MOST_S
    while time.monotonic() < until and not enough(found):
        found += line.read()
        time.sleep(0.02)
    assert enough(found), found
    assert line.malformed == 0
    return found
