from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

coverage = pytest.importorskip("coverage")
SOURCE = Path(__file__).parents[3] / "src"
CODE = "def parent():\n    return 1\ndef kept():\n    return 2\ndef stopped():\n    return 3\n"
PARENT = f"""
import os, sys; sys.path.insert(0, {str(SOURCE)!r})
import coverage
from brinell_inside.serve.coverage_data import keep_coverage, stop_coverage
measured = coverage.Coverage(data_file=".coverage", branch=BRANCH, source=["."], config_file=False)
measured.start()
import code_of
code_of.parent()
for number, does in enumerate(("kept", "stopped")):
    if not os.fork():
        if does == "stopped": stop_coverage()
        getattr(code_of, does)()
        if does == "kept": keep_coverage("brinell.1.%d" % number)
        os._exit(0)
    assert os.wait()[1] == 0
measured.stop(); measured.save()
"""


@pytest.mark.parametrize("branch", [False, True])
def test_what_children_measured_is_combined(tmp_path, branch):
    (tmp_path / "code_of.py").write_text(CODE)
    (tmp_path / "parent.py").write_text(PARENT.replace("BRANCH", str(branch)))
    subprocess.run([sys.executable, "parent.py"], cwd=tmp_path, check=True, timeout=60)
    assert sorted(path.name for path in tmp_path.glob(".coverage*")) == [".coverage", ".coverage.brinell.1.0"]
    combined = coverage.Coverage(data_file=str(tmp_path / ".coverage"), config_file=False)
    combined.load()
    combined.combine([str(tmp_path)], keep=True)
    lines = set(combined.get_data().lines(str(tmp_path / "code_of.py")))
    assert {2, 4} <= lines
    assert 6 not in lines


def test_without_coverage_nothing_happens(tmp_path):
    code = f"""
import sys; sys.path.insert(0, {str(SOURCE)!r})
from brinell_inside.serve.coverage_data import keep_coverage, stop_coverage
stop_coverage(); keep_coverage("x")
assert "coverage" not in sys.modules"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)
    assert not list(tmp_path.iterdir())
