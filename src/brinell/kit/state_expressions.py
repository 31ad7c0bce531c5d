"""Names of leaked state that can be read by an expression: checked, and written so that nothing is imported."""

from __future__ import annotations

import ast

from brinell.kit.source_text import literal

STANDARD = frozenset(
    ("decimal", "gc", "locale", "logging", "os", "random", "signal", "socket", "sys", "time", "warnings")
)
"""Modules of the standard library that a guard may import: importing them changes nothing that tests share."""
_UNREAD = frozenset({"rng"})  # changes with every test that uses it


def expression(name: str, kind: str) -> tuple[str, str | None] | None:
    """Return source that reads the state, and the standard module it needs; None where no expression does.

    ``name`` comes from the subject: only names, attributes, literal subscripts and ``get…()`` calls of the standard
    library are let through.
    """
    if kind in _UNREAD:
        return None
    try:
        tree = ast.parse(name, mode="eval").body
        source, root = _written(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(tree, ast.Attribute | ast.Subscript | ast.Call):
        return None
    if kind == "signal":
        source = f"signal.getsignal({source})"
    elif kind == "cache":
        source += ".cache_info().currsize"
    return source, root if root in STANDARD else None


def _written(node: ast.expr) -> tuple[str, str]:
    """Return source and the first name. ValueError for anything that might do more than read."""
    match node:
        case ast.Name(id=name):
            return (name if name in STANDARD else f'loaded("{name}")'), name
        case ast.Attribute(value=value, attr=attribute):
            source, root = _written(value)
            return f"{source}.{attribute}", root
        case ast.Subscript(value=value, slice=where):
            source, root = _written(value)
            return f"{source}[{_key(where)}]", root
        case ast.Call(func=ast.Attribute(attr=called) as function, args=arguments, keywords=[]):
            source, root = _written(function)
            if root not in STANDARD or not called.startswith("get"):
                raise ValueError(called)
            return f"{source}({', '.join(map(_key, arguments))})", root
        case _:
            raise ValueError(ast.dump(node)[:80])


def _key(node: ast.expr) -> str:
    value = ast.literal_eval(node)
    if not isinstance(value, str | int | bool | tuple) or literal(value) != literal(ast.literal_eval(literal(value))):
        raise ValueError(value)
    return literal(value)
