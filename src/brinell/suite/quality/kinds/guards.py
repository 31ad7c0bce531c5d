"""Whether an import may fail and is meant to: ``try``, ``suppress``, a mark or a condition that asks for it.

A condition about something else (a variable of the environment, say) guards nothing: where it holds, the import has to
work. Platforms and versions guard what stands in their own branch (``if sys.platform == "win32": import …``); a mark by
which a test is skipped there says where it runs, and not that a module may be missing where it does.
"""

from __future__ import annotations

import ast
import builtins
import enum
import re

from brinell.suite.quality.names import dotted, imported_names, last
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.project import Module

_CAUGHT = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException", "")
_AVAILABLE = re.compile(
    r"TYPE_CHECKING|find_spec|import|avail|install|missing|compat|"
    r"(?:\b|_)(?:has|have|with|without|support\w*)(?:\b|_)",
    re.IGNORECASE,
)
_PLATFORM = re.compile(
    r"version|platform|\bos\.name\b|implementation|"
    r"(?:\b|_)is_?(?:win\w*|linux|mac\w*|darwin|posix|android|pypy|cpython)(?:\b|_)|"
    r"py(?:py|thon)?_?\d|pypy|cpython|windows|linux|macos|darwin",
    re.IGNORECASE,
)


class Guard(enum.Enum):
    """What an import depends on: nothing, a condition about something else, or whether it can be imported."""

    NONE = enum.auto()
    CONDITION = enum.auto()
    IMPORT = enum.auto()


def guard_of(module: Module, node: ast.AST, name: str) -> Guard:
    """Return what the import ``node`` of a top-level ``name`` depends on."""
    conditional, inner = False, node
    for above in module.source.enclosing(node):
        guard = Guard.NONE
        match above:
            case ast.Try(body=body, handlers=handlers) if inner in body and any(map(catches_import, handlers)):
                return Guard.IMPORT
            case ast.With(items=items) | ast.AsyncWith(items=items) if any(_lets_fail(item) for item in items):
                return Guard.IMPORT
            case ast.ExceptHandler():
                return Guard.IMPORT
            case ast.If(test=test) if inner is not test:
                guard = _of_condition(module, test, name, branch=True)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                guard = _of_marks(module, above, name)
                if guard is Guard.NONE and not isinstance(above, ast.ClassDef):
                    guard = _of_calls(module, above, node, name)
            case _:
                pass
        if guard is Guard.IMPORT:
            return guard
        conditional, inner = conditional or guard is Guard.CONDITION, above
    return Guard.CONDITION if conditional else Guard.NONE


def catches_import(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches a failed import."""
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any((last(one) if one is not None else "") in _CAUGHT for one in types)


def _lets_fail(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and last(call.func) in {"suppress", "raises", "patch"}


def _of_condition(module: Module, condition: ast.AST, name: str, *, branch: bool = False) -> Guard:
    """A condition is about the import where it speaks of it or of what is not known here, a branch also by platform."""
    said: list[str] = []
    for node in walk(condition):
        if isinstance(node, ast.Name):
            if _is_elsewhere(module, node):
                return Guard.IMPORT
            value = module.values.get(node.id)
            said += _words(value) if value is not None else []
        said += _words(node)
    text = " ".join(said)
    about = _AVAILABLE.search(text) or re.search(rf"(?:\b|_){re.escape(name)}(?:\b|_)", text, re.IGNORECASE)
    return Guard.IMPORT if about or (branch and _PLATFORM.search(text)) else Guard.CONDITION


def _words(node: ast.AST) -> list[str]:
    found = []
    for inner in walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            found.append(inner.value)
        elif isinstance(inner, (ast.Name, ast.Attribute)):
            found.append(dotted(inner) or last(inner))
    return found


def _is_elsewhere(module: Module, node: ast.Name) -> bool:
    """Whether a name was decided by an import: one that is guarded, or in a module of somebody else's."""
    if module.full(node) != node.id or node.id in module.imports.names:
        return module.full(node).partition(".")[0] not in {"os", "sys", "pathlib", "typing", "time", "datetime", "?"}
    if module.optional is None:
        module.optional = optional_names(module.source.tree)
    known = node.id in module.values or node.id in module.defined or hasattr(builtins, node.id)
    return node.id in module.optional or not known


def _of_marks(module: Module, owner: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str) -> Guard:
    """A mark may keep a test, or a class of tests, from running."""
    conditional = False
    for decorator in owner.decorator_list:
        value = module.values.get(decorator.id) if isinstance(decorator, ast.Name) else None
        mark = value if value is not None else decorator
        called = dotted(mark.func if isinstance(mark, ast.Call) else mark)
        if called.rpartition(".")[2] in {"skipif", "skipIf", "skipUnless"} and isinstance(mark, ast.Call) and mark.args:
            if _of_condition(module, mark.args[0], name) is Guard.IMPORT:
                return Guard.IMPORT
            conditional = True
        elif any(word in f"{called} {dotted(decorator)}" for word in ("skip", "require", "needs")):
            return Guard.IMPORT
    return Guard.CONDITION if conditional else Guard.NONE


def _of_calls(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, node: ast.AST, name: str) -> Guard:
    """``pytest.importorskip(…)`` before the import, or ``pytest.skip(…)``, where a condition about it holds."""
    line = getattr(node, "lineno", 0)
    guard = Guard.NONE
    for inner in walk(function):
        if not isinstance(inner, ast.Call) or inner.lineno > line or last(inner.func) not in {"importorskip", "skip"}:
            continue
        above = next((one for one in module.source.enclosing(inner) if isinstance(one, (ast.If, ast.Try))), None)
        is_about = not isinstance(above, ast.If) or _of_condition(module, above.test, name) is Guard.IMPORT
        if last(inner.func) == "importorskip" or is_about:
            return Guard.IMPORT
        guard = Guard.CONDITION
    return guard


def optional_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that a module binds where an import may fail (``try: import x; HAS_X = True``)."""
    found: set[str] = set()
    for node in walk(tree):
        if isinstance(node, ast.Try) and any(map(catches_import, node.handlers)):
            for inner in walk(node):
                found.update(imported_names(inner))
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    found.add(inner.id)
    return frozenset(found)
