"""Tests that assert only inside a loop over what the code gives: if it gives nothing, nothing is checked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.asserting import is_assertion
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.names import last
from brinell.suite.quality.nodes import own_nodes, walk, walk_own
from brinell.suite.quality.scan import Scan, code, found

KIND = "empty-loop"
_WRAPPERS = {"enumerate", "reversed", "sorted", "list", "tuple", "set", "iter", "zip"}
_MAY_BE_EMPTY = re.compile(
    r"_*a?(?:find|filter|select|search|query|list|glob|iter|iterate|matches|match|all|scan|lookup|collect|fetch|get_all|read)"
    r"(?:$|[A-Z_]|all$|iter$|lines$)"
)


def empty_loop(scan: Scan) -> Iterator[Weakness]:
    """Yield the loops."""
    for test in scan.tests:
        if any(last(node) == "given" for one in test.decorators for node in walk(one)):
            continue  # a property of whatever comes: with nothing it holds, and other examples have something
        loops = [node for node in own_nodes(test.node) if isinstance(node, (ast.For, ast.AsyncFor))]
        if len(loops) != 1 or scan.assertions.of_test(test) != len(_asserts(loops[0])):
            continue
        if _asserts(loops[0]) and not _is_filled(test, loops[0].iter):
            yield found(KIND, test.module, loops[0], test=test.id, name=code(loops[0].iter))


def _asserts(loop: ast.For | ast.AsyncFor) -> list[ast.AST]:
    return [node for node, _ in walk_own(loop) if is_assertion(node)]


def _is_filled(test: Test, iterated: ast.expr, hops: int = 5) -> bool:
    """Whether something is known to be there: a literal, a constant of the module, something checked or counted before.

    Possibly empty is what a function gives here that by its name looks for something or yields it, what a condition
    filters, and a ``zip`` with such. What is not known is not accused.
    """
    match iterated:
        case ast.Await(value=value):
            return _is_filled(test, value, hops)
        case ast.Name(id=name) if hops:
            assigned = _assigned(test, name)
            return assigned is None or _is_filled(test, assigned, hops - 1)
        case ast.Call():
            return _call_fills(test, iterated, hops)
        case ast.ListComp(generators=parts) | ast.GeneratorExp(generators=parts) | ast.SetComp(generators=parts):
            return not any(one.ifs for one in parts)
        case _:
            return True


def _assigned(test: Test, name: str) -> ast.expr | None:
    """Return what a name stands for, if it is assigned once; None otherwise."""
    values = [
        node.value
        for node in own_nodes(test.node)
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == name for one in node.targets)
    ]
    return values[0] if len(values) == 1 else None


def _call_fills(test: Test, call: ast.Call, hops: int) -> bool:
    name = last(call.func)
    if name == "zip":
        strict = any(one.arg == "strict" and getattr(one.value, "value", None) is True for one in call.keywords)
        return strict or not any(_is_made_here(test, one) for one in call.args)
    if name in _WRAPPERS and hops:
        return not call.args or all(_is_filled(test, one, hops - 1) for one in call.args)
    if name in {"items", "keys", "values"} and isinstance(call.func, ast.Attribute):
        return _is_filled(test, call.func.value, hops - 1)
    return not _MAY_BE_EMPTY.match(name)


def _is_made_here(test: Test, argument: ast.expr) -> bool:
    """Whether an argument of ``zip`` is what some function gives, and so perhaps shorter than what is expected."""
    value = _assigned(test, argument.id) if isinstance(argument, ast.Name) else argument
    value = value.value if isinstance(value, ast.Await) else value
    return isinstance(value, ast.Call) and last(value.func) not in {*_WRAPPERS, "range"}
