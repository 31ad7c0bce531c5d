"""Mock assertions that are none: ``m.called_once_with(…)`` is one more attribute of a mock, true and harmless.

Names that every mock takes for its own child are found wherever they are checked or stated; a misspelt ``assert_…``
only on what is a mock for certain, for it may be anybody's method.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import get_close_matches

from brinell.core.quality_records import Weakness
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.names import arguments, dotted, last
from brinell.suite.quality.nodes import walk_own
from brinell.suite.quality.scan import code, found

_REAL = (
    "assert_called", "assert_called_once", "assert_called_with", "assert_called_once_with", "assert_any_call",
    "assert_has_calls", "assert_not_called", "assert_awaited", "assert_awaited_once", "assert_awaited_with",
    "assert_awaited_once_with", "assert_any_await", "assert_has_awaits", "assert_not_awaited",
)  # fmt: skip
_CHILDREN = {name.removeprefix("assert_") for name in _REAL} - {"called", "awaited"} | {
    "called_onced",
    "called_once_wth",
}
_NEAR = ("asser", "asert", "assret", "aseert", "called_", "has_call", "not_called", "any_call")
_MAKERS = {
    "Mock",
    "MagicMock",
    "AsyncMock",
    "NonCallableMock",
    "PropertyMock",
    "patch",
    "object",
    "stub",
    "spy",
    "multiple",
}


def mock_typos(test: Test) -> Iterator[Weakness]:
    """Yield what was meant for a mock's assertion and is none."""
    mocks = _mocks(test)
    for node, _ in walk_own(test.node):
        checked = node.test if isinstance(node, ast.Assert) else node.value if isinstance(node, ast.Expr) else None
        called = isinstance(checked, ast.Call)
        attribute = checked.func if isinstance(checked, ast.Call) else checked
        if isinstance(attribute, ast.Await):
            continue
        if not isinstance(attribute, ast.Attribute):
            continue
        name, is_mock = attribute.attr, dotted(attribute.value).partition(".")[0] in mocks
        meant = _meant(name, is_mock=is_mock, stated=isinstance(node, ast.Expr), called=called)
        if meant:
            yield found(
                "cannot-fail", test.module, node, test=test.id, variant="mock", name=code(attribute), detail=meant
            )  # fmt: skip


def _meant(name: str, *, is_mock: bool, stated: bool, called: bool) -> str:
    """Return the assertion that was meant, or nothing."""
    if name in _REAL:
        return ""
    if name in _CHILDREN and (called or not stated or is_mock):
        near = get_close_matches(f"assert_{name}", _REAL, n=1)
        return near[0] if near else "assert_called_once"
    if is_mock and called and stated and name.startswith(_NEAR):
        near = get_close_matches(name, _REAL, n=1, cutoff=0.75)
        return near[0] if near else ""
    return ""


def _mocks(test: Test) -> set[str]:
    """Return the names that stand for mocks made without a specification."""
    found_: set[str] = set()
    for node, _ in walk_own(test.node):
        value, target = None, None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            value, target = node.value, node.targets[0]
        elif isinstance(node, ast.withitem):
            value, target = node.context_expr, node.optional_vars
        if (
            isinstance(target, ast.Name)
            and isinstance(value, ast.Call)
            and last(value.func) in _MAKERS
            and not _has_spec(value)
        ):
            found_.add(target.id)
    patches = [one for one in test.decorators if isinstance(one, ast.Call) and "patch" in dotted(one.func).split(".")]
    injected = [one for one in patches if not _has_spec(one) and len(one.args) < 3]
    names = [name for name in arguments(test.node) if name not in {"self", "cls"}]
    found_.update(names[: len(injected)])
    return found_ | {name for name in names if name.startswith("mock_") or name.endswith("_mock")}


def _has_spec(call: ast.Call) -> bool:
    return any(one.arg in {"spec", "autospec", "spec_set", "new"} for one in call.keywords)
