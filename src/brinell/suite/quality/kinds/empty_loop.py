"""Tests that assert only inside a loop over what the code gives: if it gives nothing, nothing is checked."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.asserting import is_assertion
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.names import last
from brinell.suite.quality.nodes import own_nodes, walk, walk_own
from brinell.suite.quality.scan import Scan, code, found

KIND = "empty-loop"
_WRAPPERS = {"enumerate", "reversed", "sorted", "list", "tuple", "set", "iter", "zip"}
_NEVER_EMPTY = {"range", "product", "permutations", "combinations", "count", "repeat", "cycle", "chain", "dir", "vars"}


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

    Only the result of a call, made here, counts as possibly empty; what is not known is not accused.
    """
    if isinstance(iterated, ast.Await):
        return _is_filled(test, iterated.value, hops)
    if isinstance(iterated, ast.Name) and hops:
        values = [
            node.value
            for node in own_nodes(test.node)
            if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == iterated.id for one in node.targets)
        ]
        return len(values) != 1 or _is_filled(test, values[0], hops - 1)
    if isinstance(iterated, ast.Call):
        name = last(iterated.func)
        if name in _WRAPPERS and hops:
            return not iterated.args or all(_is_filled(test, one, hops - 1) for one in iterated.args)
        if name in {"items", "keys", "values"} and isinstance(iterated.func, ast.Attribute):
            return _is_filled(test, iterated.func.value, hops - 1)
        return name in _NEVER_EMPTY or name in {"split", "splitlines"}
    return True
