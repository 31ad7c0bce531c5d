"""Names in a module: what an expression calls things, and what its imports make of that."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from brinell.suite.quality.files import Function
from brinell.suite.quality.nodes import own_nodes, walk, walk_own

Definition = Function | ast.ClassDef


def dotted(node: ast.AST) -> str:
    """Return the dotted name an expression spells (``a.b.c``); empty where it is anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def last(node: ast.AST) -> str:
    """Return the last name of an expression: ``c`` of ``a.b().c``; empty where it has none."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


class Imports:
    """What the names of a module stand for: local name -> full dotted name. Relative modules keep their dots."""

    def __init__(self, tree: ast.Module) -> None:
        within: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.stars: list[str] = []
        for node, nested in walk_own(tree):
            (within if nested else self.names).update(imported_names(node))
            if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
                self.stars.append("." * node.level + (node.module or ""))
        self.names = within | self.names

    def full(self, node: ast.AST) -> str:
        """Return the full name of an expression: ``time.sleep`` for ``sleep`` after ``from time import sleep``."""
        name = dotted(node)
        head, dot, rest = name.partition(".")
        return self.names.get(head, head) + dot + rest if name else ""


def imported_names(node: ast.AST) -> dict[str, str]:
    """Return what an import binds: local name -> full dotted name. Empty for anything else, and for a star."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: alias.name if alias.asname else alias.name.partition(".")[0]
            for alias in node.names
        }
    if not isinstance(node, ast.ImportFrom):
        return {}
    module = "." * node.level + (node.module or "")
    joint = "" if module.endswith(".") or not module else "."
    return {alias.asname or alias.name: f"{module}{joint}{alias.name}" for alias in node.names if alias.name != "*"}


def local_names(function: Function) -> dict[str, str]:
    """Return the names that a function binds itself: those it imports with their full names, others with none."""
    bound = dict.fromkeys((one.arg for one in walk(function.args) if isinstance(one, ast.arg)), "")
    imported: dict[str, str] = {}
    elsewhere: set[str] = set()
    passing: set[ast.AST] = set()  # variables of comprehensions are bound in there only
    for node in own_nodes(function):
        if isinstance(node, ast.comprehension):
            passing.update(walk(node.target))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            elsewhere.update(node.names)
        elif isinstance(node, Definition) or (isinstance(node, ast.ExceptHandler) and node.name):
            bound[str(node.name)] = ""
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and node not in passing:
            bound[node.id] = ""
        imported.update(imported_names(node))
    return {name: full for name, full in (bound | imported).items() if name not in elsewhere}


def definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    """Yield the functions and classes a block defines in its own scope, through ``if``, ``try`` and ``with``."""
    for statement in body:
        if isinstance(statement, Definition):
            yield statement
        elif isinstance(statement, (ast.If, ast.Try, ast.With, ast.For, ast.While)) and not is_main_guard(statement):
            yield from definitions(statement.body)
            yield from definitions(getattr(statement, "orelse", []))
            yield from definitions(getattr(statement, "finalbody", []))
            for handler in getattr(statement, "handlers", []):
                yield from definitions(handler.body)


def is_main_guard(node: ast.AST) -> bool:
    """Whether a statement is ``if __name__ == "__main__"``."""
    if not (isinstance(node, ast.If) and isinstance(node.test, ast.Compare)):
        return False
    sides = [node.test.left, *node.test.comparators]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def arguments(function: Function) -> list[str]:
    """Return the names of a function's parameters, ``self`` included."""
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def literal_seconds(node: ast.AST | None) -> float | None:
    """Return the value of a number, also negated; None of anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return float(node.value) if abs(node.value) < 1e9 else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        left, right = literal_seconds(node.left), literal_seconds(node.right)
        if left is None or right is None or (isinstance(node.op, ast.Div) and not right):
            return None
        return left * right if isinstance(node.op, ast.Mult) else left / right
    return None
