"""A test beside itself, two tests beside each other, and what they share: with real processes."""

from __future__ import annotations

import os
import secrets
import sys

import pytest

from brinell.core.examination import Exam, ExamStarted
from brinell.core.fakes import FakeRoom
from brinell.core.plan import ExamineSpec
from brinell.core.touch_records import BesideEachOther, Clash
from brinell.core.trust import Ledger
from brinell.suite.deep import beside, phases
from brinell.suite.deep.beside import Meeting, beside_itself
from brinell.suite.deep.conflicts import try_conflicts
from brinell.suite.deep.examiner import Examiner
from brinell.suite.lab.fresh import FreshLab
from brinell.suite.lab.server import Command, ForkLab, ServerProcess
from brinell_inside.serve.project_files import ProjectFiles

pytestmark = pytest.mark.prove  # seconds of holding still, and a fork for each try

SHARING = """
import os, socket, tempfile
from pathlib import Path
import pytest

FIXED = Path(tempfile.gettempdir(), "brinell-test-fixed-%d" % PARENT)

def test_file_for_a_moment():
    FIXED.write_text(str(os.getpid()))
    assert FIXED.read_text() == str(os.getpid())
    FIXED.unlink()

def test_temporary():
    path = Path(tempfile.gettempdir(), "part")
    path.touch(exist_ok=False)
    path.unlink()

def test_port():
    with socket.socket() as sock:
        sock.bind(("HOST", 20202)); sock.listen()

def test_own(tmp_path):
    (tmp_path / "x").write_text("1")
    assert (tmp_path / "x").read_text() == "1"
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()

def test_reads():
    assert FIXED.exists() in (True, False)

def test_same_file():
    FIXED.write_text("mine")
    assert FIXED.read_text() == "mine"
    FIXED.unlink()

DRAWN = FIXED.with_name("%s-%d" % (FIXED.name, os.getpid()))

def test_drawn_by_the_import():
    DRAWN.touch(exist_ok=False)
    DRAWN.unlink()
"""


@pytest.fixture
def examined(tmp_path, write_project):
    """An examiner whose tests were run alone, each twice."""
    host = "127." + ".".join(str(1 + secrets.randbelow(254)) for _ in range(3))  # where no other test has a port
    suite = SHARING.replace("PARENT", str(os.getpid())).replace("HOST", host)
    root = write_project(tmp_path / "project", test_a=suite)
    (tmp_path / "run").mkdir()
    room = FakeRoom(ExamineSpec(), tmp_path / "run", root=root)
    command = Command(sys.executable, ("-p", "no:cacheprovider"), root, dict(os.environ))
    server = ServerProcess(room, command, 2, print)
    try:
        assert server.wait_ready(60.0), server.tail
        lab = ForkLab(room, server)
        examiner = Examiner(room, lab, Ledger([ExamStarted(lab.tests, forks=True)]), 600.0, ProjectFiles(str(root)))
        phases.default_order(examiner)
        phases.each_alone(examiner, range(examiner.count))
        fresh = FreshLab(room, command, lab.tests, root)
        try:
            yield examiner, fresh
        finally:
            fresh.close()
    finally:
        server.close()
        room.close()


def _causes(examiner):
    names = {test: name.rpartition("test_")[2] for test, name in enumerate(examiner.lab.tests)}
    return {names[test]: examiner.ledger.trust(test).cause for test in names}


def test_what_is_shared_for_a_moment_shows_and_is_named(examined):
    examined, fresh = examined
    beside_itself(examined, fresh, range(examined.count))
    assert _causes(examined) == {
        "file_for_a_moment": "shared-file", "temporary": "shared-file", "port": "shared-port", "own": None,
        "reads": None, "same_file": "shared-file", "drawn_by_the_import": None,
    }  # fmt: skip
    clashes = {record.test: record for record in examined.room.records if isinstance(record, Clash)}
    assert clashes[1].proved  # each with a TMPDIR of its own, they pass
    assert [one.name for one in clashes[1].resources] == ["$TMPDIR/part"]
    assert clashes[2].resources[0].name.startswith("TCP port ")
    assert not any(examined.ledger.alone[test].failures for test in range(examined.count))


def test_two_tests_that_share_a_file_fail_beside_each_other(examined):
    examined, _ = examined
    touched = examined.touches.shared()
    assert {one.test for one in touched} == {0, 5}
    try_conflicts(examined, touched)
    (proof,) = [record for record in examined.room.records if isinstance(record, BesideEachOther)]
    assert proof.tests == (0, 5)
    assert proof.together[0] >= 4
    assert proof.alone == (0, 6)
    assert not [record for record in examined.room.records if isinstance(record, Exam) and "factor" in record.purpose]


def test_the_way_that_fails_most_often_decides(monkeypatch):
    """A pair may miss each other on a crowded machine: one miss must not lead to a way that hardly ever works."""
    rarely, mostly, never = Meeting(), Meeting(hold=("a",), after=1), Meeting(hold=("a",), after=2)
    failed = {rarely: [1, 0, 0, 0], mostly: [1, 1, 0, 1], never: [0, 0, 0, 0]}
    monkeypatch.setattr(beside, "_ways", lambda *_: [rarely, mostly, never, None])
    monkeypatch.setattr(beside, "_meetings", lambda _examiner, _test, way, **_: [["failed"] * n for n in failed[way]])
    assert beside._surest(None, 0, rarely) == mostly
    failed[never] = [0, 0, 0, 1]
    assert beside._surest(None, 0, never) == mostly
