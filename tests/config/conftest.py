"""A small project whose configuration the tests write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from brinell.config import from_toml
from brinell.core.errors import UsageError
from brinell.core.plan import Plan


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    (root / "tests" / "api").mkdir(parents=True)
    (root / "src" / "shop").mkdir(parents=True)
    (root / "src" / "shop" / "__init__.py").write_text("")
    (root / "KNOWN.md").write_text("# known\n")
    (root / "order.json").write_text("{}")
    return root


@pytest.fixture
def plan(project: Path) -> Callable[[str], Plan]:
    def read(text: str) -> Plan:
        (project / "brinell.toml").write_text(text, encoding="utf-8")
        return from_toml(project)

    return read


@pytest.fixture
def refusal(plan: Callable[[str], Plan]) -> Callable[[str], str]:
    """What a configuration is refused with."""

    def read(text: str) -> str:
        with pytest.raises(UsageError) as caught:
            plan(text)
        return str(caught.value)

    return read
