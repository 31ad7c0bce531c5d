"""Walking syntax trees fast: every finder walks them all, so each node's children are looked up once and kept on it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LEAVES = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
_KEPT, _ALL, _OWN = "_brinell_children", "_brinell_all", "_brinell_own"


def children(node: ast.AST) -> list[ast.AST]:
    """Return a node's children in source order, without contexts (``Load``) and operators."""
    known = vars(node).get(_KEPT)
    if known is None:
        known = []
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                known += [one for one in value if isinstance(one, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, _LEAVES):
                known.append(value)
        vars(node)[_KEPT] = known
    return known


def walk(node: ast.AST) -> Iterable[ast.AST]:
    """Return a node and all below it, parents before children."""
    if not isinstance(node, ast.Module):
        return _walk(node)
    known: list[ast.AST] | None = vars(node).get(_ALL)
    if known is None:
        known = vars(node)[_ALL] = list(_walk(node))
    return known


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack += reversed(children(one))


def walk_own(node: ast.AST) -> Iterable[tuple[ast.AST, bool]]:
    """Return all nodes below ``node`` in source order, each with whether it stands in a function or class within."""
    known: list[tuple[ast.AST, bool]] | None = vars(node).get(_OWN)
    if known is None:
        known = list(_walk_own(node))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            vars(node)[_OWN] = known
    return known


def _walk_own(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    stack = [(child, False) for child in reversed(children(node))]
    while stack:
        child, nested = stack.pop()
        yield child, nested
        inner = nested or isinstance(child, SCOPES)
        stack += [(one, inner) for one in reversed(children(child))]


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below ``node`` that run when it runs: nothing of functions and classes within, nor decorators."""
    body = getattr(node, "body", None)
    stack: list[ast.AST] = list(reversed(body if isinstance(body, list) else children(node)))
    while stack:
        child = stack.pop()
        yield child
        if not isinstance(child, SCOPES):
            stack += reversed(children(child))
