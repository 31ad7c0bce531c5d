"""Races that a database sees, on real ones: get or create, the next number, the last item, a transfer."""

from __future__ import annotations

from pathlib import Path

import pytest

from brinell.core.plan import RequestSpec
from brinell.core.verdicts import Verdict

pytestmark = pytest.mark.prove

BODY = {"key": "{{round}}"}
OPEN = [{"path": "/open", "method": "POST", "json": BODY}]
CASES = {
    "order": {"expect": {"created": 1, "ok": 9}, "same": "$.id",
              "then": {"path": "/orders?key={{round}}", "value": "$.count", "equals": 1}},
    "number": {"expect": {"created": 10}, "unique": "$.number"},
    "buy": {"prepare": OPEN, "at_most": {"created": 3},
            "then": {"path": "/sold?key={{round}}", "value": "$.count", "at_least": 3, "at_most": 3}},
    "transfer": {"prepare": OPEN,
                 "unchanged": {"path": "/accounts?key={{round}}", "value": "$.accounts[*].balance"}},
}  # fmt: skip
PATHS = {"order": "/orders", "number": "/numbers", "buy": "/buy", "transfer": "/transfer"}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    return str(tmp_path / "db") if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.mark.parametrize(
    ("what", "defect"),
    [("order", "twice"), ("order", "breaks"), ("number", "numbers"), ("buy", "oversells"), ("transfer", "loses")],
)
def test_what_looks_first_and_writes_then(drill, running, database, what, defect):
    subject = Path(__file__).with_name("stored_subject.py")
    requests = (RequestSpec(path=PATHS[what], method="POST", json=BODY),)
    done = drill(
        "race", {**CASES[what], "rounds": 15}, url=running(defect, database, subject=subject), requests=requests
    )
    assert done.drill.verdict is Verdict.FAIL, done.finding.detail


@pytest.mark.parametrize("what", CASES)
def test_what_leaves_it_to_the_database(drill, running, database, what):
    subject = Path(__file__).with_name("stored_subject.py")
    requests = (RequestSpec(path=PATHS[what], method="POST", json=BODY),)
    url = running("healthy", database, subject=subject)
    done = drill("race", {**CASES[what], "rounds": 10}, url=url, requests=requests)
    assert done.drill.verdict is Verdict.PASS, done.finding.detail
