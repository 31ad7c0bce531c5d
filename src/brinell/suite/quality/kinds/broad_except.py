"""Tests, helpers and fixtures that catch everything and tell nobody: what goes wrong there, goes wrong unseen.

Not meant: what the test itself raises there, tries in a loop, optional imports, and cleaning up where an error would
take the place of another, or keep something else from being put away: in ``finally`` or ``except``, in ``__exit__`` and
``__del__``, in a loop over what is to go, in a function within that somebody else calls. A bare ``except:`` also takes
the interrupt and the exit: it has to tell in any place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.kinds.breadth import BROAD, caught, entered_later, suppressed, suppressed_by
from brinell.suite.quality.kinds.outcomes import any_error_does, is_thrown_away
from brinell.suite.quality.kinds.swallowing import in_loop, is_cleaning_up
from brinell.suite.quality.kinds.telling import read_of, tells
from brinell.suite.quality.names import last
from brinell.suite.quality.nodes import own_nodes, walk, walk_own
from brinell.suite.quality.scan import Scan, found

KIND = "broad-except"
_LEAVING = {"__exit__", "__aexit__", "__del__"}
_LATER = {
    "addfinalizer",
    "addCleanup",
    "addAsyncCleanup",
    "addClassCleanup",
    "register",
    "callback",
    "push_async_callback",
}

Block = ast.Try | ast.TryStar | ast.With | ast.AsyncWith


def broad_except(scan: Scan) -> Iterator[Weakness]:
    """Yield handlers, and blocks of ``suppress``, that catch everything and keep it to themselves."""
    done: set[ast.AST] = set()
    for test in scan.tests:
        yield from _in_function(scan, test, test.id, done)
    for module in scan.project.with_helpers():
        for node in walk(module.source.tree):
            if isinstance(node, Function):
                yield from _in_function(scan, Test(module, node), "", done)


def _in_function(scan: Scan, test: Test, identity: str, done: set[ast.AST]) -> Iterator[Weakness]:
    for node, _ in walk_own(test.node):
        if not isinstance(node, Block) or node in done:
            continue
        done.add(node)
        if isinstance(node, (ast.Try, ast.TryStar)):
            broad = [(one, caught(scan, test.module, one) & {*BROAD, ""}) for one in node.handlers]
            handler, names = next(((one, names) for one, names in broad if names), (None, set[str]()))
            if handler is None or _is_told(scan, test, node, handler):
                continue
            if not _is_harmless(test, node, bare=handler.type is None):
                yield found(KIND, test.module, handler, test=identity, name=min(names))
            continue
        where: ast.AST = node
        taken = suppressed(scan, test.module, node) & BROAD
        for statement in node.body if not taken else ():
            entered = entered_later(statement)
            if entered is not None and not taken:
                where, taken = statement, suppressed_by(scan, test.module, entered) & BROAD
        if taken and not _is_harmless(test, node, bare=False):
            yield found(KIND, test.module, where, test=identity, variant="suppress", name=min(taken))


def _is_told(scan: Scan, test: Test, block: ast.Try | ast.TryStar, handler: ast.ExceptHandler) -> bool:
    """Whether somebody hears of what a handler caught."""
    if is_thrown_away(scan, test, handler):
        return False
    return tells(scan, test, handler) or _answers(test, block, handler)


def _is_harmless(test: Test, block: Block, *, bare: bool) -> bool:
    """Whether nothing can go wrong unseen in a block."""
    if any(_raises(inner) for one in block.body for inner in (one, *own_nodes(one))):
        return True
    if all(isinstance(one, (ast.Import, ast.ImportFrom)) for one in block.body) or in_loop(test, block):
        return True
    if _makes_exceptions(test) or _fails_behind(test, block):
        return True
    orelse = block.orelse if isinstance(block, (ast.Try, ast.TryStar)) else []
    cleans = is_cleaning_up(block.body) or bool(orelse and is_cleaning_up(orelse))
    return not bare and cleans and _tears_down(test, block)


def _makes_exceptions(test: Test) -> bool:
    """Whether a plain ``Exception`` is what the test itself has raised, by a mock or a function of its own."""
    for node in walk(test.node):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in BROAD:
                return True
            case ast.Raise(exc=ast.Name(id=name)) if name in BROAD:
                return True
            case ast.Assign(targets=[ast.Attribute(attr="side_effect")], value=ast.Name(id=name)) if name in BROAD:
                return True
            case ast.keyword(arg="side_effect", value=ast.Name(id=name)) if name in BROAD:
                return True
            case _:
                pass
    return False


def _fails_behind(test: Test, block: Block) -> bool:
    """Whether the function fails right behind a block, whatever came of it."""
    following = _following(test, block)
    handlers = block.handlers if isinstance(block, (ast.Try, ast.TryStar)) else []
    if any(isinstance(inner, (ast.Return, ast.Break, ast.Continue)) for one in handlers for inner in own_nodes(one)):
        return False  # not behind what leaves
    if isinstance(following, ast.Assert):
        return isinstance(following.test, ast.Constant) and not following.test.value
    return isinstance(following, ast.Raise)


def _following(test: Test, block: Block) -> ast.stmt | None:
    """Return the statement behind a block, in the block that it stands in."""
    above = test.module.source.parents.get(block)
    for field in ("body", "orelse", "finalbody"):
        siblings = getattr(above, field, None)
        if isinstance(siblings, list) and block in siblings[:-1]:
            after: ast.stmt = siblings[siblings.index(block) + 1]
            return after
    return None


def _raises(node: ast.AST) -> bool:
    """Whether a statement is there to raise: ``raise``, ``1 / 0``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.FloorDiv, ast.Mod)):
        return isinstance(node.right, ast.Constant) and node.right.value == 0
    return isinstance(node, ast.Raise)


def _answers(test: Test, block: ast.Try | ast.TryStar, handler: ast.ExceptHandler) -> bool:
    """Whether raising is one of two answers.

    ``try: …; return True`` with ``return False`` behind it, ``opened = True`` at the end of the block, or an ``else``
    that leaves the test: it goes on only where something was raised.
    """
    following = _following(test, block)
    returned = [one for one in (*block.body, *block.orelse, following) if isinstance(one, ast.Return)]
    values = [one.value.value for one in returned if isinstance(one.value, ast.Constant)]
    if isinstance(following, ast.Return) and {True, False} <= {one for one in values if isinstance(one, bool)}:
        return True
    final = (*block.body, *block.orelse)[-1]
    if isinstance(final, ast.Assign) and isinstance(final.value, ast.Constant) and isinstance(final.value.value, bool):
        flags = [one.id for one in final.targets if isinstance(one, ast.Name)]
        return not any(any_error_does(test, handler, name, list(read_of(test, handler, name))) for name in flags)
    left = block.orelse[-1] if block.orelse else None
    call = left.value if isinstance(left, ast.Expr) else None
    leaves = isinstance(call, ast.Call) and last(call.func) in {"assume", "skip", "reject", "skipTest"}
    return leaves or isinstance(left, (ast.Return, ast.Continue))


def _tears_down(test: Test, block: Block) -> bool:
    """Whether a block puts away where an error of its own would be in the way of something else."""
    around = [*test.module.functions_around(block)]
    if any(one.name in _LEAVING for one in around):
        return True
    inner: ast.AST = block
    for above in test.module.source.enclosing(block):
        if isinstance(above, (ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)):
            return True
        if isinstance(above, (ast.Try, ast.TryStar)) and inner in above.finalbody:
            return True
        if isinstance(above, Function):
            break
        inner = above
    return len(around) > 1 and not _is_called_later(test, around)


def _is_called_later(test: Test, around: list[Function]) -> bool:
    """Whether a function within is handed to what calls it at the end: ``request.addfinalizer(…)``."""
    named = {one.name for one in around[:-1]}
    return any(
        isinstance(node, ast.Call)
        and last(node.func) in _LATER
        and named & {last(argument) for argument in node.args}
        for node in walk(test.node)
    )  # fmt: skip
