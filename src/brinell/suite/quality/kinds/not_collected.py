"""Tests that pytest never collects: nobody notices that they do not run.

A test class with ``__init__``, test methods in a class whose name does not fit, a test function within another one,
under ``if __name__ == "__main__"``, in a conftest, or in a file whose name does not fit. What a run is known to have
collected is never accused, nor what something else refers to by name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.asserting import asserts_within, is_assertion
from brinell.suite.quality.files import Function, python_files
from brinell.suite.quality.found_tests import is_collected, is_fixture
from brinell.suite.quality.names import definitions, is_main_guard
from brinell.suite.quality.nodes import own_nodes, walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan, found, is_plain

KIND = "not-collected"
_NEAR = re.compile(
    r"^(?:tset|tets|tes|tst|tesst|ttest|etst|est|text|Test|TEST|_test|tests?(?=[A-Z0-9]))_\w+|^test(?:ing)?[A-Z]\w+"
)
_MOST_FILES = 3000
_SHARED = re.compile(r"Mixin|Base(?![a-z])|Abstract|^_|_(?:mixin|base)\b")


def not_collected(scan: Scan) -> Iterator[Weakness]:
    """Yield what looks like a test and is none for pytest."""
    used = _references(scan)
    for module in scan.project.tests.values():
        for weakness in (*_classes(scan, module, used), *_functions(scan, module, used)):
            if weakness.test not in scan.collected:
                yield weakness
    yield from _files(scan)


def _classes(scan: Scan, module: Module, used: set[str]) -> Iterator[Weakness]:
    for owner in definitions(module.source.tree.body):
        if not isinstance(owner, ast.ClassDef) or not _test_methods(scan, owner) or _opts_out(owner):
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
            tests = [one for one in _test_methods(scan, owner) if asserts_within(one.body)]
            if tests and not owner.keywords and not _SHARED.search(owner.name):
                yield found(
                    KIND, module, owner, test=identity, name=owner.name, variant="class-name", detail=tests[0].name
                )


def _test_methods(scan: Scan, owner: ast.ClassDef) -> list[Function]:
    return [
        one
        for one in owner.body
        if isinstance(one, Function) and scan.patterns.is_function(one.name) and not is_fixture(one)
    ]


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
    in_conftest = module.path.endswith("conftest.py")
    for node in walk(module.source.tree):
        if not isinstance(node, Function) or node in tests or is_fixture(node):
            continue
        around = list(module.source.enclosing(node))
        owners = [one.name for one in reversed(around) if isinstance(one, (Function, ast.ClassDef))]
        identity = "::".join([module.path, *owners, node.name])
        if scan.patterns.is_function(node.name) and is_plain(node.decorator_list, module):
            variant, detail = _place(node, around, in_conftest=in_conftest, is_used=node.name in used)
        elif _NEAR.match(node.name) and len(around) == 1 and not node.decorator_list and node.name not in used:
            is_test = not scan.patterns.is_function(node.name) and bool(asserts_within(node.body)) and not in_conftest
            variant, detail = ("misspelt", "") if is_test else ("", "")
        else:
            continue
        if variant:
            yield found(KIND, module, node, test=identity, name=node.name, variant=variant, detail=detail)


def _place(node: Function, around: list[ast.AST], *, in_conftest: bool, is_used: bool) -> tuple[str, str]:
    """Say why a function with a test's name is none: where it stands."""
    checks = any(is_assertion(inner) for inner in own_nodes(node))
    outer = around[0] if around else None
    if isinstance(outer, Function):
        referred = any(
            isinstance(inner, (ast.Name, ast.Attribute))
            and node.name in {getattr(inner, "id", ""), getattr(inner, "attr", "")}
            for inner in walk(outer)
        )
        return ("nested", outer.name) if checks and not referred and not _is_text_for_pytester(outer) else ("", "")
    if any(is_main_guard(one) for one in around) and checks and not is_used:
        return "main-guard", ""
    if in_conftest and isinstance(outer, ast.Module) and checks and not is_used:
        return "conftest", ""
    return "", ""


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


def _files(scan: Scan) -> Iterator[Weakness]:
    """Yield files beside collected ones that define tests and whose own name keeps pytest from looking."""
    folders = {path.rpartition("/")[0] for path in scan.project.tests if not path.endswith("conftest.py")}
    imported = _imported_modules(scan)
    left = _MOST_FILES
    for path in python_files(scan.project.root, sorted(folders), scan.skipped):
        left -= 1
        name = path.rpartition("/")[2]
        if (
            left < 0
            or path in scan.project.tests
            or name in {"__init__.py", "setup.py"}
            or path.rpartition("/")[0] not in folders
        ):
            continue
        if name.removesuffix(".py") in imported or not _names_a_test(name):
            continue
        module = scan.project.module(path)
        tests = list(_tests_in(scan, module)) if module is not None else []
        if module is not None and tests and not any(one.startswith(f"{path}::") for one in scan.collected):
            yield found(
                KIND,
                module,
                tests[0],
                variant="file-name",
                name=name,
                detail=tests[0].name,
                test=f"{path}::{tests[0].name}",
            )


def _names_a_test(name: str) -> bool:
    return bool(re.search(r"test|spec|check", name, re.IGNORECASE))


def _tests_in(scan: Scan, module: Module) -> Iterator[Function]:
    for one in definitions(module.source.tree.body):
        if isinstance(one, ast.ClassDef):
            if is_collected(scan.project, module, scan.patterns, one):
                yield from (inner for inner in _test_methods(scan, one) if asserts_within(inner.body))
        elif scan.patterns.is_function(one.name) and is_plain(one.decorator_list, module) and asserts_within(one.body):
            yield one


def _imported_modules(scan: Scan) -> set[str]:
    names: set[str] = set()
    for module in scan.project.tests.values():
        for node in walk(module.source.tree):
            if isinstance(node, ast.Import):
                names.update(part for alias in node.names for part in alias.name.split("."))
            elif isinstance(node, ast.ImportFrom):
                names.update([*(node.module or "").split("."), *(alias.name for alias in node.names)])
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
                names.update(part.removesuffix(".py") for part in re.split(r"[./\\]", node.value.removesuffix(".py")))
    return names
