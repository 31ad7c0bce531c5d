"""Tests whose name is taken in the same scope afterwards: by another test, a variable, a loop, an import.

Only what the name stands for at the end is ever collected. Tests that are imported to run here count as well.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import is_collected, is_fixture
from brinell.suite.quality.names import Definition, imported_names, is_main_guard, last
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
    known: dict[str, Definition | ast.ImportFrom] = {}
    for statement in body:
        for name in _used(statement, known):
            known.pop(name, None)
        for name in _bound(statement) & set(known):
            before = known.pop(name)
            if isinstance(before, ast.ImportFrom) or is_plain(before.decorator_list, module):
                identity = "" if isinstance(before, ast.ImportFrom) else "::".join([module.path, *owners, name])
                variant, line = _variant(before, statement), str(statement.lineno)
                yield found(KIND, module, before, test=identity, name=name, detail=line, variant=variant)
        if isinstance(statement, Definition):
            if _is_test(scan, module, statement, in_class=in_class):
                known[statement.name] = statement
            if isinstance(statement, ast.ClassDef):
                yield from _in_block(scan, module, statement.body, (*owners, statement.name), in_class=True)
        elif isinstance(statement, ast.ImportFrom):
            known.update(dict.fromkeys(_imported_tests(scan, module, statement), statement))
        elif isinstance(statement, (ast.If, ast.Try, ast.With)) and not is_main_guard(statement):
            for block in (statement.body, getattr(statement, "orelse", [])):
                yield from _in_block(scan, module, block, owners, in_class=in_class)
                known.update(_left_by(scan, module, block, in_class=in_class))


def _left_by(scan: Scan, module: Module, block: list[ast.stmt], *, in_class: bool) -> dict[str, Definition]:
    """Return the tests that a block within leaves behind: what takes their names further down takes them for good."""
    tests = (one for one in block if isinstance(one, Definition) and _is_test(scan, module, one, in_class=in_class))
    left = {one.name: one for one in tests}
    for name in _read([one for one in block if not isinstance(one, Definition)]) & set(left):
        left.pop(name)
    return left


def _variant(before: Definition | ast.ImportFrom, after: ast.stmt) -> str:
    if isinstance(before, ast.ImportFrom):
        return "import"
    if not isinstance(after, Definition):
        return "taken"
    return "class" if isinstance(before, ast.ClassDef) else ""


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement certainly gives something else: not those bound within its blocks."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            stored = targets
        case ast.AnnAssign(target=target, value=ast.expr()) | ast.For(target=target) | ast.AsyncFor(target=target):
            stored = [target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            stored = [item.optional_vars for item in items if item.optional_vars is not None]
        case ast.Try(handlers=handlers):
            return {handler.name for handler in handlers if handler.name}
        case _:
            return set(imported_names(statement))
    names = (node for one in stored for node in walk(one))
    return {node.id for node in names if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}


def _imported_tests(scan: Scan, module: Module, statement: ast.ImportFrom) -> Iterator[str]:
    """Yield the names under which a statement imports tests that belong to the project, to run them here."""
    for name, full in imported_names(statement).items():
        found_ = scan.project.resolve(full, module)
        if found_ is not None and found_[0] is not module and _is_test(scan, *found_, in_class=False):
            fits = scan.patterns.is_function(name) or isinstance(found_[1], ast.ClassDef)
            if fits:
                yield name


def _is_test(scan: Scan, module: Module, node: Definition, *, in_class: bool) -> bool:
    if isinstance(node, Function):
        fits = scan.patterns.is_function(node.name) or (in_class and node.name.startswith("test"))
        return fits and not is_fixture(node)
    has_tests = any(isinstance(one, Function) and one.name.startswith("test") for one in node.body)
    return has_tests and is_collected(scan.project, module, scan.patterns, node)


def _used(statement: ast.stmt, known: Collection[str]) -> set[str]:
    """Return the known names that a statement reads in passing: what is defined may have been put somewhere else.

    Of the names that it binds itself, only what it reads before it does.
    """
    before: list[ast.AST]
    match statement:
        case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
            return _read(decorators) & set(known)
        case ast.ClassDef(decorator_list=decorators, bases=bases, keywords=keywords):
            return _read([*decorators, *bases, *keywords]) & set(known)
        case ast.For(iter=iterated) | ast.AsyncFor(iter=iterated):
            before = [iterated]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            before = [item.context_expr for item in items]
        case _:
            before = [statement]
    return (_read(before) | (_read([statement]) - _bound(statement))) & set(known)


def _read(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that are read, deleted or changed in place."""
    every = [inner for one in nodes for inner in walk(one)]
    read = {node.id for node in every if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)}
    return read | {last(node.target) for node in every if isinstance(node, ast.AugAssign)}
