"""``except`` that swallows: what its handler does with the exception, and whether anybody is told."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.asserting import asserts_within
from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.kinds.breadth import (
    BROAD,
    caught,
    entered_later,
    exceptions,
    suppressed,
    suppressed_by,
)
from brinell.suite.quality.names import last
from brinell.suite.quality.nodes import own_nodes, walk, walk_own
from brinell.suite.quality.scan import Scan, code, found

_TELLING = {"print", "debug", "info", "warning", "warn", "error", "exception", "log", "print_exc", "sleep", "write"}
_ASSERTING = re.compile(r"_*(?:assert|check|verify|expect|ensure)", re.IGNORECASE)
_FAILURES = {"AssertionError", *BROAD, ""}


def swallowed_assertions(scan: Scan, test: Test) -> Iterator[Weakness]:
    """Yield assertions whose failure is caught around them and goes no further."""
    for node, _ in walk_own(test.node):
        block: list[ast.stmt] = []
        by: ast.AST = node
        if isinstance(node, ast.Try):
            handler = next((one for one in node.handlers if caught(scan, test.module, one) & _FAILURES), None)
            if handler is not None and swallows(handler) and not in_loop(test, node):
                block, by = node.body, handler
            elif node.finalbody and (left := _leaves(node.finalbody)) is not None:
                block, by = [*node.body, *node.orelse], left
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            block = node.body if _takes_failures(scan, test, node) else _behind_stack(scan, test, node)
        inner = _asserting(scan, test, block)
        if inner:
            yield found(
                "cannot-fail", test.module, inner[0], test=test.id, variant="swallowed", name=code(inner[0]),
                detail=str(getattr(by, "lineno", node.lineno if isinstance(node, ast.stmt) else 1)),
            )  # fmt: skip


def _takes_failures(scan: Scan, test: Test, block: ast.With | ast.AsyncWith) -> bool:
    if suppressed(scan, test.module, block) & _FAILURES or any(_lets_pass(scan, test, item) for item in block.items):
        return True
    return len(block.body) > 1 and expects_anything(scan, test, block)


def _behind_stack(scan: Scan, test: Test, block: ast.With | ast.AsyncWith) -> list[ast.stmt]:
    """Return what stands behind ``stack.enter_context(suppress(AssertionError))`` in a block."""
    for place, statement in enumerate(block.body):
        entered = entered_later(statement)
        if entered is not None and suppressed_by(scan, test.module, entered) & _FAILURES:
            return block.body[place + 1 :]
    return []


def _lets_pass(scan: Scan, test: Test, item: ast.withitem) -> bool:
    """Whether a context manager of the tests' own takes what is raised in its block and keeps it to itself."""
    call = item.context_expr
    if not isinstance(call, ast.Call):
        return False
    target = scan.project.resolve(test.module.full(call.func), test.module)
    if target is None or not isinstance(target[1], Function):
        return False
    where, manager = target
    if not any(last(one) in {"contextmanager", "asynccontextmanager"} for one in manager.decorator_list):
        return False
    return any(
        isinstance(node, ast.Try)
        and any(isinstance(inner, ast.Yield) for one in node.body for inner in (one, *own_nodes(one)))
        and any(caught(scan, where, one) & _FAILURES and swallows(one) for one in node.handlers)
        and manager.body[-1] is node
        for node in own_nodes(manager)
    )


def _leaves(block: list[ast.stmt]) -> ast.Return | None:
    """Return the ``return`` of a ``finally``: it takes the place of whatever was raised."""
    return next((one for one in block if isinstance(one, ast.Return)), None)


def _asserting(scan: Scan, test: Test, block: list[ast.stmt]) -> list[ast.AST]:
    """Return the assertions of a block, and calls, as statements, of the tests' own helpers that do nothing else."""
    found_ = asserts_within(block)
    for statement in block if not found_ else ():
        value = statement.value if isinstance(statement, ast.Expr) else None
        value = value.value if isinstance(value, ast.Await) else value
        if isinstance(value, ast.Call) and _ASSERTING.match(last(value.func)):
            target = scan.project.resolve(test.module.full(value.func), test.module)
            if target is not None and scan.assertions.of_definition(*target):
                found_.append(value)
    return found_


def expects_anything(scan: Scan, test: Test, block: ast.With | ast.AsyncWith) -> bool:
    """Whether ``pytest.raises(Exception)`` stands around a block, to which a failed assertion is as good as any."""
    return any(
        isinstance(call, ast.Call)
        and last(call.func) in {"raises", "assertRaises"}
        and any(exceptions(scan, test.module, one) & BROAD for one in call.args[:1])
        and not any(one.arg in {"match", "check"} for one in call.keywords)
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
