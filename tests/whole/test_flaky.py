"""``brinell flaky`` and its sisters as a process of their own, in a project with one polluter and one victim."""

from __future__ import annotations

import json
import shutil

import pytest

SUITE = """
SEEN = []
def test_victim():
    assert SEEN == []
def test_between():
    assert 1 + 1 == 2
def test_polluter():
    SEEN.append(1)
"""
VICTIM, POLLUTER = "tests/test_shop.py::test_victim", "tests/test_shop.py::test_polluter"
pytestmark = pytest.mark.prove


@pytest.fixture
def polluted(tool):
    (tool.project / "tests" / "test_shop.py").write_text(SUITE)
    # In the order of the file, also where pytest-randomly is installed.
    (tool.project / "brinell.toml").write_text('[suite]\nargs = ["-p", "no:randomly"]\n')
    # Outside the project, and the output too: files there that change beside a test are taken for the test's.
    tool.run_folder = tool.project.parent / "the run"
    return tool


def judgement_of(tool) -> dict:
    return json.loads((tool.run_folder / "judgement.json").read_text())


def test_the_polluter_the_victim_and_what_shows_it_are_named(polluted):
    code = polluted.call("flaky", "--budget", "20s", "--json", "--out", str(polluted.run_folder))
    told = judgement_of(polluted)
    assert code == told["run"]["exit_code"] == 1
    assert told["suite"] is None
    (test,) = told["flaky"]
    assert (test["test"], test["verdict"], test["polluters"]) == (VICTIM, "victim", [POLLUTER])
    assert test["reproducer"].startswith("pytest ")
    assert test["reproducer"].endswith(f" {POLLUTER} {VICTIM}")
    assert test["confirmed"]
    said = (polluted.project / "output.log").read_text()
    assert json.loads(said[said.index("{\n") :]) == told
    assert polluted.left() == []


def test_one_test_is_isolated_by_a_part_of_its_name(polluted):
    polluted.call("isolate", "victim", "--budget", "20s", "--out", str(polluted.run_folder))
    assert [test["test"] for test in judgement_of(polluted)["flaky"]] == [VICTIM]


def test_a_name_that_fits_no_test_is_exit_2_with_the_nearest(polluted):
    assert polluted.call("isolate", "test_victm", "--budget", "20s", "--out", str(polluted.run_folder)) == 2
    assert f"did you mean {VICTIM}" in (polluted.project / "output.log").read_text()


def test_a_deep_suite_runs_first_and_is_examined_then(polluted):
    polluted.call("suite", "--deep", "--budget", "20s", "--out", str(polluted.run_folder))
    told = judgement_of(polluted)
    assert told["suite"]["passed"] == 3
    assert [test["test"] for test in told["flaky"]] == [VICTIM]


def test_a_test_that_needs_the_collection_of_another_file_names_the_file(tool):
    tests = tool.project / "tests"
    (tests / "test_dark.py").write_text("import os\nos.environ['SHOP_THEME'] = 'dark'\ndef test_dark(): pass\n")
    (tests / "test_look.py").write_text(
        "import os\ndef test_theme(): assert os.environ.get('SHOP_THEME') == 'dark'\ndef test_plain(): pass\n"
    )
    (tool.project / "brinell.toml").write_text('[suite]\nargs = ["-p", "no:randomly"]\n')
    tool.run_folder = tool.project.parent / "the run"
    (tests / "test_shop.py").unlink()  # which has nothing to do with it
    code = tool.start("flaky", "--budget", "60s", "--out", str(tool.run_folder)).wait(300)
    if "files collected by themselves: the budget was spent" in (tool.project / "output.log").read_text():
        shutil.rmtree(tool.run_folder)  # on a machine where an interpreter takes seconds to start, that is too little
        code = tool.start("flaky", "--budget", "6m", "--out", str(tool.run_folder)).wait(900)
    assert code == 1
    (test,) = judgement_of(tool)["flaky"]
    assert (test["test"], test["verdict"], test["cause"]) == (
        "tests/test_look.py::test_theme",
        "brittle",
        "import-time",
    )
    assert test["setters"] == ["tests/test_dark.py"]
    assert test["confirmed"]
    assert "tests/test_dark.py" in test["reproducer"]
    assert tool.left() == []


def test_ctrl_c_keeps_what_was_found_and_resume_examines_again(polluted):
    slow = SUITE + "import time\ndef test_slow():\n    time.sleep(0.5)\n"
    (polluted.project / "tests" / "test_shop.py").write_text(slow)
    tool = polluted.start("flaky", "--budget", "30s", "--out", str(polluted.run_folder))
    polluted.wait_for('"examstarted"')
    tool.send_signal(2)
    assert tool.wait(60) == 130
    assert judgement_of(polluted)["run"]["state"] == "interrupted"
    assert polluted.left() == []
    assert polluted.call("flaky", "--resume", str(polluted.run_folder), "--quiet") == 1
    assert [test["test"] for test in judgement_of(polluted)["flaky"]] == [VICTIM]
