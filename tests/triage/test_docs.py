from __future__ import annotations

from pathlib import Path

import pytest

from brinell.triage.masks import VERSION
from brinell.triage.severity import HOURS, RULES, UNSURE

PAGE = Path(__file__).parents[2] / "docs" / "TRIAGE.md"


@pytest.mark.parametrize("rule", [*RULES, UNSURE], ids=lambda rule: rule.id)
def test_every_rule_is_on_the_page_under_its_severity(rule):
    (line,) = [
        line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {rule.severity} |")
    ]
    assert f"`{rule.id}`" in line


def test_the_page_names_no_rule_that_does_not_exist():
    ids = {rule.id for rule in (*RULES, UNSURE)}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| P"):
            assert {part for part in line.split("`") if part[:1] == "P" and "-" in part} <= ids


def test_the_page_names_the_version_and_the_deadlines():
    text = PAGE.read_text(encoding="utf-8")
    assert f"`{VERSION}-" in text
    assert [HOURS[severity] for severity in HOURS] == [24, 72, 7 * 24, 14 * 24]
