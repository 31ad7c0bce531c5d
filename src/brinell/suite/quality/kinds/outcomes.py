"""Whether what a broad ``except`` remembers can tell one error from another, or any error at all is what is expected.

``refused = True`` in the handler and ``assert refused`` behind it pass for a ``NameError`` just as well; so do a list
that has to hold every item of the loop, and a count of all of them. And where a helper answers ``False`` for whatever
was raised, and somebody throws the answer away, nobody hears of it.
"""

from __future__ import annotations

import ast

from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.names import last
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.scan import Scan

_NOT_KNOWN = object()
_HOLDING = {"assertTrue": True, "assertFalse": False, "assertIsNotNone": True}


def any_error_does(test: Test, handler: ast.ExceptHandler, name: str, uses: list[ast.Name]) -> bool:
    """Whether all that is asked of a variable is what the handler puts there, whatever was caught.

    ``uses`` are the places where it is read. All have to be assertions that hold with the handler's value.
    """
    value = _given(test, handler, name)
    if value is _NOT_KNOWN or not uses:
        return False
    return all(_holds(test, use, value) for use in uses)


def _given(test: Test, handler: ast.ExceptHandler, name: str) -> object:
    """Return what a handler makes of a variable: a constant, or all that its loop goes through."""
    items = _gone_through(test, handler)
    for statement in handler.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Constant(value=value)) if target == name:
                return value
            case ast.AugAssign(target=ast.Name(id=target), op=ast.Add(), value=ast.Constant(value=1)) if (
                target == name and items is not None
            ):
                return len(items[1])
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=target), attr="append"), args=[given])):
                if target == name and items is not None and getattr(given, "id", "") == items[0]:
                    return items[1]
            case _:
                pass
    return _NOT_KNOWN


def _gone_through(test: Test, handler: ast.ExceptHandler) -> tuple[str, list[object]] | None:
    """Return the variable and the constants of the loop around a handler, where it is written out."""
    for above in test.module.source.enclosing(handler):
        if isinstance(above, Function):
            return None
        if isinstance(above, ast.For) and isinstance(above.target, ast.Name):
            try:
                return above.target.id, list(ast.literal_eval(above.iter))
            except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                return None
    return None


def _holds(test: Test, use: ast.Name, value: object) -> bool:
    """Whether a place where a variable is read is an assertion that holds for a value."""
    above = test.module.source.parents.get(use)
    match above:
        case ast.Assert(test=condition) if condition is use:
            return bool(value)
        case ast.UnaryOp(op=ast.Not()) if isinstance(test.module.source.parents.get(above), ast.Assert):
            return not value
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            other = right if left is use else left
            return isinstance(test.module.source.parents.get(above), ast.Assert) and _is_value(other, value)
        case ast.Call(func=ast.Attribute(attr=called), args=[asked, *_]) if called in _HOLDING and asked is use:
            return bool(value) is _HOLDING[called]
        case ast.Call(func=ast.Attribute(attr="assertEqual" | "assertIs"), args=[one, other, *_]):
            return _is_value(other if one is use else one, value)
        case _:
            return False


def _is_value(node: ast.expr, value: object) -> bool:
    try:
        return bool(ast.literal_eval(node) == value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False


def is_thrown_away(scan: Scan, test: Test, handler: ast.ExceptHandler) -> bool:
    """Whether a helper answers with a constant for whatever was raised, and every call of it ignores the answer."""
    function = next(iter(test.module.functions_around(handler)), None)
    if function is None or function.name.startswith("__") or len(scan.project.named(function.name)) != 1:
        return False
    final = handler.body[-1]
    if not (isinstance(final, ast.Return) and isinstance(final.value, ast.Constant)):
        return False
    ignored = [
        isinstance(module.source.parents.get(node), ast.Expr)
        for module in scan.project.with_helpers()
        for node in walk(module.source.tree)
        if isinstance(node, ast.Call) and last(node.func) == function.name
    ]
    return bool(ignored) and all(ignored)
