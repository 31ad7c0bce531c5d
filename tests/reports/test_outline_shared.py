"""Tests that may not run beside each other, in every report."""

from __future__ import annotations

import msgspec
import pytest

from brinell.core.judgement import ParallelConflict
from brinell.reports import outline_shared
from brinell.reports.html import html
from brinell.reports.markdown import markdown
from brinell.reports.terminal import summary

WRITES = ParallelConflict(
    resource="/tmp/export<b>.json", kind="file", scope="processes", writers=("t.py::test_a",),
    readers=("t.py::test_b", "t.py::test_c"), evidence="1 test writes, 2 others use it", proved=True,
    xdist_group="export-json",
)  # fmt: skip
CWD = msgspec.structs.replace(WRITES, resource="current directory", kind="cwd", scope="threads", xdist_group=None)


def with_conflicts(build, *conflicts):
    return msgspec.structs.replace(build.realistic(), parallel_conflicts=conflicts)


@pytest.mark.parametrize("report", [markdown, html, summary])
def test_every_report_says_what_is_shared_by_whom(build, report):
    text = report(with_conflicts(build, WRITES, CWD))
    assert outline_shared.TITLE in text
    for piece in ("export-json", "test_a", "test_c", "1 test writes, 2 others use it (proved)", "current directory"):
        assert piece in text
    if report is html:
        assert "<b>.json" not in text
    assert outline_shared.TITLE not in report(build.realistic())


def test_a_row_names_each_test_once():
    (row,) = outline_shared.rows(_of(msgspec.structs.replace(WRITES, readers=("t.py::test_a",))))
    assert (row.tests, row.many) == (["t.py::test_a"], "1 test")


class _of:  # noqa: N801 - stands for a judgement, of which only this is read
    def __init__(self, *conflicts):
        self.parallel_conflicts = conflicts
