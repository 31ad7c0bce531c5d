"""Which functions of the test files are tests, by the rules pytest collects with (``python_classes`` and the like)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

import msgspec

from brinell.suite.quality.files import Function
from brinell.suite.quality.names import definitions
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.project import Module, Project


class Patterns(msgspec.Struct, frozen=True):
    """pytest's own rules for what is a test, as the project's configuration has them."""

    files: tuple[str, ...] = ("test_*.py", "*_test.py")
    classes: tuple[str, ...] = ("Test",)
    functions: tuple[str, ...] = ("test",)

    def is_class(self, name: str) -> bool:
        """Whether pytest collects a class of this name."""
        return _fits(name, self.classes)

    def is_function(self, name: str) -> bool:
        """Whether pytest collects a function of this name."""
        return _fits(name, self.functions)


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(name.startswith(one) or (set("*?[") & set(one) and fnmatch(name, one)) for one in patterns)


@dataclass(frozen=True, slots=True)
class Test:
    """One test function. ``owners`` are the classes around it, outermost first."""

    module: Module
    node: Function
    owners: tuple[ast.ClassDef, ...] = ()

    __test__ = False

    @property
    def id(self) -> str:
        """The node id, without parameters."""
        return "::".join([self.module.path, *(one.name for one in self.owners), self.node.name])

    @property
    def owner(self) -> ast.ClassDef | None:
        """The class it is a method of."""
        return self.owners[-1] if self.owners else None

    @property
    def decorators(self) -> list[ast.expr]:
        """Its own decorators and those of the classes around it."""
        return [*self.node.decorator_list, *(one for owner in self.owners for one in owner.decorator_list)]


def tests_of(project: Project, patterns: Patterns) -> list[Test]:
    """Return all tests of the project's test files, in the order of the files."""
    used = _used_bases(project)

    def in_block(module: Module, body: list[ast.stmt], owners: tuple[ast.ClassDef, ...]) -> Iterator[Test]:
        for one in definitions(body):
            if isinstance(one, ast.ClassDef):
                if is_collected(project, module, patterns, one) or one in used:
                    yield from in_block(module, one.body, (*owners, one))
            elif patterns.is_function(one.name) and not is_fixture(one):
                yield Test(module, one, owners)

    modules = [module for module in project.tests.values() if not module.is_conftest]
    return [test for module in modules for test in in_block(module, module.source.tree.body, ())]


def is_collected(project: Project, module: Module, patterns: Patterns, owner: ast.ClassDef) -> bool:
    """Whether pytest looks for tests in a class; where a base is somebody else's, its name decides."""
    return patterns.is_class(owner.name) or bool(project.is_test_case(module, owner))


def _used_bases(project: Project) -> set[ast.ClassDef]:
    """Return the classes of the tests that other classes inherit from: their tests run there."""
    used: set[ast.ClassDef] = set()
    for module in project.tests.values():
        for node in walk(module.source.tree):
            if isinstance(node, ast.ClassDef) and node.bases:
                used.update(base for _, base in project.bases(module, node))
    return used


def is_fixture(function: Function) -> bool:
    """Whether a function is a fixture, by its decorator's name."""
    return any(
        name == "fixture" or name.endswith(("_fixture", "yield_fixture"))
        for one in function.decorator_list
        for name in (_name(one),)
    )


def _name(decorator: ast.expr) -> str:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def marks(test: Test) -> Iterator[tuple[str, ast.expr]]:
    """Yield the pytest marks of a test, its classes and its module as (name, expression)."""
    values = [*test.decorators, *_assigned(test.module.source.tree.body)]
    for owner in test.owners:
        values += _assigned(owner.body)
    for value in values:
        for one in value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]:
            node = one.func if isinstance(one, ast.Call) else one
            resolved = test.module.values.get(node.id) if isinstance(node, ast.Name) else None
            mark = one if resolved is None else resolved  # windows_only = pytest.mark.skipif(...)
            full = test.module.full(mark.func if isinstance(mark, ast.Call) else mark)
            if ".mark." in f".{full}":
                yield full.rpartition("mark.")[2].partition(".")[0], mark


def _assigned(body: list[ast.stmt]) -> list[ast.expr]:
    """Return what a block assigns to ``pytestmark``."""
    return [
        one.value
        for one in body
        if isinstance(one, ast.Assign) and any(getattr(target, "id", "") == "pytestmark" for target in one.targets)
    ]
