from __future__ import annotations

import pytest

from brinell.core.errors import Interrupted
from brinell.suite.lab.plain import Asked, quiet_options

FILES = {
    "test_a": """
        import os, time, pytest
        SEEN = []
        def test_passes(): pass
        def test_fails(): assert 1 == 2, "a word"
        def test_skips(): pytest.skip("no")
        @pytest.mark.xfail
        def test_xfails(): assert 0
        @pytest.mark.xfail
        def test_xpasses(): pass
        @pytest.fixture
        def broken(): raise OSError("no disk")
        def test_errors(broken): pass
        def test_leaves(): os._exit(3)
        def test_hangs(): time.sleep(600)
        def test_once():
            SEEN.append(1)
            assert len(SEEN) == 1
        def test_level(): assert os.environ["LEVEL"] == "3"
        """
}


def ids(*names):
    return tuple(f"test_a.py::test_{name}" for name in names)


def test_a_letter_for_each_in_the_order_typed(laboratories):
    plain = laboratories(**FILES).plain()
    asked = Asked(ids("fails", "passes", "skips", "xfails", "xpasses", "errors"), key=7)
    (answer,) = plain.run([asked])
    assert answer.asked.key == 7
    assert (answer.outcomes, answer.exit_status) == ("fpsxXe", 1)
    assert answer.message == "OSError: no disk"
    assert answer.seconds > 0


def test_who_never_ended_and_who_never_began(laboratories):
    plain = laboratories(**FILES).plain(at_once=2)
    asked = [
        Asked(ids("passes", "leaves", "passes", "fails"), key=0),
        Asked(ids("passes", "hangs"), deadline_s=4.0, key=1),
        Asked(ids("no_such"), key=2),
    ]
    answers = {answer.asked.key: answer for answer in plain.run(asked)}
    assert (answers[0].outcomes, answers[0].exit_status) == ("pd", 3)
    assert answers[1].outcomes == "pd"
    assert answers[1].exit_status < 0
    assert (answers[2].outcomes, answers[2].exit_status) == ("", 4)


@pytest.mark.parametrize(("name", "outcomes"), [("passes", "pp"), ("once", "pf"), ("leaves", ""), ("no_such", "")])
def test_twice_in_one_process(laboratories, name, outcomes):
    (answer,) = laboratories(**FILES).plain().run([Asked(ids(name), twice=True)])
    assert answer.outcomes == outcomes


def test_environment_and_words_before_the_interpreter(laboratories):
    plain = laboratories(**FILES).plain()
    asked = [
        Asked(ids("level")),
        Asked(ids("level"), env={"LEVEL": "3"}),
        Asked(ids("level"), prefix=("env", "LEVEL=3")),
        Asked(ids("level"), env={"LEVEL": "3"}, prefix=("env", "LEVEL=4")),
    ]
    assert [answer.outcomes for answer in plain.run(asked)] == ["f", "p", "p", "f"]


def test_options_come_before_the_ids(laboratories):
    (answer,) = laboratories(**FILES).plain().run([Asked(ids("fails", "passes"), options=("-x",))])
    assert answer.outcomes == "f"


def test_a_flood_of_output_does_not_block(laboratories):
    text = "import os\ndef test_it():\n    for _ in range(200): os.write(1, b'x' * 65536)\n"
    (answer,) = laboratories(test_a=text).plain().run([Asked(("test_a.py::test_it",), options=("-s",))])
    assert answer.outcomes == "p"


def test_a_stop_passes_through_when_nothing_runs_any_more(laboratories):
    made = laboratories(**FILES)
    made.room._stops = lambda room: room.ticks > 2
    with pytest.raises(Interrupted):
        list(made.plain(at_once=2).run([Asked(ids("hangs"))] * 3))
    assert [child.poll() is None for child in made.room.children] == [False, False]


def test_quiet_options_are_for_the_plug_ins_that_are_there():
    assert quiet_options([]) == ()
    assert quiet_options(["pytest-cov"]) == ()
    everything = ["pytest-xdist", "pytest-randomly", "pytest-rerunfailures", "pytest-random-order"]
    assert quiet_options(everything) == quiet_options(everything[::-1])
    assert quiet_options(["pytest-xdist"]) == ("-n", "0")


def test_quiet_options_keep_the_order_and_one_run_of_each(laboratories):
    pytest.importorskip("pytest_randomly")
    pytest.importorskip("pytest_rerunfailures")
    made = laboratories(
        pytest_ini="[pytest]\naddopts = -p randomly -p rerunfailures --reruns=2\n",
        test_a="""
            import pathlib, pytest
            @pytest.mark.parametrize("n", range(12))
            def test_it(n):
                with pathlib.Path("order").open("a") as file: file.write("%d " % n)
                assert n != 5
            """,
    )
    options = quiet_options(["pytest-randomly", "pytest-rerunfailures"])
    (answer,) = made.plain().run([Asked(("test_a.py",), options=options)])
    assert answer.exit_status == 1
    assert (made.root / "order").read_text().split() == [str(n) for n in range(12)]


def test_a_conftest_that_moves_tests_is_noticed_and_overruled(laboratories):
    made = laboratories(
        conftest="def pytest_collection_modifyitems(items): items.reverse()\n",
        test_m="SEEN = []\ndef test_pollutes(): SEEN.append(1)\ndef test_victim(): assert not SEEN\n",
    )
    ids = ("test_m.py::test_pollutes", "test_m.py::test_victim")
    (plain,) = made.plain().run([Asked(ids)])
    assert (plain.outcomes, plain.in_order) == ("pp", False)
    (typed,) = made.plain().run([Asked(ids, typed=True)])
    assert (typed.outcomes, typed.exit_status) == ("pf", 1)
    (other,) = made.plain().run([Asked(("test_m.py::test_no_such", ids[0]), typed=True)])
    assert other.outcomes == ""


def test_where_another_than_the_last_fails_the_exit_status_of_a_typed_order_says_nothing(laboratories):
    made = laboratories(test_m="def test_a(): assert 0\ndef test_b(): assert 0\n")
    (answer,) = made.plain().run([Asked(("test_m.py::test_a", "test_m.py::test_b"), typed=True)])
    assert answer.outcomes == ""
