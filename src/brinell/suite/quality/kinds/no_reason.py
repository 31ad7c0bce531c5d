"""Tests that are skipped, or expected to fail, and nobody says why. A comment beside or above is taken for a reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.names import last
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan, found

KIND = "no-reason"
_MARKS = {"skip": 0, "skipif": None, "xfail": None}  # which positional argument is the reason
_CALLS = {
    "pytest.skip": 0, "pytest.xfail": 0, "unittest.skip": 0, "unittest.skipIf": 1, "unittest.skipUnless": 1,
    "unittest.SkipTest": 0,
}  # fmt: skip
_SKIPS = {"unittest.SkipTest", "unittest.case.SkipTest", "pytest.skip.Exception", "_pytest.outcomes.Skipped"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_WRONG = re.compile(r"\bcurrently\b|\bnot yet\b|https?://|#\d+", re.IGNORECASE)
_NO_WORDS = ("noqa", "type:", "pragma", "pylint", "todo", "fixme", "xxx", "brinell")


def no_reason(scan: Scan) -> Iterator[Weakness]:
    """Yield marks and calls without a reason."""
    for module in scan.project.tests.values():
        decorated = _of_functions(module)
        for node in walk(module.source.tree):
            what = _bare(module, node) or _called(module, node) or _raised(module, node)
            if what and not (_is_commented(module, node) or _is_described(module, node)):
                yield found(
                    KIND, module, node, variant=what, test=decorated.get(node, ""), name=_owner_name(module, node)
                )


def _bare(module: Module, node: ast.AST) -> str:
    """Return ``skip`` or ``xfail`` for a mark without a call, where it is applied: decorator, ``marks=`` and so on."""
    if not isinstance(node, (ast.Attribute, ast.Name)):
        return ""
    name = "skip" if module.full(node) == "unittest.skip" else _mark(module, node)
    if name not in {"skip", "xfail"}:
        return ""
    above = module.source.parents.get(node)
    if isinstance(above, _DEFINITIONS):
        return name if node in above.decorator_list else ""
    if isinstance(above, ast.Call):
        return name if node in above.args and last(above.func) in {"add_marker", "applymarker"} else ""
    if isinstance(above, (ast.List, ast.Tuple)):
        above = module.source.parents.get(above)
    is_marks = isinstance(above, ast.keyword) and above.arg == "marks"
    is_own = isinstance(above, ast.Assign) and any(getattr(one, "id", "") == "pytestmark" for one in above.targets)
    return name if is_marks or is_own else ""


def _raised(module: Module, node: ast.AST) -> str:
    """``raise unittest.SkipTest``: the exception's class, and so without a word."""
    raised = node.exc if isinstance(node, ast.Raise) else None
    if isinstance(raised, ast.Call) and not raised.args and not raised.keywords:
        raised = raised.func if module.full(raised.func) in _SKIPS - set(_CALLS) else None
    return "skip" if raised is not None and module.full(raised) in _SKIPS else ""


def _called(module: Module, node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    mark = _mark(module, node.func)
    full = module.full(node.func)
    if mark in _MARKS:
        place = _MARKS[mark]
        name = mark
    elif full in _CALLS or (last(node.func) == "skipTest" and isinstance(node.func, ast.Attribute)):
        place = _CALLS.get(full, 0)
        name = {"SkipTest": "skip", "skipTest": "skip", "skipIf": "skipif", "skipUnless": "skipif"}.get(
            last(node.func), last(node.func)
        )
    else:
        return ""
    if any(isinstance(one, ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords):
        return ""
    given = [one.value for one in node.keywords if one.arg in {"reason", "msg"}]
    if place is not None and len(node.args) > place:
        given.append(node.args[place])
    return name if not any(_says(one) for one in given) else ""


def _mark(module: Module, node: ast.expr) -> str:
    full = module.full(node)
    head, _, name = full.rpartition(".")
    return name if head in {"pytest.mark", "_pytest.mark"} else ""


def _says(node: ast.expr) -> bool:
    return not (isinstance(node, ast.Constant) and not str(node.value or "").strip())


def _is_commented(module: Module, node: ast.AST) -> bool:
    line = getattr(node, "lineno", 0)
    last_line = getattr(node, "end_lineno", line) or line
    comments = module.source.comments
    branch = next((one.lineno for one in module.source.enclosing(node) if isinstance(one, ast.If)), line)
    near = [comments.get(one, "") for one in (branch - 1, branch, line - 1, *range(line, last_line + 1))]
    return any(len(text.split()) > 2 and not text.lower().startswith(_NO_WORDS) for text in near)


def _is_described(module: Module, node: ast.AST) -> bool:
    """Whether the docstring of what it decorates says what is wrong."""
    above = module.source.parents.get(node)
    if isinstance(above, _DEFINITIONS) and node in above.decorator_list:
        return bool(_WRONG.search(ast.get_docstring(above) or ""))
    return False


def _of_functions(module: Module) -> dict[ast.AST, str]:
    """Return the test that a decorator belongs to, by the decorator's nodes."""
    found_: dict[ast.AST, str] = {}
    for node in walk(module.source.tree):
        if isinstance(node, _DEFINITIONS):
            owners = [one.name for one in module.source.enclosing(node) if isinstance(one, ast.ClassDef)]
            identity = "::".join([module.path, *reversed(owners), node.name])
            for decorator in node.decorator_list:
                found_.update(dict.fromkeys(walk(decorator), identity))
            if not isinstance(node, ast.ClassDef):
                for inner in walk(node):
                    found_.setdefault(inner, identity)
    return found_


def _owner_name(module: Module, node: ast.AST) -> str:
    for above in module.source.enclosing(node):
        if isinstance(above, _DEFINITIONS):
            return above.name
    return ""
