"""What goes into the project's interpreter parses on the oldest Python, and imports the standard library only."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import brinell_inside

FILES = sorted((Path(brinell_inside.__file__).parent / "cache").glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_parses_and_imports_nothing_strange(file):
    tree = ast.parse(file.read_text(), feature_version=(3, 8))
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names | {"brinell_inside"}
