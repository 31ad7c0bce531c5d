"""The trial as a run does it: what was collected is known, and coverage is the project's own."""

from __future__ import annotations

import sys

import pytest

from brinell.core.errors import Interrupted, UsageError
from brinell.core.fakes import FakeRoom
from brinell.core.observation import SeenTest
from brinell.core.plan import Plan, QualitySpec, Step
from brinell.core.quality_records import CoverageTarget, ModuleCoverage, QualityRead, Weakness
from brinell.suite.quality.trial import QualityTrial

FILES = {
    "shop/__init__.py": "",
    "shop/orders.py": "def total(x):\n    if x < 0:\n        return 0\n    return x\n\ndef never():\n    return 1\n",
    "tests/test_orders.py": "from shop.orders import total\n\ndef test_total():\n    total(3)\n",
    "conftest.py": "",
}


@pytest.fixture
def examine(tmp_path):
    def examine(files=FILES, earlier=(), **fields):
        for path, text in files.items():
            (tmp_path / "p" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "p" / path).write_text(text)
        spec = QualitySpec(python=sys.executable, **fields)
        plan = Plan("p", str(tmp_path / "p"), (Step("quality", "quality", spec),), source=("shop",))
        run = tmp_path / "run"
        run.mkdir()
        room = FakeRoom(spec, run, plan=plan, earlier={"suite": list(earlier)})
        QualityTrial().run(room)
        return room.records

    return examine


def of(records, kind):
    return [record for record in records if isinstance(record, kind)]


def test_what_is_found_and_then_how_much_was_read(examine):
    records = examine()
    assert [(one.weakness, one.test) for one in of(records, Weakness)] == [
        ("asserts-nothing", "tests/test_orders.py::test_total")
    ]
    assert isinstance(records[-1], QualityRead)
    assert records[-1].tests == 1
    assert not of(records, CoverageTarget)


def test_what_the_suite_collected_is_known(examine):
    files = {"tests/test_a.py": "class Checks:\n    def test_a(self):\n        assert f()\n"}
    seen = SeenTest("tests/test_a.py::Checks::test_a[1]", "passed", {})
    assert not of(examine(files, earlier=[seen]), Weakness)


@pytest.mark.usefixtures("all_plugins")
def test_coverage_of_each_module(examine):
    records = examine(coverage=90.0)
    assert {one.file: (one.statements, one.covered, one.missing) for one in of(records, ModuleCoverage)} == {
        "shop/orders.py": (6, 4, (3, 7))
    }
    (target,) = of(records, CoverageTarget)
    assert (target.target, target.why_not) == (90.0, "")
    assert target.total == pytest.approx(66.67)


def test_a_suite_that_cannot_run_has_no_coverage_and_keeps_the_rest(examine):
    records = examine({**FILES, "conftest.py": "raise RuntimeError('no')\n"}, coverage=50.0)
    (target,) = of(records, CoverageTarget)
    assert target.total is None
    assert "status 4" in target.why_not
    assert of(records, Weakness)


def test_an_interpreter_without_pytest_leaves_the_code(tmp_path):
    (tmp_path / "test_a.py").write_text("def test_a(): pass\n")
    spec = QualitySpec(python="no-such-python", coverage=50.0)
    room = FakeRoom(spec, tmp_path)
    QualityTrial().run(room)
    assert of(room.records, Weakness)
    assert of(room.records, CoverageTarget)[0].why_not


def test_a_folder_that_is_gone_is_the_users_mistake(tmp_path):
    with pytest.raises(UsageError, match="no directory"):
        QualityTrial().run(FakeRoom(QualitySpec(directory="gone"), tmp_path))


def test_a_request_to_stop_ends_the_reading(tmp_path):
    for number in range(20):
        (tmp_path / f"test_{number}.py").write_text("def test_a(): pass\n")
    room = FakeRoom(QualitySpec(python="no-such-python"), tmp_path, interrupt_at=3)
    with pytest.raises(Interrupted):
        QualityTrial().run(room)
    assert not of(room.records, QualityRead)
