"""Objects that are true whatever happened: a coroutine that nobody awaits, any attribute of a mock.

A coroutine is known for one where the same function of the same object is awaited elsewhere in the file, or is an
``async def`` of the test's own. An attribute is a mock's where the mock was made without a specification, in the test
or in a fixture, and nothing in the file, or beside it in a conftest, stores anything of that name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.kinds.always import given_once
from brinell.suite.quality.names import arguments, dotted
from brinell.suite.quality.nodes import own_nodes, walk, walk_own
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan, code, found

_MOCKS = {"unittest.mock.Mock", "unittest.mock.MagicMock", "unittest.mock.AsyncMock", "mock.Mock", "mock.MagicMock"}
_OWN = {
    "called", "call_count", "call_args", "call_args_list", "mock_calls", "method_calls", "return_value", "side_effect",
    "awaited", "await_count", "await_args", "await_args_list",
}  # fmt: skip
_TRUTHS = {"self.assertTrue", "self.assert_", "self.assertIsNotNone"}


def always_true(scan: Scan, test: Test) -> Iterator[Weakness]:
    """Yield the assertions of a test on what is always true."""
    for node, nested in walk_own(test.node):
        asked = None if nested else _asked(node)
        if asked is None:
            continue
        variant = ""
        if isinstance(asked, ast.Attribute) and _is_of_mock(scan, test, asked):
            variant = "mock-attribute"
        elif _is_coroutine(test, given_once(test, asked) or asked):
            variant = "coroutine"
        if variant:
            yield found("cannot-fail", test.module, node, test=test.id, variant=variant, name=code(asked))


def _asked(node: ast.AST) -> ast.expr | None:
    """Return what an assertion asks for no more than its truth."""
    match node:
        case ast.Assert(test=ast.Compare(left=asked, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)])):
            return asked
        case ast.Assert(test=ast.Name() | ast.Attribute() | ast.Call() as asked):
            return asked
        case ast.Call(func=func, args=[asked, *_]) if dotted(func) in _TRUTHS:
            return asked
        case _:
            return None


def _is_coroutine(test: Test, node: ast.expr) -> bool:
    """Whether a call makes a coroutine, and is not awaited."""
    if not isinstance(node, ast.Call) or isinstance(test.module.source.parents.get(node), ast.Await):
        return False
    called = dotted(node.func)
    if isinstance(node.func, ast.Name):
        inner = [one for one in own_nodes(test.node) if isinstance(one, Function) and one.name == called]
        defined = inner[0] if len(inner) == 1 else test.module.defined.get(called) if not inner else None
        return isinstance(defined, ast.AsyncFunctionDef) and not defined.decorator_list and not _yields(defined)
    root = called.partition(".")[0]
    if not isinstance(test.node, ast.AsyncFunctionDef) or not root or root not in arguments(test.node):
        return False
    ways = [
        isinstance(test.module.source.parents.get(one), ast.Await)
        for one in walk(test.module.source.tree)
        if isinstance(one, ast.Call) and one is not node and dotted(one.func) == called
    ]
    return bool(ways) and all(ways) and root not in {"self", "cls"}


def _yields(function: ast.AsyncFunctionDef) -> bool:
    return any(isinstance(one, (ast.Yield, ast.YieldFrom)) for one in own_nodes(function))


def _is_of_mock(scan: Scan, test: Test, asked: ast.Attribute) -> bool:
    """Whether an attribute is one that a mock makes up when it is asked for."""
    if not isinstance(asked.value, ast.Name) or asked.attr in _OWN or asked.attr.startswith(("assert", "_")):
        return False
    module, made = test.module, given_once(test, asked.value)
    name = asked.value.id
    if made is None and name in arguments(test.node):
        fixture = scan.fixtures.find(name, test.module)
        given = (
            [one.value for one in own_nodes(fixture[1]) if isinstance(one, (ast.Return, ast.Yield))] if fixture else []
        )
        if fixture is None or len(given) != 1:
            return False
        module, made = fixture[0], given[0]
    plain = isinstance(made, ast.Call) and not made.args and all(one.arg == "name" for one in made.keywords)
    is_mock = plain and isinstance(made, ast.Call) and module.full(made.func) in _MOCKS
    return is_mock and not any(_stores(one, asked) for one in {test.module, module})


def _stores(module: Module, asked: ast.Attribute) -> bool:
    """Whether a module gives anything of a name a value, or spells it as text, or names it elsewhere."""
    name = asked.attr
    for node in walk(module.source.tree):
        match node:
            case ast.Attribute(attr=attribute) if attribute == name and node is not asked:
                return True
            case ast.keyword(arg=attribute) | ast.Constant(value=attribute) if attribute == name:
                return True
            case _:
                pass
    return False
