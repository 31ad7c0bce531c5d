"""Children that collected some files only, on a written suite; nothing may be left of them (``laboratories``)."""

from __future__ import annotations

import pytest

from brinell.suite.lab.job import Changed, Job, Mark, collect, restore

FILES = {
    "shared": "ITEMS = []\nMODE = 'plain'\n",
    "conftest": "import sys, pathlib; sys.path.insert(0, str(pathlib.Path(__file__).parent))\n",
    "tests__test_a": """
        import os, tempfile, shared
        def test_empty(): assert shared.ITEMS == [], "something is there"
        def test_alone(): shared.ITEMS.append(2)
        """,
    "tests__test_b": "import shared\nshared.ITEMS.append(1)\ndef test_b(): assert shared.ITEMS == [1]\n",
    "tests__broken__test_broken": "import not_there\ndef test_never(): pass\n",
    "tests__leaves__test_leaves": "import os\nos._exit(3)\n",
    "tests__sub__conftest": "import shared\nshared.MODE = 'other'\n",
    "tests__sub__test_sub": "import shared\ndef test_mode(): assert shared.MODE == 'plain'\n",
    "tests__threads__test_threads": """
        import threading
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        def test_one(): pass
        def test_two(): assert 0
        """,
}
TESTS = (
    "tests/test_a.py::test_empty", "tests/test_a.py::test_alone", "tests/test_b.py::test_b",
    "tests/broken/test_broken.py::test_never", "tests/sub/test_sub.py::test_mode",
    "tests/threads/test_threads.py::test_one", "tests/threads/test_threads.py::test_two",
)  # fmt: skip
EMPTY, ALONE, B, NEVER, MODE, ONE, TWO = range(7)
A_FILE, B_FILE, BROKEN = "tests/test_a.py", "tests/test_b.py", "tests/broken/test_broken.py"


@pytest.fixture
def early(laboratories):
    """The laboratory, and ``run``: results by what was collected and the tests, as outcomes."""
    labs = laboratories(**FILES)

    def run(*jobs, slots=2):
        lab = labs.early(TESTS, slots)
        return {(result.job.collect, result.job.steps): result for result in lab.run(jobs)}

    return run


def outcomes(result):
    return [(ran.test, ran.outcome) for ran in result.ran]


def test_only_what_a_job_names_is_collected_and_jobs_do_not_see_each_other(early):
    both = (A_FILE, B_FILE)
    found = early(
        Job((EMPTY,), collect=(A_FILE,)), Job((ALONE, EMPTY), collect=(A_FILE,)), Job((EMPTY,), collect=(A_FILE,)),
        Job((EMPTY,), collect=both), Job((B,), collect=both),
    )  # fmt: skip
    assert outcomes(found[(A_FILE,), (EMPTY,)]) == [(EMPTY, "passed")]
    assert outcomes(found[(A_FILE,), (ALONE, EMPTY)]) == [(ALONE, "passed"), (EMPTY, "failed")]
    assert outcomes(found[both, (EMPTY,)]) == [(EMPTY, "failed")]
    assert outcomes(found[both, (B,)]) == [(B, "passed")]
    assert found[both, (B,)].collected == both
    assert found[(A_FILE,), (EMPTY,)].how == "finished"


def test_a_file_that_cannot_be_collected_is_said_with_the_reason(early):
    (result,) = early(Job((NEVER, EMPTY), collect=(A_FILE, BROKEN))).values()
    assert outcomes(result) == [(NEVER, "error"), (EMPTY, "passed")]
    ((path, why),) = result.uncollected
    assert (path, why) == (BROKEN, "ModuleNotFoundError: No module named 'not_there'")


def test_a_module_that_leaves_the_process_costs_its_own_jobs_only(early):
    leaves = ("tests/leaves/test_leaves.py", A_FILE)
    found = early(Job((EMPTY,), collect=leaves), Job((EMPTY,), collect=(A_FILE,)))
    assert (found[leaves, (EMPTY,)].how, outcomes(found[leaves, (EMPTY,)])) == ("lost", [])
    assert outcomes(found[(A_FILE,), (EMPTY,)]) == [(EMPTY, "passed")]


@pytest.mark.prove
def test_conftests_come_with_their_folder_and_can_be_collected_by_themselves(early):
    own, conftest = ("tests/sub/test_sub.py",), ("tests/sub/conftest.py", A_FILE)
    found = early(Job((MODE,), collect=own), Job((EMPTY,), collect=conftest))
    assert found[own, (MODE,)].collected == ("tests/sub/conftest.py", "tests/sub/test_sub.py")
    assert outcomes(found[own, (MODE,)]) == [(MODE, "failed")]
    assert found[conftest, (EMPTY,)].collected == conftest


def test_nothing_is_collected_where_nothing_is_named(early):
    (result,) = early(Job((EMPTY,), collect=())).values()
    assert (result.collected, outcomes(result)) == ((), [(EMPTY, "error")])


def test_what_a_file_leaves_when_it_is_collected_is_named_and_put_back(early):
    steps = (Mark, collect([B_FILE]), Changed, EMPTY, restore(["shared.ITEMS"]), EMPTY)
    (result,) = early(Job(steps, collect=(A_FILE,))).values()
    assert outcomes(result) == [(EMPTY, "failed"), (EMPTY, "passed")]
    assert "shared.ITEMS" in {change.root for _, changes in result.changes for change in changes}


def test_where_a_file_starts_a_thread_each_job_has_a_child_of_its_own(early):
    file = ("tests/threads/test_threads.py",)
    found = early(Job((ONE,), collect=file), Job((TWO,), collect=file))
    assert outcomes(found[file, (ONE,)]) == [(ONE, "passed")]
    assert outcomes(found[file, (TWO,)]) == [(TWO, "failed")]


def test_a_fresh_process_collects_what_the_job_names_too(laboratories):
    lab = laboratories(**FILES).fresh(TESTS)
    found = {result.job.collect: result for result in lab.run([
        Job((EMPTY,), collect=(A_FILE,)), Job((EMPTY,), collect=(A_FILE, B_FILE)), Job((NEVER,), collect=(BROKEN,)),
    ])}  # fmt: skip
    assert outcomes(found[A_FILE,]) == [(EMPTY, "passed")]
    assert outcomes(found[A_FILE, B_FILE]) == [(EMPTY, "failed")]
    assert outcomes(found[BROKEN,]) == [(NEVER, "error")]
    assert found[BROKEN,].uncollected[0][0] == BROKEN
