"""The fixtures of the tests, by name, and which one a test means: its own file's, then the nearest conftest's."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import Test, is_fixture, marks
from brinell.suite.quality.names import definitions
from brinell.suite.quality.project import Module, Project


class Fixtures:
    """All fixtures that the test files and conftests define."""

    def __init__(self, project: Project) -> None:
        self._known: dict[str, list[tuple[Module, Function]]] = defaultdict(list)
        self._automatic: list[tuple[Module, Function]] | None = None
        for module in project.tests.values():
            self._add(module, module.source.tree.body)
        for module in project.plugins():
            self._add(module, module.source.tree.body)

    def _add(self, module: Module, body: list[ast.stmt]) -> None:
        for one in definitions(body):
            if isinstance(one, ast.ClassDef):
                self._add(module, one.body)
            elif is_fixture(one):
                self._known[_name(one)].append((module, one))

    def __iter__(self) -> Iterator[tuple[Module, Function]]:
        return (one for known in self._known.values() for one in known)

    def find(self, name: str, user: Module) -> tuple[Module, Function] | None:
        """Return the fixture that ``user`` means by a name; None if it is somebody else's."""
        known = self._known.get(name, [])
        return max(known, key=lambda one: _nearness(one[0].path, user.path), default=None)

    def automatic(self, user: Module) -> list[tuple[Module, Function]]:
        """Return the fixtures with ``autouse`` that hold for the tests of a module."""
        if self._automatic is None:
            self._automatic = [one for one in self if any(map(_is_automatic, one[1].decorator_list))]
        return [one for one in self._automatic if _nearness(one[0].path, user.path)]

    def marked(self, test: Test) -> set[str]:
        """Return the fixtures that ``usefixtures`` requests for a test."""
        return {
            argument.value
            for name, call in marks(test)
            if name == "usefixtures" and isinstance(call, ast.Call)
            for argument in call.args
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        }


def _name(fixture: Function) -> str:
    for decorator in fixture.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
    return fixture.name


def _is_automatic(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and any(
        one.arg == "autouse" and getattr(one.value, "value", None) is True for one in decorator.keywords
    )


def _nearness(where: str, user: str) -> int:
    if where == user:
        return 1_000_000
    folder, _, file = where.rpartition("/")
    if file == "conftest.py" and (not folder or user.startswith(f"{folder}/")):
        return 1 + len(folder)
    return 0
