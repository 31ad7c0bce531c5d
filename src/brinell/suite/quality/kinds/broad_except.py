"""Tests that catch everything and say nothing: what goes wrong there, goes wrong unseen."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import Test, is_fixture
from brinell.suite.quality.kinds.swallowing import BROAD, caught, in_loop, is_cleaning_up, suppressed, swallows
from brinell.suite.quality.nodes import own_nodes, walk, walk_own
from brinell.suite.quality.scan import Scan, found

KIND = "broad-except"
_TEARDOWN = ("teardown", "tear_down", "cleanup", "clean_up", "close", "stop", "shutdown", "__exit__", "__del__")


def broad_except(scan: Scan) -> Iterator[Weakness]:
    """Yield handlers of tests, and of fixtures' set-up, that catch everything and keep it to themselves."""
    done: set[ast.AST] = set()
    for test in scan.tests:
        yield from _in_function(test, test.id, done)
    for module in scan.project.tests.values():
        for node in walk(module.source.tree):
            if isinstance(node, Function) and not any(word in node.name.lower() for word in _TEARDOWN):
                yield from _in_function(Test(module, node), "", done)


def _in_function(test: Test, identity: str, done: set[ast.AST]) -> Iterator[Weakness]:
    yielded = _yield_line(test.node) if is_fixture(test.node) else None
    for node, _ in walk_own(test.node):
        if node in done:
            continue
        line = getattr(node, "lineno", 0)
        if yielded is not None and line > yielded:
            continue
        if isinstance(node, ast.Try):
            done.add(node)
            handler = next((one for one in node.handlers if caught(one) & {*BROAD, ""}), None)
            if handler is None or not swallows(handler, node) or _is_harmless(node, handler):
                continue
            if not in_loop(test, node):
                name = "" if handler.type is None else min(caught(handler) & BROAD, default="")
                yield found(KIND, test.module, handler, test=identity, name=name)
        elif isinstance(node, (ast.With, ast.AsyncWith)) and suppressed(node) & BROAD:
            done.add(node)
            raised = any(isinstance(inner, ast.Raise) for inner in own_nodes(node))
            if not raised and not is_cleaning_up(node.body) and not in_loop(test, node):
                name = min(suppressed(node) & BROAD)
                yield found(KIND, test.module, node, test=identity, variant="suppress", name=name)


def _is_harmless(node: ast.Try, handler: ast.ExceptHandler) -> bool:
    """Whether nothing can go wrong unseen: the test only cleans up, raises it itself, or gives an answer either way."""
    raised = any(isinstance(inner, ast.Raise) for one in node.body for inner in (one, *own_nodes(one)))
    return raised or is_cleaning_up(node.body) or _is_answer(node, handler)


def _is_answer(node: ast.Try, handler: ast.ExceptHandler) -> bool:
    """Whether raising is one of two answers: a value returned either way, or an ``else`` that fails."""
    returns = any(isinstance(inner, ast.Return) and inner.value is not None for inner in handler.body)
    fails = any(isinstance(inner, (ast.Raise, ast.Assert, ast.Call)) for one in node.orelse for inner in walk(one))
    return returns or fails


def _yield_line(function: Function) -> int | None:
    return next((node.lineno for node in own_nodes(function) if isinstance(node, (ast.Yield, ast.YieldFrom))), None)
