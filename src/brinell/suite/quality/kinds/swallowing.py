"""``except`` that swallows: what its handler does with the exception, and whether anybody is told."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.asserting import asserts_within
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.names import last
from brinell.suite.quality.nodes import own_nodes, walk, walk_own
from brinell.suite.quality.scan import code, found

BROAD = {"Exception", "BaseException"}
_TELLING = {"print", "debug", "info", "warning", "warn", "error", "exception", "log", "print_exc", "sleep", "write"}


def swallowed_assertions(test: Test) -> Iterator[Weakness]:
    """Yield assertions whose failure is caught around them and goes no further."""
    for node, _ in walk_own(test.node):
        if isinstance(node, ast.Try):
            inner = asserts_within(node.body)
            handler = next((one for one in node.handlers if caught(one) & {"AssertionError", *BROAD, ""}), None)
            if inner and handler is not None and swallows(handler) and not in_loop(test, node):
                yield found(
                    "cannot-fail", test.module, inner[0], test=test.id, variant="swallowed", name=code(inner[0]),
                    detail=str(handler.lineno),
                )  # fmt: skip
        elif isinstance(node, (ast.With, ast.AsyncWith)) and (
            suppressed(node) & {"AssertionError", *BROAD} or (expects_anything(node) and len(node.body) > 1)
        ):
            inner = asserts_within(node.body)
            if inner:
                yield found(
                    "cannot-fail", test.module, inner[0], test=test.id, variant="swallowed", name=code(inner[0]),
                    detail=str(node.lineno),
                )  # fmt: skip


def caught(handler: ast.ExceptHandler) -> set[str]:
    """Return the names of the exceptions a handler catches; an empty name for a bare ``except``."""
    if handler.type is None:
        return {""}
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {last(one) for one in types}


def suppressed(block: ast.With | ast.AsyncWith) -> set[str]:
    """Return the names of the exceptions that ``contextlib.suppress`` around a block takes."""
    calls = [item.context_expr for item in block.items]
    return {
        last(argument)
        for call in calls
        if isinstance(call, ast.Call) and last(call.func) == "suppress"
        for argument in call.args
    }


def expects_anything(block: ast.With | ast.AsyncWith) -> bool:
    """Whether ``pytest.raises(Exception)`` stands around a block, to which a failed assertion is as good as any."""
    return any(
        isinstance(call, ast.Call)
        and last(call.func) in {"raises", "assertRaises"}
        and any(isinstance(one, (ast.Name, ast.Attribute)) and last(one) in BROAD for one in call.args[:1])
        and not any(one.arg == "match" for one in call.keywords)
        for call in (item.context_expr for item in block.items)
    )


def swallows(handler: ast.ExceptHandler) -> bool:
    """Whether a handler keeps what it caught to itself: no raise, no failure, nothing remembered or handed on."""
    for statement in handler.body:
        for node in (statement, *own_nodes(statement)):
            if isinstance(
                node, (ast.Raise, ast.Assert, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr, ast.Yield)
            ):
                return False
            if isinstance(node, ast.Return) and not (node.value is None or isinstance(node.value, ast.Constant)):
                return False
            if isinstance(node, ast.Call) and last(node.func) not in _TELLING:
                return False
    return True


def in_loop(test: Test, node: ast.AST) -> bool:
    """Whether it stands in a loop of its function that may try again."""
    for above in test.module.source.enclosing(node):
        if isinstance(above, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        if isinstance(above, (ast.While, ast.For, ast.AsyncFor)):
            ends = isinstance(above, ast.While) and not isinstance(above.test, ast.Constant)
            return ends or any(isinstance(inner, (ast.Break, ast.Return)) for inner in walk(above))
    return False


def is_cleaning_up(block: list[ast.stmt]) -> bool:
    """Whether a block only puts away what a test used."""
    words = (
        "close", "unlink", "remove", "rmtree", "rmdir", "kill", "terminate", "stop", "shutdown", "delete",
        "cancel", "join", "wait", "quit", "drop", "disconnect", "cleanup", "clean", "teardown", "exit", "release",
        "dispose", "destroy", "aclose", "uninstall", "reset", "rollback",
    )  # fmt: skip
    for statement in block:
        if isinstance(statement, ast.If) and is_cleaning_up([*statement.body, *statement.orelse]):
            continue
        value = statement.value if isinstance(statement, ast.Expr) else None
        value = value.value if isinstance(value, ast.Await) else value
        if isinstance(value, ast.Call):
            texts = [one.value for one in walk(value) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            said = " ".join([last(value.func), *texts]).lower()
            if any(word in said for word in words):
                continue
        if not isinstance(statement, (ast.Delete, ast.Pass)):
            return False
    return True
