"""Whether a broad ``except`` tells of what it caught.

It does where the error is raised again, made a failure, asserted on, or kept and then looked at for more than whether
there is one (``assert caught``: a ``NameError`` would do as well); and where an outcome is remembered: counted, true
or false, a word. Printing and logging tell nobody, nor does ``None`` in the place of an answer.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.kinds.outcomes import any_error_does
from brinell.suite.quality.names import arguments, dotted, last
from brinell.suite.quality.nodes import own_nodes, walk
from brinell.suite.quality.scan import Scan

_ENDING = re.compile(r"(?:^|_)(?:x?fail|skip|exit|abort|(?:re)?raise)(?:$|_|s$|ure$)|^add(?:Failure|Error)$|^skipTest$")
_PRINTING = {"print", "pprint", "echo", "secho", "print_exc", "print_exception", "print_stack", "print_tb", "sleep"}
_LOGGING = {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "write", "writelines"}
_LOGS = re.compile(r"log|warn|console|traceback|std(?:out|err)", re.IGNORECASE)
_FILLING = {"append", "appendleft", "extend", "insert", "add", "put", "put_nowait", "update", "setdefault", "send"}
_CURRENT = {"exc_info", "format_exc", "format_exception", "exception"}  # functions that give the error in hand
_TRUTHS = {"assertTrue", "assertIsNotNone", "assert_", "bool"}


def tells(scan: Scan, test: Test, handler: ast.ExceptHandler) -> bool:
    """Whether a handler within ``test`` (any function of the tests) does."""
    return any(_tells(scan, test, handler, node) for node in own_nodes(handler))


def _tells(scan: Scan, test: Test, handler: ast.ExceptHandler, node: ast.AST) -> bool:
    match node:
        case ast.Raise() | ast.Yield() | ast.YieldFrom():
            return True
        case ast.Assert(test=condition):
            told = mentions(node, handler.name) or (isinstance(condition, ast.Constant) and not condition.value)
        case ast.Return(value=value):
            told = not is_blank(value)
        case ast.If(test=condition) | ast.While(test=condition) | ast.IfExp(test=condition):
            told = mentions(condition, handler.name) and not isinstance(condition, ast.Name)
        case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
            told = _call_tells(scan, test, handler, call)
        case _:
            told = _keeps(test, handler, node)
    return told


def _keeps(test: Test, handler: ast.ExceptHandler, node: ast.AST) -> bool:
    """Whether the error, or an outcome, is stored where it is read again."""
    match node:
        case ast.AugAssign(target=target):
            return _is_remembered(test, handler, target)
        case ast.Assign(targets=[target, *_], value=value) | ast.NamedExpr(target=target, value=value):
            pass
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            pass
        case _:
            return False
    if mentions(value, handler.name):
        return _is_looked_at(test, handler, target)
    return not is_blank(value) and _is_remembered(test, handler, target)


def _call_tells(scan: Scan, test: Test, handler: ast.ExceptHandler, call: ast.Call) -> bool:
    name = last(call.func)
    given = [*call.args, *(one.value for one in call.keywords)]
    if _ENDING.search(name) or _asserts(scan, test, call):
        return True
    if _prints(call):
        return False
    handed_on = any(mentions(one, handler.name) for one in given)
    if isinstance(call.func, ast.Attribute) and name in _FILLING:
        into = call.func.value
        if handed_on:
            return _is_looked_at(test, handler, into)
        return any(not is_blank(one) for one in given) and _is_remembered(test, handler, into)
    return handed_on or (name == "set" and not given)  # an event: an outcome


def _prints(call: ast.Call) -> bool:
    """Whether a call only prints or logs: ``print(…)``, ``log.exception(…)``, ``sys.stderr.write(…)``."""
    name, receiver = last(call.func), dotted(call.func).rpartition(".")[0]
    return name in _PRINTING or (name in _LOGGING and bool(_LOGS.search(receiver)))


def _asserts(scan: Scan, test: Test, call: ast.Call) -> bool:
    """Whether a helper of the tests is called that fails by itself, or a function within the test that raises."""
    if isinstance(call.func, ast.Name):
        for one in walk(test.node):
            if isinstance(one, Function) and one.name == call.func.id and one is not test.node:
                return any(isinstance(inner, (ast.Raise, ast.Assert)) for inner in own_nodes(one))
    receiver = dotted(call.func).rpartition(".")[0]
    found = None
    if receiver == "self" and test.owner is not None:
        found = scan.project.method(test.module, test.owner, last(call.func))
    elif last(call.func):
        found = scan.project.resolve(test.module.full(call.func), test.module)
    return found is not None and scan.assertions.of_definition(*found) > 0


def mentions(node: ast.AST, error: str | None) -> bool:
    """Whether an expression has the error in it: by the name it is bound to, or as the one in hand."""
    for inner in walk(node):
        if error and isinstance(inner, ast.Name) and inner.id == error:
            return True
        if isinstance(inner, ast.Call) and last(inner.func) in _CURRENT:
            return True
    return False


def is_blank(value: ast.expr | None) -> bool:
    """Whether a value says nothing: None, nought, empty. ``False`` is an answer."""
    match value:
        case None:
            return True
        case ast.Constant(value=constant):
            return constant is not False and (not constant or constant is ...)
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id="list" | "dict" | "set" | "tuple" | "str"), args=[], keywords=[]):
            return True
        case _:
            return False


def _is_remembered(test: Test, handler: ast.ExceptHandler, target: ast.expr) -> bool:
    """Whether what is stored in a place is read again, as far as that can be seen."""
    name = _local(test, target)
    if name is None:
        return True
    uses = list(read_of(test, handler, name))
    return bool(uses) and not any_error_does(test, handler, name, uses)


def _is_looked_at(test: Test, handler: ast.ExceptHandler, target: ast.expr) -> bool:
    """The same, for more than whether anything is there."""
    name = _local(test, target)
    return name is None or any(not _asks_truth(test, use) for use in read_of(test, handler, name))


def _local(test: Test, target: ast.expr) -> str | None:
    """Return the local variable that a place is or is in; None where others may see it."""
    while isinstance(target, (ast.Subscript, ast.Starred)):
        target = target.value
    if not isinstance(target, ast.Name):
        return None
    outer = {name for one in walk(test.node) if isinstance(one, Function) for name in arguments(one)}
    bound = any(isinstance(one, ast.Name) and one.id == target.id and not _reads(one) for one in walk(test.node))
    shared = any(isinstance(one, ast.Global) and target.id in one.names for one in walk(test.node))
    return target.id if bound and not shared and target.id not in outer else None


def read_of(test: Test, handler: ast.ExceptHandler, name: str) -> Iterator[ast.Name]:
    """Yield where a variable is read; to put something in, or to print it in the handler, is not to read."""
    printing = [one for one in walk(handler) if isinstance(one, ast.Call) and _prints(one)]
    printed = {inner for one in printing for inner in walk(one)}
    parents = test.module.source.parents
    for node in walk(test.node):
        if isinstance(node, ast.Name) and node.id == name and _reads(node) and node not in printed:
            above = parents.get(node)
            if not (isinstance(above, ast.Attribute) and above.attr in _FILLING):
                yield node


def _reads(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _asks_truth(test: Test, use: ast.Name) -> bool:
    """``assert caught``, ``assert caught is not None``, ``self.assertTrue(caught)``."""
    above = test.module.source.parents.get(use)
    match above:
        case ast.Assert():
            return above.test is use
        case ast.Compare(ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return isinstance(test.module.source.parents.get(above), ast.Assert)
        case ast.Call():
            return last(above.func) in _TRUTHS
        case _:
            return False
