"""What is recorded adds up to what pytest itself counts, whatever runs it and however it is told to run."""

import re
from collections import Counter

import pytest

ARGS = ("--continue-on-collection-errors", "--doctest-modules", "--tb=short", "-rfExXp")
NOT_OF_TESTS = ("warnings", "deselected")


def assert_same(plain, recorded):
    """Exit code, pytest's summary line, the sum over the records, and each test's word for itself."""
    assert recorded.code == plain.code == recorded.one("done")["exitstatus"]
    assert plain.summary
    assert recorded.summary == plain.summary == recorded.one("done")["summary"]
    expected = {word: count for word, count in plain.summary.items() if word not in NOT_OF_TESTS}
    assert dict(recorded.counted) == expected
    assert words_by_test(plain) == words_by_record(recorded)
    assert not recorded.of("recorder_error")


WORDS = {"FAILED": "failed", "ERROR": "error", "XFAIL": "xfailed", "XPASS": "xpassed", "PASSED": "passed"}


def words_by_test(session):
    """``{(word, id): times}`` as pytest's short summary lists them; SUBFAILED lines name their test further on."""
    lines = re.findall(r"^(FAILED|ERROR|XFAIL|XPASS|PASSED) (?:at \w+ of )?(\S+::\S+)", session.out, re.MULTILINE)
    return Counter((WORDS[word], nodeid) for word, nodeid in lines)


def words_by_record(session):
    lines = []
    for record in session.of("test"):
        subtests = record.get("subtests", {}).get("failed", 0)
        words = Counter(record["counted"])
        words["failed"] -= subtests  # pytest lists those under another word
        lines.extend((word, record["id"]) for word in words.elements() if word in WORDS.values())
    return Counter(lines)


@pytest.mark.parametrize(
    ("args", "plugins"),
    [
        ((), ()),
        (("-x",), ()),
        pytest.param(("-n2",), ("xdist",), marks=pytest.mark.prove),
        (("--reruns=2",), ("rerunfailures",)),
        pytest.param(("--reruns=1", "-n2"), ("xdist", "rerunfailures"), marks=pytest.mark.prove),
        pytest.param(
            ("-p", "randomly", "-p", "pytest_cov", "-p", "no:logging", "--cov=.", "--cov-report="),
            (),
            marks=pytest.mark.prove,
        ),
        (("-s", "--tb=no", "--maxfail=4", "--deselect=test_functions.py::test_fails", "-k", "not Broken"), ()),
    ],
    ids=["plain", "first-failure", "xdist", "reruns", "xdist-reruns", "random-cov", "maxfail-deselect"],
)
def test_totals_are_pytests_own(every_outcome, args, plugins):
    plain = every_outcome.plain(*ARGS, *args, plugins=plugins)
    recorded = every_outcome.recorded(*ARGS, *args, plugins=plugins)

    assert_same(plain, recorded)
