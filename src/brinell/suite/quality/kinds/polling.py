"""Polling without an end: a loop that sleeps until a condition holds, and hangs the suite where it never does."""

from __future__ import annotations

import ast
import re

from brinell.suite.quality.found_tests import Test, marks
from brinell.suite.quality.names import arguments, last
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan

_BLOCKS = {
    "raises", "fail_after", "fail_at", "move_on_after", "move_on_at", "timeout", "timeout_at", "assertRaises", "warns",
    "CancelScope", "assert_checkpoints", "suppress", "patch", "freeze_time", "travel", "open_cancel_scope",
}  # fmt: skip
_BOUND = re.compile(
    r"deadline|time_?(?:out|limit)|expir|elapsed|attempt|tries|retr(?:y|ies)|remain|budget|patience", re.IGNORECASE
)
_CLOCKS = {"time", "monotonic", "perf_counter", "current_time", "now", "utcnow", "time_ns", "monotonic_ns"}
_LEAVING = (ast.Break, ast.Return)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_ENDING = (ast.Break, ast.Return, ast.Raise, ast.Assert, ast.AugAssign)


def ends_a_sleep(block: ast.AST) -> bool:
    """Whether a block ends what waits in it, expects it not to end, or gives it another clock."""
    if not isinstance(block, (ast.With, ast.AsyncWith)):
        return False
    names = {last(part) for item in block.items for part in walk(item.context_expr)}
    return bool(names & _BLOCKS) or any("timeout" in name.lower() or "timer" in name.lower() for name in names)


def endless_poll(scan: Scan, test: Test, sleep: ast.Call) -> ast.While | None:
    """Return the loop around a sleep if nothing but its condition ends it, here or around the test."""
    function = next(iter(test.module.functions_around(sleep)), None)
    loop: ast.While | None = None
    for above in test.module.source.enclosing(sleep):
        if above is function:
            break
        if ends_a_sleep(above) or (loop is None and isinstance(above, (ast.For, ast.AsyncFor))):
            return None
        if loop is None and isinstance(above, ast.While):
            loop = above
    if loop is None or isinstance(loop.test, ast.Constant) or _ends(loop) or _is_limited(test):
        return None
    return None if scan.limits_time else loop


def sleeps_first(module: Module, sleep: ast.Call) -> bool:
    """Whether a loop sleeps before it looks the first time: once too often, every time."""
    statement: ast.AST = sleep
    for above in module.source.enclosing(sleep):
        if isinstance(above, (ast.For, ast.While)):
            break
        if isinstance(above, (ast.With, ast.AsyncWith, ast.Try, ast.If, ast.AsyncFor, *_SCOPES)):
            return False
        statement = above
    else:
        return False
    if above.body[0] is not statement or (isinstance(above, ast.While) and not isinstance(above.test, ast.Constant)):
        return False
    if isinstance(above, ast.For) and not (isinstance(above.iter, ast.Call) and last(above.iter.func) == "range"):
        return False
    looks = [one for one in above.body[1:] if isinstance(one, ast.If) and isinstance(one.body[-1], _LEAVING)]
    before = _before(module, above)
    return len(looks) == len(above.body) - 1 == 1 and not (
        looks and before and ast.dump(before) == ast.dump(looks[0].test)
    )


def _before(module: Module, loop: ast.For | ast.While) -> ast.expr | None:
    """Return the condition that is looked at right before a loop."""
    for field in ("body", "orelse", "finalbody"):
        siblings = getattr(module.source.parents.get(loop), field, None)
        if isinstance(siblings, list) and loop in siblings[1:]:
            one = siblings[siblings.index(loop) - 1]
            return one.test if isinstance(one, ast.If) else None
    return None


def _ends(loop: ast.While) -> bool:
    """Whether the loop itself counts, looks at a clock, asserts, or leaves."""
    for node in walk(loop):
        if isinstance(node, _ENDING) or (isinstance(node, ast.Call) and last(node.func) in _CLOCKS):
            return True
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            return True
        if isinstance(node, (ast.Name, ast.Attribute)) and _BOUND.search(last(node)):
            return True
    return False


def _is_limited(test: Test) -> bool:
    """Whether a mark, a decorator or a fixture limits the test's time."""
    said = [name for name, _ in marks(test)] + arguments(test.node)
    said += [last(one.func if isinstance(one, ast.Call) else one) for one in test.decorators]
    return any("timeout" in name.lower() or "time_limit" in name.lower() for name in said)
