"""Assertions that are never reached: behind ``return`` or ``pytest.skip()``, under ``if False``, or behind the call
that is to raise, in the block of ``pytest.raises``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.asserting import asserts_within, is_assertion
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.kinds.always import is_nothing, truth
from brinell.suite.quality.names import last
from brinell.suite.quality.nodes import walk, walk_own
from brinell.suite.quality.scan import code, found

_KIND = "cannot-fail"
_ENDING = {
    "pytest.skip",
    "pytest.fail",
    "pytest.xfail",
    "pytest.exit",
    "sys.exit",
    "self.skipTest",
    "self.fail",
    "os._exit",
}
_NEVER = "assert_never"  # it says itself that nothing gets there
_RAISES = {"raises", "assertRaises", "assertRaisesRegex", "RaisesGroup", "assertRaisesMessage"}
_HARMLESS = {"len", "str", "repr", "isinstance", "sorted", "list", "set", "dict", "tuple", "type", "bool", "int"}


def dead_assertions(test: Test) -> Iterator[Weakness]:
    """Yield the assertions of a test that nothing reaches."""
    for node, _ in ((test.node, False), *walk_own(test.node)):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                yield from _behind_the_end(test, block)
        if isinstance(node, (ast.If, ast.While)):
            holds = truth(test, node.test)
            if holds is False:
                said = f"under {type(node).__name__.lower()} {code(node.test, 40)}"
                yield from _all(test, node.body, "unreachable", said)
            elif holds and isinstance(node, ast.If):
                yield from _all(test, node.orelse, "unreachable", f"under the else of if {code(node.test, 40)}")
        if isinstance(node, (ast.For, ast.AsyncFor)) and is_nothing(test, node.iter):
            yield from _all(test, node.body, "unreachable", f"in a loop over {code(node.iter, 40)}, which has nothing")
        if isinstance(node, (ast.With, ast.AsyncWith)):
            yield from _behind_what_raises(test, node)


def _behind_the_end(test: Test, block: list[ast.stmt]) -> Iterator[Weakness]:
    for place, statement in enumerate(block):
        if _ends(test, statement):
            yield from _all(test, block[place + 1 :], "unreachable", f"behind {code(statement, 40)}")
            return


def _ends(test: Test, statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Return, ast.Raise, ast.Break, ast.Continue)):
        return True
    if isinstance(statement, ast.If):
        return all(block and _ends(test, block[-1]) for block in (statement.body, statement.orelse))
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return test.module.full(statement.value.func) in _ENDING
    return False


def _all(test: Test, block: list[ast.stmt], variant: str, detail: str) -> Iterator[Weakness]:
    asserts = [node for node in asserts_within(block) if not (isinstance(node, ast.Call) and last(node.func) == _NEVER)]
    for node in asserts[:1]:
        yield found(_KIND, test.module, node, test=test.id, variant=variant, name=code(node), detail=detail)


def _behind_what_raises(test: Test, block: ast.With | ast.AsyncWith) -> Iterator[Weakness]:
    """Assertions at the end of a ``raises`` block, behind a call, that hardly are what raises."""
    entered = next((item for item in block.items if _is_raises(item)), None)
    if entered is None or len(block.body) < 2:
        return
    bound = entered.optional_vars.id if isinstance(entered.optional_vars, ast.Name) else ""
    trailing: list[ast.stmt] = []
    for statement in reversed(block.body[1:]):
        if not _is_check(statement):
            break
        trailing.append(statement)
    for statement in reversed(trailing):
        names = {node.id for node in walk(statement) if isinstance(node, ast.Name)}
        before = block.body[: block.body.index(statement)]
        if (bound and bound in names) or (_cannot_raise(statement) and any(_calls(one) for one in before)):
            yield found(
                _KIND, test.module, statement, test=test.id, variant="behind-raises", name=code(statement),
                detail=str(block.lineno),
            )  # fmt: skip
            return


def _is_raises(item: ast.withitem) -> bool:
    call = item.context_expr
    if not isinstance(call, ast.Call) or last(call.func) not in _RAISES:
        return False
    expected = {last(part) for one in call.args[:1] for part in walk(one)}
    return not expected & {"AssertionError", "Exception", "BaseException", "Failed", "fail"}


def _is_check(statement: ast.stmt) -> bool:
    return is_assertion(statement) or (isinstance(statement, ast.Expr) and is_assertion(statement.value))


def _cannot_raise(statement: ast.stmt) -> bool:
    """Whether an assertion is made of names, constants and plain comparisons alone."""
    checked = statement.test if isinstance(statement, ast.Assert) else statement
    for node in walk(checked):
        if isinstance(node, ast.Call):
            if not (is_assertion(node) or last(node.func) in _HARMLESS):
                return False
        elif isinstance(node, (ast.Subscript, ast.Await, ast.BinOp, ast.Lt, ast.Gt, ast.LtE, ast.GtE)):
            return False
    return True


def _calls(statement: ast.stmt) -> bool:
    return any(isinstance(node, (ast.Call, ast.Subscript, ast.Await)) for node in walk(statement))
