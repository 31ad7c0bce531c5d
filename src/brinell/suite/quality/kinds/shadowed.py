"""Tests that are defined again under the same name in the same scope: only the last one is ever collected."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import is_collected, is_fixture
from brinell.suite.quality.names import Definition, is_main_guard
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan, found, is_plain

KIND = "shadowed"


def shadowed(scan: Scan) -> Iterator[Weakness]:
    """Yield the definitions that are lost."""
    for module in scan.project.tests.values():
        yield from _in_block(scan, module, module.source.tree.body, ())


def _in_block(
    scan: Scan, module: Module, body: list[ast.stmt], owners: tuple[str, ...], *, in_class: bool = False
) -> Iterator[Weakness]:
    known: dict[str, Definition] = {}
    for statement in body:
        if isinstance(statement, Definition):
            before = known.get(statement.name)
            if before is not None and is_plain(before.decorator_list, module):
                identity = "::".join([module.path, *owners, before.name])
                variant = "class" if isinstance(before, ast.ClassDef) else ""
                yield found(
                    KIND, module, before, test=identity, name=before.name, detail=str(statement.lineno), variant=variant
                )
            if _is_test(scan, module, statement, in_class=in_class):
                known[statement.name] = statement
            else:
                known.pop(statement.name, None)
            if isinstance(statement, ast.ClassDef):
                yield from _in_block(scan, module, statement.body, (*owners, statement.name), in_class=True)
        elif isinstance(statement, (ast.If, ast.Try, ast.With)) and not is_main_guard(statement):
            for block in (statement.body, getattr(statement, "orelse", [])):
                yield from _in_block(scan, module, block, owners, in_class=in_class)
        for name in _used(statement, known):
            known.pop(name, None)


def _is_test(scan: Scan, module: Module, node: Definition, *, in_class: bool) -> bool:
    if isinstance(node, Function):
        fits = scan.patterns.is_function(node.name) or (in_class and node.name.startswith("test"))
        return fits and not is_fixture(node)
    has_tests = any(isinstance(one, Function) and one.name.startswith("test") for one in node.body)
    return has_tests and is_collected(scan.project, module, scan.patterns, node)


def _used(statement: ast.stmt, known: dict[str, Definition]) -> set[str]:
    """Return the known names that a statement reads in passing: what is defined may have been put somewhere else."""
    if isinstance(statement, Definition):
        nodes = [inner for decorator in statement.decorator_list for inner in walk(decorator)]
    else:
        nodes = list(walk(statement))
    return {node.id for node in nodes if isinstance(node, ast.Name) and node.id in known}
