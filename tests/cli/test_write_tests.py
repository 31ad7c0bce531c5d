"""``brinell suite --write-tests``: what is written where, what is never overwritten, and the whole path once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from brinell.kit import flaky_detection, isolation_validation, performance_baseline

TIMES, PAIRS, FLAKY = performance_baseline.NAME, isolation_validation.NAME, flaky_detection.NAME
BASELINE = performance_baseline.BASELINE
QUICK = ("suite", "--no-deep", "--no-quality", "--write-tests", "--python", sys.executable)


def pytest_here(*arguments: str) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", *arguments],
        env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def written(project, brinell):
    """A project whose suite was run once, and its times written."""
    said = brinell(*QUICK)
    assert said.code == 0, said
    return project, said


def test_times_are_written_beside_a_test_that_passes_and_the_rest_is_accounted_for(written):
    project, said = written
    folder = project / "tests" / "hardening"
    assert {path.name for path in folder.iterdir()} == {TIMES, BASELINE}
    assert f"wrote tests/hardening/{TIMES}" in said.err
    assert f"not written: {PAIRS}: no victim of another test is known (no examination was asked for" in said.err
    assert f"not written: {FLAKY}" in said.err
    held = json.loads((folder / BASELINE).read_text())
    assert list(held["tests"]) == ["tests/test_sums.py::test_sum"]
    assert 0 < held["calibration_seconds"] < 10
    status, output = pytest_here()
    assert (status, "2 passed" in output) == (0, True), output


def test_an_earlier_run_is_written_without_running_anything(written, brinell):
    project, _ = written
    (project / "tests" / "test_sums.py").write_text("raise SystemExit('was run')\n")
    said = brinell("suite", "--write-tests", "--run", "latest", "--into", "guards")
    assert (said.code, said.out) == (0, "")
    assert {path.name for path in (project / "guards").iterdir()} == {TIMES, BASELINE}
    assert brinell("runs").out.count("-shop") == 1


def test_writing_again_changes_nothing_and_keeps_the_baseline(written, brinell):
    project, _ = written
    baseline = project / "tests" / "hardening" / BASELINE
    baseline.write_text(baseline.read_text().replace('"noise": 0.25', '"noise": 0.5'))
    said = brinell("suite", "--write-tests", "--run", "latest")
    assert f"unchanged: tests/hardening/{TIMES}" in said.err
    assert f"kept tests/hardening/{BASELINE}" in said.err
    assert json.loads(baseline.read_text())["noise"] == 0.5
    brinell("suite", "--write-tests", "--run", "latest", "--force")
    assert json.loads(baseline.read_text())["noise"] == 0.25


def test_a_run_of_another_machine_leaves_the_times_to_a_session_there(written, brinell):
    project, _ = written
    (run,) = (project / ".brinell" / "runs").iterdir()
    judgement = json.loads((run / "judgement.json").read_text())
    judgement["run"]["fingerprint"]["cpu"] = "another one"
    (run / "judgement.json").write_text(json.dumps(judgement))
    said = brinell("suite", "--write-tests", "--run", "latest", "--into", "guards")
    assert "another machine" in said.err
    assert json.loads((project / "guards" / BASELINE).read_text())["calibration_seconds"] is None


@pytest.mark.parametrize("name", [TIMES, PAIRS, FLAKY])
def test_somebody_elses_file_is_refused_before_anything_runs(project, brinell, name):
    path = project / "tests" / "hardening" / name
    path.parent.mkdir()
    path.write_text("def test_ours():\n    assert 1\n")
    said = brinell(*QUICK)
    assert said.code == 2
    assert f"tests/hardening/{name} was not written by Brinell" in said.err
    assert not (project / ".brinell").exists()
    assert path.read_text() == "def test_ours():\n    assert 1\n"


def test_an_edited_file_is_refused_unless_forced(written, brinell):
    project, _ = written
    path = project / "tests" / "hardening" / TIMES
    path.write_text(path.read_text().replace("LEAST_S = 0.5", "LEAST_S = 2.0"))
    said = brinell("suite", "--write-tests", "--run", "latest")
    assert (said.code, "was edited since it was written" in said.err) == (2, True)
    assert "LEAST_S = 2.0" in path.read_text()
    assert brinell("suite", "--write-tests", "--run", "latest", "--force").code == 0
    assert "LEAST_S = 0.5" in path.read_text()


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (("--into", "x"), "--into goes with --write-tests"),
        (("--force",), "--force goes with --write-tests"),
        (("--run", "latest"), "--run goes with --write-tests"),
        (("--write-tests", "--run", "latest", "--repeat", "3"), "--repeat cannot change it"),
        (("--write-tests", "--run", "latest", "--", "-x"), "pytest arguments cannot change it"),
    ],
)
def test_options_that_do_not_go_together_are_refused(project, brinell, argv, named):  # noqa: ARG001 - to stand there
    said = brinell("suite", *argv)
    assert (said.code, named in said.err) == (2, True), said


def test_a_folder_that_cannot_be_made_is_one_message(written, brinell):
    project, _ = written
    (project / "file").write_text("")
    said = brinell("suite", "--write-tests", "--run", "latest", "--into", "file/guards")
    assert (said.code, "--into DIR writes elsewhere" in said.err) == (2, True), said


SHOP = """
SEEN = []
def test_victim():
    assert SEEN == []
def test_twice(seen=[]):
    seen.append(1)
    assert len(seen) == 1
def test_polluter():
    SEEN.append(1)
    assert SEEN
"""


@pytest.mark.prove
def test_the_whole_path_from_a_flaky_suite_to_tests_that_guard_it(project, brinell):
    shop = project / "tests" / "test_shop.py"
    shop.write_text(SHOP)
    (project / "brinell.toml").write_text('[suite]\nargs = ["-p", "no:randomly"]\n')
    said = brinell("suite", "--no-quality", "--write-tests", "--budget", "30s", "--python", sys.executable)
    assert said.code == 1
    assert f"wrote tests/hardening/{PAIRS} (1 guarded)" in said.err
    assert f"wrote tests/hardening/{FLAKY} (1 guarded)" in said.err
    status, output = pytest_here("tests/hardening", "-p", "no:randomly")
    assert (status, "2 xfailed" in output) == (0, True), output
    shop.write_text(
        SHOP.replace("SEEN.append(1)\n", "SEEN[:] = []\n").replace("assert SEEN\n", "").replace("seen=[]", "")
    )
    shop.write_text(shop.read_text().replace("    seen.append(1)\n    assert len(seen) == 1", "    assert True"))
    status, output = pytest_here("tests/hardening")
    assert (status, len(re.findall(r"^\[XPASS\(strict\)\]", output, re.MULTILINE))) == (1, 2), output
    for name in (PAIRS, FLAKY):
        path = Path("tests/hardening", name)
        path.write_text(path.read_text().replace("fixed=False", "fixed=True"))
    status, output = pytest_here("tests/hardening")
    assert status == 0, output
    shop.write_text(SHOP)
    status, output = pytest_here("tests/hardening")
    assert (status, "2 failed" in output) == (1, True), output
