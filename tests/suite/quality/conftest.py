"""Small projects, read as a run reads them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from brinell.core.quality_records import QualityRead
from brinell.subject.question import Answer
from brinell.suite.quality import questions
from brinell.suite.quality.reading import Task, read_suite


@pytest.fixture(scope="session")
def forked_answer(tmp_path_factory):
    """Return what stands in for ``subject.question.ask``: a fork of one interpreter that has loaded pytest already.

    Dozens of tests here ask one question each, and half a second of loading pytest is not what they are about.
    """
    folder = tmp_path_factory.mktemp("warm")
    out, err = folder / "out", folder / "err"
    script = Path(__file__).parents[2] / "warm_pytest.py"
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    with subprocess.Popen(
        [sys.executable, str(script), "plugins"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=quiet, text=True
    ) as warm:

        def answer(argv, *, cwd, env, timeout_s):
            assert argv[0] == sys.executable
            assert timeout_s > 0
            for file in (out, err):
                file.write_bytes(b"")
            asked = {"script": argv[1], "args": argv[2:], "cwd": str(cwd), "env": dict(env)}
            warm.stdin.write(json.dumps({**asked, "out": str(out), "err": str(err)}) + "\n")
            warm.stdin.flush()
            assert select.select([warm.stdout], [], [], timeout_s)[0]
            return Answer(int(warm.stdout.readline()), out.read_text(), err.read_text())

        yield answer
        warm.kill()


@pytest.fixture
def read(tmp_path, request, monkeypatch):
    """Write files (path -> text), read them, and return what was found.

    ``asked`` asks this interpreter; ``"process"``, one that is started for it, as a run does.
    """

    def read(files, *, asked=False, **task):
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        python = sys.executable if asked else None
        with monkeypatch.context() as patch:
            if asked is True:
                patch.setattr(questions, "ask", request.getfixturevalue("forked_answer"))
            records = list(read_suite(Task(tmp_path, python=python, env=dict(os.environ), **task)))
        return Found(records)

    return read


@pytest.fixture
def found_in(read):
    """Return (line, variant) of one kind in one test file."""

    def found(kind, text, **files):
        seen = read({"test_it.py": text, **files})
        return [(one.line, one.variant) for one in seen.of(kind)]

    return found


class Found:
    """Weaknesses by kind, and how much was read."""

    def __init__(self, records):
        self.read = records[-1]
        assert isinstance(self.read, QualityRead)
        self.weaknesses = records[:-1]

    def of(self, kind):
        return [one for one in self.weaknesses if one.weakness == kind]

    @property
    def kinds(self):
        return {one.weakness for one in self.weaknesses}
