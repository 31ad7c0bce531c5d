"""What the finders of single kinds work on: the tests, how names are followed, and what a run has collected."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from brinell.core.quality_records import Weakness
from brinell.suite.quality.asserting import Assertions
from brinell.suite.quality.configuration import limits_time
from brinell.suite.quality.declared import Declared
from brinell.suite.quality.fixtures import Fixtures
from brinell.suite.quality.found_tests import Patterns, Test, tests_of
from brinell.suite.quality.names import last
from brinell.suite.quality.project import Module, Project
from brinell.suite.quality.questions import Answers


@dataclass
class Scan:
    """One reading of a suite. ``collected`` are node ids without parameters, where a run has told them."""

    project: Project
    patterns: Patterns = field(default_factory=Patterns)
    answers: Answers = field(default_factory=Answers)
    collected: Collection[str] = ()
    folders: tuple[str, ...] = (".",)
    skipped: tuple[str, ...] = ()

    @cached_property
    def tests(self) -> list[Test]:
        """The tests, in the order of the files."""
        return tests_of(self.project, self.patterns)

    @cached_property
    def fixtures(self) -> Fixtures:
        """The fixtures of the project."""
        return Fixtures(self.project)

    @cached_property
    def limits_time(self) -> bool:
        """Whether the project limits the time of every test, as far as its files say."""
        return limits_time(self.project.root) or Declared(self.project.root).has("pytest-timeout")

    @cached_property
    def assertions(self) -> Assertions:
        """Who asserts."""
        return Assertions(self.project, self.fixtures)


def found(kind: str, module: Module, node: ast.AST, **facts: object) -> Weakness:
    """Return a place of a module as a record."""
    return Weakness(kind, module.path, getattr(node, "lineno", 1), **facts)  # type: ignore[arg-type]


def code(node: ast.AST, most: int = 80) -> str:
    """Return an expression as one short line of source."""
    try:
        text = " ".join(ast.unparse(node).split())
    except (ValueError, RecursionError):
        return "…"
    return text if len(text) <= most else f"{text[: most - 1]}…"


_EVERYBODYS = {
    "given", "settings", "example", "seed", "reproduce_failure", "patch", "object", "dict", "multiple", "staticmethod",
    "classmethod", "wraps", "skip", "skipIf", "skipUnless", "expectedFailure", "override_settings", "parametrize",
    "asyncio", "anyio", "contextmanager", "freeze_time", "usefixtures", "flaky", "retry", "timeout", "tag", "activate",
}  # fmt: skip


_REGISTERING = re.compile(
    r"regist|case|route|command|task|handler|overload|dispatch|fixture|setter|collect|add|plugin|hook|listen|subscrib|"
    r"callback|event|step|app|cli|group|consumer|serializ|convert|pyodide",
    re.IGNORECASE,
)


def is_plain(decorators: list[ast.expr], module: Module) -> bool:
    """Whether decorators leave a test what it is: none that may register it, or make something else of it."""
    for decorator in decorators:
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        full = module.full(node)
        is_plain_name = isinstance(node, ast.Name) and not _REGISTERING.search(node.id)
        if ".mark." not in f".{full}" and last(node) not in _EVERYBODYS and not is_plain_name:
            return False
    return True
