"""Real little suites, compared with an older state of themselves."""

from __future__ import annotations

import itertools
import subprocess
import sys

import msgspec
import pytest

from brinell.checks.suite_against import suite_against
from brinell.core.against import Collector, Limits
from brinell.core.against_records import AgainstStarted, SideRun
from brinell.core.errors import Interrupted
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.observation import Choice, StepFinished, StepStarted
from brinell.core.plan import AgainstSpec, Plan, Step
from brinell.core.slower import CANNOT_TELL, REGRESSED
from brinell.core.verdicts import Reason, Verdict
from brinell.suite.against import kept
from brinell.suite.against.trial import AgainstTrial, _orders
from brinell.suite.runner import PytestRunner

CONFTEST = """
    import time
    import pytest

    @pytest.fixture
    def account():
        time.sleep({nap})
        return 1
"""
TESTS = """
    import pytest, shop

    @pytest.mark.parametrize("n", range(4))
    def test_account(account, n):
        assert shop.VALUE
"""


class Comparison:
    def __init__(self, room, state):
        self.room = room
        self.records = room.records
        plan = Plan(name="p", root=".", steps=(room.step,))
        before = [StepStarted("against"), *self.records, StepFinished("against", state)]
        (self.finding,) = suite_against(MemoryEvidence(plan, before)).findings
        collector = Collector()
        for record in self.records:
            collector.take(record)
        self.against = collector.judged(Limits(room.step.spec.least_ratio, room.step.spec.least_s))

    def of(self, kind):
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def pairs(self):
        return [(run.pair, run.side) for run in self.of(SideRun) if run.pair >= 0]


@pytest.fixture
def sides(tmp_path, write_project):
    """Write the old and the new side; ``shop`` is the product in src."""

    def write(old=None, new=None, nap=0.0):
        for name, files, seconds in (("old", old, 0.0), ("new", new, nap)):
            basic = {
                "src__shop": "VALUE = 1\n",
                "tests__conftest": CONFTEST.format(nap=seconds),
                "tests__test_it": TESTS,
            }
            write_project(tmp_path / name, **{**basic, **(files or {})})
        return tmp_path / "old", tmp_path / "new"

    return write


@pytest.fixture
def compare(tmp_path):
    rooms = []

    def run(old, new, interrupt_when=None, **fields):
        given = {"pairs": 1, "least_s": 0.01, **fields}
        spec = AgainstSpec("old", folder=str(old), python=sys.executable, **given)
        folder = tmp_path / "run"
        folder.mkdir(exist_ok=True)
        plan = Plan(name="p", root=str(new), steps=(Step("against", "against", spec),), source=("src/shop.py",))
        room = FakeRoom(spec, folder, plan=plan, interrupt_when=interrupt_when)
        rooms.append(room)
        state = "done"
        try:
            AgainstTrial(PytestRunner()).run(room)
        except Interrupted:
            state = "interrupted"
        return Comparison(room, state)

    yield run
    for room in rooms:
        room.close()


@pytest.mark.prove
def test_a_fixture_that_sleeps_is_found_and_named(sides, compare):
    found = compare(*sides(nap=0.4), pairs=17, least_ratio=1.01)
    against = found.against
    assert against.answer == REGRESSED, against.why
    assert against.carriers[0].name == "account"
    assert against.carriers[0].seconds.estimate > 1.2
    assert found.finding.verdict is Verdict.FAIL
    assert "fixture account (tests/conftest.py)" in found.finding.title
    assert against.pairs < 17 or "17 pairs" in found.of(Choice)[-1].reason


@pytest.mark.prove
def test_too_few_pairs_cannot_tell_and_say_how_many_would(sides, compare):
    found = compare(*sides(), pairs=2)
    assert found.against.answer == CANNOT_TELL
    assert found.finding.reason is Reason.INCONCLUSIVE
    assert found.finding.required
    assert "more pairs settle it" in found.finding.detail or "no number of pairs" in found.finding.detail
    assert sorted(found.pairs) == [(0, "new"), (0, "old"), (1, "new"), (1, "old")]
    assert sum(run.pair == -1 for run in found.of(SideRun)) == 2


@pytest.mark.prove
def test_each_side_runs_its_own_code(sides, compare):
    old, new = sides(
        new={"src__shop": "VALUE = 2\n", "tests__test_it": "import shop\ndef test_a(): assert shop.VALUE == 2\n"}
    )
    (old / "tests" / "test_it.py").write_text("import shop\ndef test_a(): assert shop.VALUE == 1\n")
    found = compare(old, new)
    assert not any(run.problem or run.strange for run in found.of(SideRun))
    assert found.against.common_tests == 1
    assert found.against.changed == ()


@pytest.mark.prove
def test_the_old_side_that_imports_new_code_is_no_old_side(sides, compare):
    old, new = sides()
    (old / "tests" / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(new / 'src')!r})\n" + "import shop\n"
    )
    (old / "src" / "shop.py").unlink()
    found = compare(old, new)
    assert found.against.answer == CANNOT_TELL
    assert "the old side imported shop of the new side" in found.against.why
    assert found.finding.reason is Reason.INVALID
    assert found.pairs == []


@pytest.mark.prove
def test_tests_of_one_side_only_are_named_and_not_compared(sides, compare):
    slow = "\nimport time\ndef test_{}():\n    time.sleep({})\n"
    old, new = sides()
    for side, name, seconds in ((old, "gone", 0.1), (new, "added", 0.6)):
        with (side / "tests" / "test_it.py").open("a") as file:
            file.write(slow.format(name, seconds))
    against = compare(old, new, pairs=2).against
    assert against.only_old == ("tests/test_it.py::test_gone",)
    assert against.only_new == ("tests/test_it.py::test_added",)
    assert against.common_tests == 4
    assert against.time.estimate < 2


@pytest.mark.prove
def test_a_test_that_fails_on_one_side_is_named_and_not_compared(sides, compare):
    old, new = sides(
        new={"tests__test_more": "def test_x(): assert False\n"}, old={"tests__test_more": "def test_x(): pass\n"}
    )
    against = compare(old, new).against
    assert against.changed == ("tests/test_more.py::test_x",)
    assert against.common_tests == 4


@pytest.mark.parametrize(
    ("conftest", "words"),
    [
        ("raise RuntimeError('broken here')\n", "pytest refused its arguments"),
        ("import os\nos._exit(9)\n", "exit code 9"),
        ("import os, signal\ndef pytest_sessionfinish(): os.kill(os.getpid(), signal.SIGKILL)\n", "SIGKILL"),
        ("def pytest_collection_modifyitems(items): items.clear()\n", "it has no tests"),
        ("import pytest\ndef pytest_runtest_setup(): pytest.exit('enough')\n", "interrupted"),
    ],
)
@pytest.mark.prove
def test_a_side_that_does_not_run_is_told_at_once(sides, compare, conftest, words):
    old, new = sides(old={"conftest": conftest})
    found = compare(old, new, pairs=30)
    assert found.against.answer == CANNOT_TELL
    assert found.against.why.startswith("the old side: ")
    assert words in found.against.why
    assert found.finding.reason is Reason.NOT_EXERCISED
    assert found.pairs == []


@pytest.mark.prove
def test_under_xdist_it_says_what_to_do(sides, compare):
    pytest.importorskip("xdist")
    found = compare(*sides(), args=("-n1",))
    assert "-n 0 behind --" in found.against.why


@pytest.mark.prove
def test_the_budget_bounds_it(sides, compare):
    found = compare(*sides(), pairs=30, budget_s=0.5)
    assert len(found.pairs) == 2
    assert "budget of 0.5 s" in found.of(Choice)[-1].reason


@pytest.mark.prove
def test_what_was_measured_before_an_interruption_is_taken_up_again(sides, compare):
    old, new = sides()
    for root in (old, new):
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        subprocess.run(["git", "add", "-A"], cwd=root, check=True)
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *who, "commit", "-q", "-m", "x"], cwd=root, check=True)
    first = compare(
        old, new, pairs=3, interrupt_when=lambda room: sum(isinstance(r, SideRun) for r in room.records) >= 5
    )
    assert first.room.interrupted
    assert first.of(AgainstStarted)[0].state
    assert 2 <= len(first.pairs) < 6
    again = compare(old, new, pairs=3)
    assert "taken up again" in again.of(Choice)[0].reason
    assert sorted(again.pairs) == [(pair, side) for pair in range(3) for side in ("new", "old")]
    assert again.of(SideRun)[:4] == first.of(SideRun)[:4]
    (new / "src" / "shop.py").write_text("VALUE = 3\n")
    changed = compare(old, new, pairs=1)
    assert not any("taken up" in choice.reason for choice in changed.of(Choice))


def test_a_torn_or_foreign_file_of_runs_is_not_taken_up(tmp_path):
    path = tmp_path / "pairs.jsonl"
    started = AgainstStarted("a", "b", "/a", "/b", "state")
    run = SideRun("old", 0, True, 1.0)
    for record in (started, run, msgspec.structs.replace(run, side="new"), msgspec.structs.replace(run, pair=1)):
        kept.append(path, record)
    with path.open("ab") as file:
        file.write(b'{"kind":"siderun","side":')
    assert [one.pair for one in kept.read(path, "state")] == [0, 0]
    assert kept.read(path, "another") == kept.read(path, "") == kept.read(tmp_path / "none", "state") == []
    path.write_bytes(b"\xff\xfe\n")
    assert kept.read(path, "state") == []


def test_each_pair_has_a_lot_of_its_own():
    orders = _orders(1, 400)
    first = [order[0] for order in orders]
    assert 150 < first.count("old") < 250
    same = sum(a == b for a, b in itertools.pairwise(first))
    assert 150 < same < 250
    assert _orders(1, 400)[:7] == _orders(1, 7)
