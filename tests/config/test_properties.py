from __future__ import annotations

import pytest

from brinell.config import for_properties, from_toml
from brinell.config.problems import Unfit
from brinell.config.properties import property_table


def test_the_table_becomes_the_specification():
    found = property_table({"tiers_s": [5, 10, 20], "max_examples": {"ci": 25}, "budget_s": "2m", "coverage": False})
    assert found == {
        "tiers_s": (5.0, 10.0, 20.0), "tiers_stated": True, "ci": 25, "budget_s": 120.0, "budget_stated": True,
        "coverage": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"tier_s": [1, 2, 3]}, "tiers_s"),
        ({"tiers_s": [1, 2]}, "three"),
        ({"tiers_s": [10, 5, 20]}, "rise"),
        ({"tiers_s": "fast"}, "three"),
        ({"max_examples": 50}, "table"),
        ({"max_examples": {"locl": 50}}, "local"),
        ({"max_examples": {"ci": 0}}, "whole number"),
        ({"max_examples": {"ci": True}}, "whole number"),
        ({"budget_s": True}, "duration"),
        ({"budget_s": -1}, "above 0"),
        ({"coverage": "no"}, "true or false"),
    ],
)
def test_a_mistake_is_told(table, said):
    with pytest.raises(Unfit, match=said):
        property_table(table)


def test_the_configuration_asks_for_both_halves_and_the_command_line_wins(tmp_path):
    (tmp_path / "brinell.toml").write_text(
        '[suite]\nargs = ["-x"]\nproperty = { budget_s = 9, max_examples = { ci = 5 } }\n'
    )
    steps = [step for step in from_toml(tmp_path).steps if step.trial == "property"]
    assert [(step.id, step.spec.part) for step in steps] == [("property", "measure"), ("property:verify", "verify")]
    plan = for_properties(tmp_path, args=("-k", "x"), ci=7, verify=False)
    (step,) = plan.steps
    assert (step.spec.ci, step.spec.budget_s, step.spec.budget_stated, step.spec.args) == (
        7,
        9.0,
        True,
        ("-x", "-k", "x"),
    )
