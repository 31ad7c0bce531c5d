"""Small projects, read as a run reads them."""

from __future__ import annotations

import os
import sys
import textwrap

import pytest

from brinell.core.quality_records import QualityRead
from brinell.suite.quality.reading import Task, read_suite


@pytest.fixture
def read(tmp_path):
    """Write files (path -> text), read them, and return what was found; ``asked`` asks this interpreter."""

    def read(files, *, asked=False, **task):
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        python = sys.executable if asked else None
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
