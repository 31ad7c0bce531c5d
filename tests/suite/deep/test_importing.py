"""Pollution at import on written suites, with real processes: what is found, named and confirmed, and what is not."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass

import pytest

from brinell.core.examination import Confirmation, ExamStarted
from brinell.core.fakes import FakeRoom
from brinell.core.import_records import ImportExam
from brinell.core.import_trust import CAUSE, COLLECTED, left_by
from brinell.core.observation import Choice
from brinell.core.plan import ExamineSpec
from brinell.core.trust import Ledger
from brinell.suite.deep import phases
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.import_trial import Importable
from brinell.suite.lab.fresh import FreshLab
from brinell.suite.lab.server import Command, ForkLab, ServerProcess
from brinell_inside.serve.project_files import ProjectFiles

pytestmark = pytest.mark.prove  # seconds of holding still, and a fork for each try

SHOP = """
    import os
    PLUGINS = ["core"]
    MODE = "plain"
    """
SETTER = "import shop\nshop.PLUGINS.append('csv')\ndef test_csv(): assert 'csv' in shop.PLUGINS\n"
POLLUTER = "import shop\nshop.MODE = 'fancy'\ndef test_fancy(): pass\n"
USES = """
    import shop
    def test_all_plugins(): assert shop.PLUGINS == ["core", "csv"]
    def test_plain(): assert shop.MODE == "plain"
    def test_core(): assert "core" in shop.PLUGINS
    """
INI = "[pytest]\naddopts = -p no:randomly -p no:cacheprovider\npythonpath = .\n"


@dataclass
class Looked:
    room: FakeRoom
    ledger: Ledger
    examiner: Examiner

    def trusts(self):
        return {self.ledger.tests[one.test].rpartition("::")[2]: one for one in self.ledger.remarkable()}

    def of(self, kind):
        return [record for record in self.room.records if isinstance(record, kind)]


@pytest.fixture
def look(tmp_path, project):
    """Write a project, run it in default order and each test alone, and look at each file by itself."""

    def run(*, budget_s=600.0, served=True, **files):
        root = project(pytest_ini=INI, **files)
        run_folder = tmp_path / "run"
        run_folder.mkdir()
        room = FakeRoom(ExamineSpec(), run_folder, root=root)
        command = Command(sys.executable, (), root, dict(os.environ))
        with contextlib.ExitStack() as opened:
            opened.callback(room.close)
            server = ServerProcess(room, command, 2, lambda _: None)
            opened.callback(server.close)
            forks = server.wait_ready(60.0)
            kept = opened.enter_context(contextlib.closing(ProjectFiles(str(root))))
            fresh = FreshLab(room, command, server.tests, root, why=server.why, at_once=2)
            opened.callback(fresh.close)
            started = ExamStarted(server.tests, forks, rootdir=str(root))
            ledger = Ledger([started])
            lab = ForkLab(room, server) if forks and served else fresh
            examiner = Examiner(room, lab, ledger, budget_s, kept)
            phases.default_order(examiner)
            phases.each_alone(examiner, range(examiner.count))
            by_itself = Importable(command, command, (), 2, fresh)
            by_itself.look(examiner, range(examiner.count))
            by_itself.confirm(examiner)
        assert all(child.poll() is not None for child in room.children)
        return Looked(room, Ledger([started, *room.records]), examiner)

    return run


def test_setter_and_polluter_are_files_with_their_state_and_a_command(look):
    done = look(shop=SHOP, tests__test_uses=USES, tests__test_a=SETTER, tests__test_z=POLLUTER)
    found = done.trusts()
    assert {name: one.verdict for name, one in found.items()} == {"test_all_plugins": "brittle", "test_plain": "victim"}
    brittle, victim = found["test_all_plugins"], found["test_plain"]
    assert brittle.cause == victim.cause == CAUSE
    assert brittle.files == (("tests/test_a.py",),)
    assert victim.files == (("tests/test_z.py",),)
    assert brittle.leaked == ("shop.PLUGINS",)
    assert victim.leaked == ("shop.MODE",)
    assert "shop.MODE" in left_by(done.ledger.imports, victim.files)
    assert brittle.confirmed
    assert victim.confirmed
    assert brittle.command == ("pytest", "tests/test_a.py", "tests/test_uses.py::test_all_plugins")
    collected = [one for one in done.of(Confirmation) if one.purpose == COLLECTED]
    assert any(one.command[-2:] == ("--deselect", "tests/test_a.py") for one in collected)


def test_a_conftest_of_another_folder_and_a_conjunction(look):
    done = look(
        shop="ITEMS = {}\n",
        tests__unit__test_one="""
            import shop
            def test_database(): assert "db" in shop.ITEMS
            def test_both(): assert {"x", "y"} <= shop.ITEMS.keys()
            """,
        tests__unit__test_x="import shop\nshop.ITEMS['x'] = 1\ndef test_x(): pass\n",
        tests__unit__test_y="import shop\nshop.ITEMS['y'] = 1\ndef test_y(): pass\n",
        tests__whole__conftest="import shop\nshop.ITEMS['db'] = 1\n",
        tests__whole__test_two="def test_two(): pass\n",
    )
    found = done.trusts()
    assert found["test_database"].files == (("tests/whole/conftest.py",),)
    assert found["test_both"].files == (("tests/unit/test_x.py", "tests/unit/test_y.py"),)
    assert found["test_both"].confirmed


def test_a_conftest_that_pytest_loads_at_once_for_the_suite_and_not_for_the_file(look):
    done = look(
        test_api__conftest="import os\nos.environ['SHOP_KIND'] = 'api'\n",
        test_api__test_api="def test_api(): pass\n",
        unit__test_unit="import os\ndef test_kind(): assert 'SHOP_KIND' not in os.environ\n",
    )
    victim = done.trusts()["test_kind"]
    assert (victim.verdict, victim.files) == ("victim", (("test_api/conftest.py",),))
    assert victim.confirmed


def test_a_file_that_cannot_be_collected_alone_names_what_it_needs(look):
    done = look(
        a__helpers_of_a="VALUE = 1\n",
        a__test_a="import helpers_of_a\ndef test_a(): pass\n",
        b__test_b="import helpers_of_a\ndef test_b(): pass\n",
    )
    (brittle,) = done.trusts().values()
    assert (brittle.verdict, brittle.files) == ("brittle", (("a/test_a.py",),))
    assert brittle.message.startswith("ModuleNotFoundError")
    assert brittle.confirmed  # by a command that imports in the suite's order
    assert brittle.command[1].startswith("a/test_a.py::")


def test_a_test_that_a_running_test_disturbs_is_no_matter_of_collection(look):
    done = look(
        shop="SEEN = []\n",
        tests__test_a="import shop\ndef test_pollutes(): shop.SEEN.append(1)\n",
        tests__test_b="import shop\ndef test_victim(): assert not shop.SEEN\n",
    )
    assert CAUSE not in {one.cause for one in done.trusts().values()}


def test_where_conftests_start_a_thread_fresh_processes_do_it(look):
    done = look(
        conftest="import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
        shop=SHOP,
        tests__test_uses="import shop\ndef test_all_plugins(): assert 'csv' in shop.PLUGINS\n",
        tests__test_a=SETTER,
    )
    brittle = done.trusts()["test_all_plugins"]
    assert (brittle.verdict, brittle.cause, brittle.files) == ("brittle", CAUSE, (("tests/test_a.py",),))
    assert all(one.fresh for one in done.of(ImportExam))
    assert any("no fork before collection" in one.reason for one in done.of(Choice))


def test_without_a_budget_it_says_what_was_not_tried(look):
    done = look(budget_s=0.0, shop=SHOP, tests__test_uses=USES, tests__test_a=SETTER)
    assert not done.of(ImportExam)
    assert any(one.what.startswith("not tried: each file") for one in done.of(Choice))
