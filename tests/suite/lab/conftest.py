"""Laboratories on written suites, with real processes; nothing may be left of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from brinell.core.fakes import FakeRoom
from brinell.core.plan import ExamineSpec
from brinell.suite.lab.early import EarlyLab
from brinell.suite.lab.fresh import FreshLab
from brinell.suite.lab.plain import PlainRuns
from brinell.suite.lab.server import Command, ForkLab, ServerProcess


class Laboratories:
    """``fork``, ``fresh`` and ``plain`` of one project."""

    def __init__(self, root: Path, folder: Path, kind: type[FakeRoom]) -> None:
        folder.mkdir()
        self.root = root
        self.room = kind(ExamineSpec(), folder, root=root)
        self.command = Command(sys.executable, ("-p", "no:cacheprovider", "-q"), root, dict(os.environ))
        self._labs = []
        self._descriptors = _descriptors()

    def fork(self, slots=1):
        server = ServerProcess(self.room, self.command, slots, lambda _: None)
        lab = ForkLab(self.room, server)
        self._labs.append(lab)
        assert server.wait_ready(60.0), (server.why, server.tail)
        lab.tests = server.tests
        return lab

    def early(self, tests, slots=1):
        server = ServerProcess(self.room, self.command, slots, lambda _: None, early=True)
        lab = EarlyLab(self.room, server, tests)
        self._labs.append(lab)
        assert server.wait_ready(60.0), (server.why, server.tail)
        return lab

    def fresh(self, tests, at_once=1):
        lab = FreshLab(self.room, self.command, tests, self.root, at_once=at_once)
        self._labs.append(lab)
        return lab

    def plain(self, at_once=1):
        return PlainRuns(self.room, self.command, at_once)

    def close(self):
        for lab in self._labs:
            lab.close()
        left = [child for child in self.room.children if child.poll() is None]
        self.room.close()
        assert not left
        assert _descriptors() == self._descriptors


def _descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def laboratories(project, tmp_path, monkeypatch, guarded_room):
    """Write a project; its laboratories keep their temporary folders where it is seen that none is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    made = []

    def make(*, guarded=False, **files):
        made.append(Laboratories(project(**files), tmp_path / "run", guarded_room if guarded else FakeRoom))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert not list(temporary.glob("brinell-*"))
