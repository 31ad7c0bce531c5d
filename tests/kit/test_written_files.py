"""What is written is code that a team would keep: it parses on Python 3.8, and ruff leaves it as it is."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from brinell.kit.flaky_detection import flaky_detection
from brinell.kit.isolation_validation import isolation_validation
from brinell.kit.performance_baseline import performance_test
from brinell.kit.seal import state

LONG = "tests/test_shop.py::TestCase::test_a_rather_long_name_as_people_write_them[and with 'parameters' — \"quoted\"]"


@pytest.fixture(params=["flaky", "isolation", "performance"])
def written(request, of):
    found = of.judgement(
        suite=of.suite({"tests/test_a.py::test_a": (0.1, 0.1, 0.1)}, category="property"),
        flaky=(
            of.victim(LONG, (LONG, "t.py::b"), state=(("os.environ['X']", "environ"), ("a.B[\"c'd\"]", ""))),
            of.victim("tests/test_b.py::test_c", ("tests/test_b.py::test_b",)),
            of.flaky(LONG, "nondeterministic", failure_probability=of.share(1, 7)),
            of.flaky("t.py::t", "nondeterministic", factors=of.factor("hash", 3, "PYTHONHASHSEED=3 pytest t.py::t")),
            of.flaky("t.py::u", "self-polluting", failure_probability=of.share(3, 3)),
        ),
    )  # fmt: skip
    make = {"flaky": flaky_detection, "isolation": isolation_validation, "performance": performance_test}
    return make[request.param](found)


def test_it_is_ours_and_parses_on_the_oldest_python(written):
    assert state(written) == "ours"
    tree = ast.parse(written, feature_version=(3, 8))
    modules = {node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import)}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules - {"pytest"} <= sys.stdlib_module_names


@pytest.mark.parametrize("width", ["88", "120"])
def test_ruff_finds_nothing_and_formats_nothing(written, tmp_path, width):
    path = tmp_path / "test_written.py"
    path.write_text(written, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--isolated"], ["format", "--isolated", "--diff", "--line-length", width]):
        ended = subprocess.run([*ruff, *command, str(path)], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
