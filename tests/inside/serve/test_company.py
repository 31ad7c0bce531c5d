"""Children that meet: the one that holds what both use, and the one that follows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from brinell_inside.serve import company
from brinell_inside.serve.company import Companies, Company

SRC = Path(company.__file__).parents[2]
FOLLOWER = """
import sys, time
sys.path.insert(0, sys.argv[2])
from brinell_inside.serve.company import Company
one = Company(sys.argv[1], {"count": 2, "follow": True})
one.meet()
WORK
one.part()
"""
AT_WORK = "while time.process_time() < 0.8: pass"
WAITING = "sys.stdin.read()"


@pytest.fixture
def holding(tmp_path, monkeypatch):
    """Holds for 0.3 s while another child follows that does ``work``; whether that one was through."""
    monkeypatch.setattr(company, "_PATIENCE_S", 120.0)  # of a machine on which nothing else goes on either
    children = []

    def hold(work: str) -> bool:
        argv = [sys.executable, "-c", FOLLOWER.replace("WORK", work), str(tmp_path), str(SRC)]
        children.append(subprocess.Popen(argv, stdin=subprocess.PIPE))
        first = Company(str(tmp_path), {"count": 2, "hold_s": 0.3})
        first.meet()
        first.hold()
        return (tmp_path / "followed").exists()

    yield hold
    for child in children:
        child.communicate()
        assert child.returncode == 0


def test_who_is_still_at_work_is_waited_for(holding):
    assert holding(AT_WORK)


def test_who_waits_itself_is_not(holding):
    assert not holding(WAITING)


def test_a_company_begins_when_there_is_room_for_all_of_it(tmp_path):
    companies = Companies(lambda: str(tmp_path), lambda _: None)
    pair = {"beside": {"group": 1, "count": 2}}
    assert [companies.may_begin(pair, free, 2) for free in (1, 2)] == [False, True]
    assert companies.may_begin(pair, 1, 1)  # there will never be more
    assert companies.may_begin({}, 1, 2)
    companies.folder(pair)
    assert companies.may_begin(pair, 1, 2)  # the first one is there
    assert not companies.may_begin({"beside": {"group": 2, "count": 2}}, 1, 2)
