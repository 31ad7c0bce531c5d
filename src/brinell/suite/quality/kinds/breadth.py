"""Which exceptions a handler or a ``suppress`` takes: through tuples, variables, class attributes, imports and names
of its own (``from contextlib import suppress as ignoring``, ``ERRORS = (KeyError, Exception)``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from brinell.suite.quality.names import dotted, last
from brinell.suite.quality.nodes import own_nodes
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan

BROAD = {"Exception", "BaseException"}
_MOST_HOPS = 4
_ENTERING = {"enter_context", "enter_async_context"}


def caught(scan: Scan, module: Module, handler: ast.ExceptHandler) -> set[str]:
    """Return the names of the exceptions a handler catches; an empty name for a bare ``except``."""
    return {""} if handler.type is None else exceptions(scan, module, handler.type)


def exceptions(scan: Scan, module: Module, node: ast.expr, hops: int = _MOST_HOPS) -> set[str]:
    """Return the last names of the exceptions that an expression stands for."""
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return {name for one in parts for name in exceptions(scan, module, one, hops)}
        case ast.Starred(value=value) | ast.Call(func=ast.Name(id="tuple"), args=[value]):
            return exceptions(scan, module, value, hops)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return exceptions(scan, module, left, hops) | exceptions(scan, module, right, hops)
        case ast.Name() | ast.Attribute():
            held = value_of(scan, module, node) if hops else None
            if held is not None and not isinstance(held[1], ast.Constant):
                return exceptions(scan, *held, hops - 1)
            return {module.full(node).rpartition(".")[2] or last(node)}
        case _:
            return set()


def suppressed(scan: Scan, module: Module, block: ast.With | ast.AsyncWith) -> set[str]:
    """Return the names of the exceptions that ``contextlib.suppress`` around a block takes."""
    return {name for item in block.items for name in suppressed_by(scan, module, item.context_expr)}


def suppressed_by(scan: Scan, module: Module, entered: ast.expr) -> set[str]:
    """The same of one context manager: a call of ``suppress``, or a variable that holds one."""
    if isinstance(entered, ast.Name):
        held = value_of(scan, module, entered)
        module, entered = held if held is not None else (module, entered)
    if not isinstance(entered, ast.Call) or not _is_suppress(module, entered.func):
        return set()
    return {name for one in entered.args for name in exceptions(scan, module, one)}


def entered_later(node: ast.AST) -> ast.expr | None:
    """Return the context manager that a statement enters through a stack: ``stack.enter_context(…)``."""
    value = node.value if isinstance(node, (ast.Expr, ast.Assign)) else None
    value = value.value if isinstance(value, ast.Await) else value
    is_entering = isinstance(value, ast.Call) and last(value.func) in _ENTERING and len(value.args) == 1
    return value.args[0] if is_entering and isinstance(value, ast.Call) else None


def _is_suppress(module: Module, node: ast.expr) -> bool:
    return module.full(node) == "contextlib.suppress" or last(node) == "suppress"


def value_of(scan: Scan, module: Module, node: ast.expr) -> tuple[Module, ast.expr] | None:
    """Return what a name was given, and the module that says so, where it is given one thing only."""
    name, dot, rest = dotted(node).partition(".")
    if not dot:
        for function in module.functions_around(node):
            values = list(assigned(function, name))
            if values:
                return (module, values[0]) if len(values) == 1 and values[0] is not None else None
            if module.full(node).startswith("?"):
                return None
    elif name in {"self", "cls"} or name in module.defined:
        owner = module.defined.get(name) or next(
            (one for one in module.source.enclosing(node) if isinstance(one, ast.ClassDef)), None
        )
        given = [value for value in assigned(owner, rest) if value is not None] if owner is not None else []
        return (module, given[0]) if len(given) == 1 else None
    return scan.project.value(module.full(node), module)


def assigned(scope: ast.AST, name: str) -> Iterator[ast.expr | None]:
    """Yield what a name is given in a function or class; None for what is not a plain assignment."""
    for node in own_nodes(scope):
        match node:
            case ast.Assign(targets=targets, value=value) if any(getattr(one, "id", "") == name for one in targets):
                yield value
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                yield value
            case ast.AugAssign(target=ast.Name(id=target)) | ast.For(target=ast.Name(id=target)) if target == name:
                yield None
            case ast.Tuple(ctx=ast.Store(), elts=parts) if any(getattr(one, "id", "") == name for one in parts):
                yield None
            case ast.withitem(optional_vars=ast.Name(id=target)) | ast.NamedExpr(target=ast.Name(id=target)) if (
                target == name
            ):
                yield None
            case _:
                pass
