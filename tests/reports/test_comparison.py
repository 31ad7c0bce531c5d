from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.core.comparison import compare
from brinell.reports.comparison import comparison
from brinell.reports.layout import cells


def test_what_got_worse_comes_first(build):
    text = comparison(compare(build.passing(), build.realistic()))
    order = [
        "✗ worse: pass → fail", "Findings that changed", "new: AssertionError: stock went negative",
        "Tests that fail now and did not before: 7", "tests/orders/test_reserve.py::test_stock_never_negative",
        "Suite time", "Load: browse",
    ]  # fmt: skip
    places = [text.index(piece) for piece in order]
    assert places == sorted(places)


def test_what_got_better_is_told(build):
    text = comparison(compare(build.realistic(), build.passing()))
    assert text.startswith("✓ better: fail → pass")
    assert "gone: AssertionError: stock went negative" in text
    assert "Tests that failed before and do not now: 7" in text


def test_two_equal_runs_differ_in_nothing(build):
    text = comparison(compare(build.realistic(), build.realistic()))
    assert "the same: fail → fail" in text
    assert "changed" not in text
    assert "Where they ran" not in text
    assert "48.2 s → 48.2 s, 1.00 times" in text


def test_machines_that_differ_are_named_before_anybody_compares_times(build):
    other = build.realistic()
    run = msgspec.structs.replace(other.run, fingerprint=other.run.fingerprint | {"cpu": "2 x Atom"})
    text = comparison(compare(build.realistic(), msgspec.structs.replace(other, run=run)))
    assert "their times do not compare" in text
    assert "cpu: 8 x AMD EPYC 7R13 → 2 x Atom" in text


def test_a_metric_of_one_side_has_no_ratio(build):
    text = comparison(compare(build.passing(), build.realistic()))
    assert re.search(r"response p95 ms +\u2013 +612\.4 +\u2013", text)


@pytest.mark.parametrize("width", [20, 40, 80])
def test_it_fits(build, width):
    text = comparison(compare(build.passing(), build.realistic()), width=width)
    assert all(cells(line) <= width for line in text.splitlines())


@settings(max_examples=30, deadline=None)
@given(data=st.data(), width=st.integers(20, 120))
def test_any_two_runs_compare_twice_the_same(build, data, width):
    found = compare(data.draw(build.judgements()), data.draw(build.judgements()))
    text = comparison(found, width=width)
    assert text == comparison(found, width=width)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    comparison(found, width=width, encoding="ascii").encode("ascii")


def test_thousands_of_regressions_are_counted(build):
    before, after = build.many(3000), build.many(3000)
    failing = tuple(msgspec.structs.replace(test, outcome="failed") for test in after.suite.tests)
    after = msgspec.structs.replace(after, suite=msgspec.structs.replace(after.suite, tests=failing))
    text = comparison(compare(before, after))
    assert "and 2,980 more" in text
    assert len(text.splitlines()) < 120
