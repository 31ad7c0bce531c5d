"""The samples of docs/LOAD.md about flows, functions and tests: they load, and mean what the page says."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from pathlib import Path

from brinell.cli.load_in_test import LoadInTest
from brinell.config import from_toml
from brinell.load.flows.loading import load
from brinell.load.flows.user import User

PAGE = (Path(__file__).parents[3] / "docs" / "LOAD.md").read_text(encoding="utf-8")


def section(title):
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def test_the_sample_of_flows_loads(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "loadtest.py").write_text(re.search(r"```python\n(.*?)```", section("Flows in Python"), re.DOTALL)[1])
    assert [(flow.name, flow.weight) for flow in load(tmp_path / "loadtest.py", tmp_path)] == [
        ("browse", 3.0),
        ("write", 1.0),
    ]


def test_what_users_have_is_described():
    words = section("Flows in Python")
    for name in vars(User):
        if not name.startswith("_"):
            assert name in words, name
    for name in inspect.signature(User.request).parameters:
        assert name in {"self", "method"} or f"`{name}" in words or name == "path", name


def test_the_sample_of_a_function_is_a_configuration(tmp_path):
    (tmp_path / "brinell.toml").write_text(re.search(r"```toml\n(.*?)```", section("Functions"), re.DOTALL)[1])
    (step,) = from_toml(tmp_path).steps
    assert (step.spec.call, step.spec.setup, step.spec.args) == ("shop.cache:get_user", "shop.cache:connect", (7,))


def test_every_argument_of_the_fixture_is_described():
    words = section("In a test")
    ast.parse(re.search(r"```python\n(.*?)```", words, re.DOTALL)[1])
    described = {"self", "target", "kwargs", "setup", "args", "flows", "check"}
    for name in inspect.signature(LoadInTest.__call__).parameters:
        assert name in described or f"`{name}`" in words, name
