"""Tests that pytest never collects: nobody notices that they do not run.

A test class with ``__init__``, test methods in a class whose name does not fit, functions whose name nearly fits, a
test function within another one, under ``if __name__ == "__main__"``, in a conftest, or in a file or folder that
pytest passes over. What a run is known to have collected is never accused, nor what something else refers to by name.
"""

from __future__ import annotations

import ast
import re
import unittest
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.asserting import asserts_within, is_assertion
from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import is_collected, is_fixture
from brinell.suite.quality.kinds.uncollected_files import KIND, methods_like_tests, uncollected_files
from brinell.suite.quality.names import arguments, definitions, is_main_guard
from brinell.suite.quality.nodes import own_nodes, walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan, found, is_plain

_NEAR = re.compile(
    r"^(?:tset|tets|tes|tst|tesst|ttest|etst|est|text|Test|TEST|_test|tests?(?=[A-Z0-9]))_\w+|^test(?:ing)?[A-Z]\w+"
)
_AT_THE_END = re.compile(r"[a-z0-9]_test$")
_BUILT_IN = {
    "cache", "capfd", "capfdbinary", "caplog", "capsys", "capsysbinary", "doctest_namespace", "monkeypatch", "mocker",
    "pytestconfig", "pytester", "recwarn", "request", "subtests", "tmp_path", "tmp_path_factory", "tmpdir", "testdir",
}  # fmt: skip
_NO_TESTS = ("_", "assert", "setup", "teardown", "setUp", "tearDown", "runTest", "test")
_SHARED = re.compile(r"Mixin|Base(?![a-z])|Abstract|^_|_(?:mixin|base)\b")


def not_collected(scan: Scan) -> Iterator[Weakness]:
    """Yield what looks like a test and is none for pytest."""
    used = _references(scan)
    for module in scan.project.tests.values():
        for weakness in (*_classes(scan, module, used), *_functions(scan, module, used)):
            if weakness.test not in scan.collected:
                yield weakness
    yield from uncollected_files(scan)


def _classes(scan: Scan, module: Module, used: set[str]) -> Iterator[Weakness]:
    for owner in definitions(module.source.tree.body):
        if not isinstance(owner, ast.ClassDef) or not methods_like_tests(scan, owner) or _opts_out(owner):
            continue
        identity = f"{module.path}::{owner.name}"
        is_case = scan.project.is_test_case(module, owner)
        if scan.patterns.is_class(owner.name) and is_case is False:
            maker = next(
                (one for one in owner.body if isinstance(one, Function) and one.name in {"__init__", "__new__"}), None
            )
            if maker is not None and not _is_dataclass(owner) and not _any_collected(scan, identity):
                yield found(KIND, module, owner, test=identity, name=owner.name, variant="init", detail=maker.name)
        elif (
            is_case is False
            and not owner.decorator_list
            and owner.name not in used
            and not _any_collected(scan, identity)
        ):
            tests = [one for one in methods_like_tests(scan, owner) if asserts_within(one.body)]
            if tests and not owner.keywords and not _SHARED.search(owner.name):
                yield found(
                    KIND, module, owner, test=identity, name=owner.name, variant="class-name", detail=tests[0].name
                )


def _opts_out(owner: ast.ClassDef) -> bool:
    return any(
        isinstance(one, ast.Assign) and any(getattr(t, "id", "") == "__test__" for t in one.targets)
        for one in owner.body
    )


def _is_dataclass(owner: ast.ClassDef) -> bool:
    return bool(owner.decorator_list)


def _any_collected(scan: Scan, identity: str) -> bool:
    return any(one.startswith(f"{identity}::") for one in scan.collected)


def _functions(scan: Scan, module: Module, used: set[str]) -> Iterator[Weakness]:
    tests = {test.node for test in scan.tests if test.module is module}
    for node in walk(module.source.tree):
        if not isinstance(node, Function) or node in tests or is_fixture(node):
            continue
        around = list(module.source.enclosing(node))
        owners = [one.name for one in reversed(around) if isinstance(one, (Function, ast.ClassDef))]
        identity = "::".join([module.path, *owners, node.name])
        if scan.patterns.is_function(node.name) and is_plain(node.decorator_list, module):
            variant, detail = _place(module, node, around, is_used=node.name in used)
        elif node.name not in used and is_plain(node.decorator_list, module) and _is_checking(node):
            variant, detail = _name(scan, module, node, around)
        else:
            continue
        if variant:
            yield found(KIND, module, node, test=identity, name=node.name, variant=variant, detail=detail)


def _is_checking(node: Function) -> bool:
    return any(is_assertion(inner) for inner in own_nodes(node))


def _place(module: Module, node: Function, around: list[ast.AST], *, is_used: bool) -> tuple[str, str]:
    """Say why a function with a test's name is none: where it stands."""
    checks = _is_checking(node)
    outer = around[0] if around else None
    if isinstance(outer, Function):
        referred = any(
            isinstance(inner, (ast.Name, ast.Attribute))
            and node.name in {getattr(inner, "id", ""), getattr(inner, "attr", "")}
            for inner in walk(outer)
        )
        return ("nested", outer.name) if checks and not referred and not _is_text_for_pytester(outer) else ("", "")
    if any(is_main_guard(one) for one in around) and checks:
        return "main-guard", ""
    if module.is_conftest and isinstance(outer, ast.Module) and checks and not is_used:
        return "conftest", ""
    return "", ""


def _name(scan: Scan, module: Module, node: Function, around: list[ast.AST]) -> tuple[str, str]:
    """Say why a function that nothing names, among tests, is none: its name, and the pattern that it misses."""
    owners = [one for one in around if isinstance(one, ast.ClassDef)]
    is_alone = len(around) == 1 + len(owners) and not module.is_conftest
    if not is_alone or scan.patterns.is_function(node.name) or not _can_be_given(scan, module, node):
        return "", ""
    if any(not is_collected(scan.project, module, scan.patterns, one) for one in owners):
        return "", ""
    pattern = scan.patterns.functions[0]
    if _NEAR.match(node.name):
        return "misspelt", pattern
    is_case = any(scan.project.is_test_case(module, one) is not False for one in owners)
    if node.name.startswith("test") and not is_case:
        return "function-name", pattern
    ends = _AT_THE_END.search(node.name) and not owners
    return ("function-name", pattern) if ends or _is_left_alone(scan, module, node, owners) else ("", "")


def _is_left_alone(scan: Scan, module: Module, node: Function, owners: list[ast.ClassDef]) -> bool:
    """Whether a method could only be a test: it takes what tests take, asserts, and nobody can be calling it."""
    if not owners or node.name.startswith(_NO_TESTS) or not methods_like_tests(scan, owners[0]):
        return False
    if hasattr(unittest.IsolatedAsyncioTestCase, node.name) or arguments(node)[:1] != ["self"]:
        return False
    if any(_is_strangers(scan, module, one) or _is_awaited(scan, module, one, node.name) for one in owners):
        return False
    return not any(isinstance(one, ast.Name) and one.id == "getattr" for one in walk(module.source.tree))


def _is_awaited(scan: Scan, module: Module, owner: ast.ClassDef, name: str) -> bool:
    """Whether a base of a class has a method of that name, or calls one: a hook."""
    return any(
        name in where.methods(one)
        or any(isinstance(node, ast.Attribute) and node.attr == name for node in walk(one))
        or _is_awaited(scan, where, one, name)
        for where, one in scan.project.bases(module, owner)
    )


def _is_strangers(scan: Scan, module: Module, owner: ast.ClassDef) -> bool:
    """Whether a class has a base of somebody else's, which may be calling its methods."""
    unittests = {"unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "object"}
    strangers = [one for one in owner.bases if module.full(one) not in unittests]
    known = [*scan.project.bases(module, owner)]
    return len(known) < len(strangers) or any(_is_strangers(scan, where, one) for where, one in known)


def _can_be_given(scan: Scan, module: Module, node: Function) -> bool:
    """Whether a function could be a test: what it takes are fixtures, or parameters of its marks."""
    given = node.args
    wanted = [one.arg for one in (*given.posonlyargs, *given.args)][: -len(given.defaults) or None]
    marked = {one.value for mark in node.decorator_list for one in walk(mark) if isinstance(one, ast.Constant)}
    names = {part for one in marked if isinstance(one, str) for part in re.split(r"[\s,]+", one)}
    return all(
        one in {"self", "cls"} or one in _BUILT_IN or one in names or scan.fixtures.find(one, module) for one in wanted
    )


def _is_text_for_pytester(outer: Function) -> bool:
    return any(one.arg in {"pytester", "testdir"} for one in outer.args.args)


def _references(scan: Scan) -> set[str]:
    """Return every name that the tests read, import or inherit from."""
    names: set[str] = set()
    for module in scan.project.tests.values():
        for node in walk(module.source.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.ImportFrom):
                names.update(alias.name for alias in node.names)
    return names
