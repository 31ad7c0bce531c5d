"""Each factor in a real pytest: once collected, a child is forked, the factor applied there, and a test run in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCES = Path(__file__).parents[3] / "src"
PYTHONS = [path for path in os.environ.get("BRINELL_TEST_PYTHONS", "").split(os.pathsep) if path] or [sys.executable]

# The smallest server: collects, forks, applies, runs the tests as pytest does, and says how that was.
SERVER = """
import json, os, random, sys
sys.path.insert(0, {sources!r})
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    reading, writing = os.pipe()
    state = random.getstate()
    child = os.fork()
    if child:
        os.close(writing)
        said = os.fdopen(reading).read()
        os.waitpid(child, 0)
        print("SAID " + said, file=sys.__stderr__)
        return True
    try:
        random.setstate(state)  # Python seeds it anew in a child; the server puts it back
        from brinell_inside.factors import apply, late_problems, release, report
        problems = apply(json.loads({levels!r}), {scratch!r}, session.config)
        outcomes = {{}}
        class Outcomes:
            def pytest_runtest_logreport(self, report):
                if report.when == "call" or report.failed:
                    outcomes[report.nodeid.partition("::")[2]] = [report.outcome, str(report.longrepr)]
        session.config.pluginmanager.register(Outcomes())
        for index, item in enumerate(session.items):
            following = session.items[index + 1] if index + 1 < len(session.items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        release()
        release()
        said = {{"problems": problems, "outcomes": outcomes, "report": report(),
                "late": late_problems()}}
        os.write(writing, json.dumps(said).encode())
    finally:
        os._exit(0)
"""


# One of them is enough for ``make test``; ``make prove`` has them all.
FIRST, OTHERS = PYTHONS[0], [pytest.param(path, marks=pytest.mark.prove) for path in PYTHONS[1:]]


@pytest.fixture(params=[FIRST, *OTHERS], ids=lambda path: path.replace("/", "-").strip("-"))
def python(request: pytest.FixtureRequest) -> str:
    path = shutil.which(request.param)
    if path is None or subprocess.run([path, "-c", "import pytest"], capture_output=True, check=False).returncode:
        pytest.skip(f"{request.param} is missing or has no pytest")
    return path


@pytest.fixture
def under(tmp_path: Path, python: str, warm_pytest: Callable[[str], Any]) -> Callable[..., dict[str, Any]]:
    """``under({factor: level}, tests)``: what the child said."""

    def run(levels: dict[str, Any], tests: str, plugins: tuple[str, ...] = ()) -> dict[str, Any]:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        server = SERVER.format(sources=str(SOURCES), levels=json.dumps(levels), scratch=str(scratch))
        (tmp_path / "conftest.py").write_text(server)
        (tmp_path / "test_it.py").write_text(tests)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV", "PYTHON"))}
        # Without bytecode: a conftest rewritten in the same second with the same size would be taken for the old one.
        environment = {**kept, "PYTHONDONTWRITEBYTECODE": "1"}
        loaded = [part for name in plugins for part in ("-p", name)]
        args = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, *loaded, "test_it.py"]
        ended = warm_pytest(python)(args, cwd=tmp_path, env=environment)
        lines = [line for line in ended.stderr.splitlines() if line.startswith("SAID {")]
        assert lines, ended.stdout + ended.stderr
        said: dict[str, Any] = json.loads(lines[0][5:])
        return said

    return run


@pytest.fixture
def holds(under: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """All tests pass under the levels, and the last named ``test_changed*`` fail without: the factor took hold."""

    def check(levels: dict[str, Any], tests: str, plugins: tuple[str, ...] = ()) -> dict[str, Any]:
        changed = under(levels, tests, plugins)
        assert changed["problems"] == {}
        assert changed["outcomes"]
        assert {name: told for name, (outcome, told) in changed["outcomes"].items() if outcome != "passed"} == {}
        plain = under({}, tests, plugins)["outcomes"]
        for name, (outcome, told) in plain.items():
            assert outcome == ("failed" if name.startswith("test_changed") else "passed"), (name, told)
        return changed

    return check
