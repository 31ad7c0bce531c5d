"""Sleeps in tests: a fixed wait is too long every time and too short on a busy machine.

Polling (a sleep in a loop that ends on a condition), a sleep that is itself what is awaited with a time-out, one that
is replaced by a fake, and ``sleep(0)`` are something else, and so are functions handed to the code under test. Polling
that nothing ends but its condition, neither in the loop nor around the test, is told as such.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.files import Function
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.kinds.polling import endless_poll, ends_a_sleep
from brinell.suite.quality.names import arguments, dotted, last, literal_seconds
from brinell.suite.quality.nodes import own_nodes, walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan, code, found

KIND = "sleep"
_SLEEPS = {"time.sleep", "asyncio.sleep", "trio.sleep", "anyio.sleep", "gevent.sleep", "curio.sleep", "eventlet.sleep"}
_AWAITED = _SLEEPS - {"time.sleep", "gevent.sleep", "eventlet.sleep"}
_CLOCK = re.compile(
    r"(?:mock|fake|virtual|manual|autojump|stub|frozen)_?clock|freeze_?time|time_machine", re.IGNORECASE
)
_RUNNERS = {"run", "run_until_complete"}
_SHORT = 5  # statements of a helper; a longer one does more than wait
_FAKED = {
    "autojump_clock",
    "mock_clock",
    "fake_clock",
    "frozen_time",
    "freezer",
    "time_machine",
    "fake_time",
    "mock_sleep",
}


def sleeps(scan: Scan) -> Iterator[Weakness]:
    """Yield the sleeps of tests, of their set-up, and of helpers that tests call for it."""
    done: set[ast.AST] = set()
    for test in scan.tests:
        yield from _in_function(scan, test, test.id, done)
        for helper_module, helper in (*_called(scan, test.module, test.node, test.owner), *_given(scan, test)):
            yield from _in_function(scan, Test(helper_module, helper), "", done)
    for module, fixture in scan.fixtures:
        yield from _in_function(scan, Test(module, fixture), "", done)
        for helper_module, helper in _called(scan, module, fixture, None):
            yield from _in_function(scan, Test(helper_module, helper), "", done)
    for module in scan.project.tests.values():
        for node in walk(module.source.tree):
            if isinstance(node, Function) and node.name in {"setUp", "tearDown", "setup_method", "teardown_method"}:
                yield from _in_function(scan, Test(module, node), "", done)


def _called(
    scan: Scan, module: Module, function: Function, owner: ast.ClassDef | None
) -> Iterator[tuple[Module, Function]]:
    """Yield functions of the tests, and methods of the test's class, that a statement calls for their effect."""
    for node in own_nodes(function):
        call = node.value if isinstance(node, (ast.Expr, ast.Assign)) else None
        call = call.value if isinstance(call, (ast.Await, ast.YieldFrom)) else call
        if isinstance(call, ast.Call) and isinstance(call.func, (ast.Name, ast.Attribute)):
            target = scan.project.resolve(module.full(call.func), module)
            if owner is not None and dotted(call.func) == f"self.{last(call.func)}":
                target = scan.project.method(module, owner, last(call.func))
            if target is not None and isinstance(target[1], Function) and len(target[1].body) <= _SHORT:
                yield target[0], target[1]


def _given(scan: Scan, test: Test) -> Iterator[tuple[Module, Function]]:
    """Yield functions that fixtures hand out, and that the test calls itself."""
    called = {last(node.func) for node in walk(test.node) if isinstance(node, ast.Call)}
    for name in called & {*arguments(test.node)}:
        found_ = scan.fixtures.find(name, test.module)
        for node in own_nodes(found_[1]) if found_ else ():
            value = node.value if isinstance(node, (ast.Return, ast.Yield)) else None
            if found_ and isinstance(value, ast.Name):
                inner = (one for one in own_nodes(found_[1]) if isinstance(one, Function) and one.name == value.id)
                yield from ((found_[0], one) for one in inner if len(one.body) <= _SHORT)


def _in_function(scan: Scan, test: Test, identity: str, done: set[ast.AST]) -> Iterator[Weakness]:
    module, function = test.module, test.node
    if function in done:
        return
    done.add(function)
    if _FAKED & set(arguments(function)) or _replaces_sleep(function) or _cancels(function):
        return
    for inner in _run_within(module, function):
        yield from _in_function(scan, Test(module, inner, test.owners), identity, done)
    for node in own_nodes(function):
        if not isinstance(node, ast.Call) or module.full(node.func) not in _SLEEPS or not (node.args or node.keywords):
            continue
        argument = node.args[0] if node.args else node.keywords[0].value
        seconds = _seconds(argument, function, module)
        if seconds == 0 or not _is_waited_for(module, node):
            continue
        if _is_bounded(module, node, function):
            loop = endless_poll(scan, test, node)
            if loop is not None:
                waited = code(loop.test, 40)
                yield found(KIND, module, node, test=identity, seconds=seconds, variant="polls", name=waited)
            continue
        yield found(
            KIND, module, node, test=identity, seconds=seconds, name=code(node.func),
            detail="" if seconds else code(argument, 40),
        )  # fmt: skip


def _run_within(module: Module, function: Function) -> Iterator[Function]:
    """Yield the functions within one that it runs itself, there and then: ``asyncio.run(main())``, ``await main()``."""
    inner = {one.name: one for one in own_nodes(function) if isinstance(one, Function)}
    for node in own_nodes(function) if inner else ():
        ran: ast.expr | None = None
        match node:
            case ast.Await(value=ast.Call(func=called)) | ast.Expr(value=ast.Call(func=ast.Name() as called)):
                ran = called
            case ast.Call(func=ast.Name() | ast.Attribute() as runner, args=[given, *_]) if last(runner) in _RUNNERS:
                ran = given.func if isinstance(given, ast.Call) else given
        name = last(ran) if isinstance(ran, ast.Name) else ""
        if name in inner and not _is_bounded(module, node, function):
            yield inner[name]


def _seconds(argument: ast.expr, function: Function, module: Module) -> float | None:
    value = literal_seconds(argument)
    if value is None and isinstance(argument, ast.Name):
        for node in own_nodes(function):
            if isinstance(node, ast.Assign) and any(
                getattr(target, "id", "") == argument.id for target in node.targets
            ):
                return literal_seconds(node.value)
        return literal_seconds(module.values.get(argument.id))
    return value


def _is_waited_for(module: Module, call: ast.Call) -> bool:
    """Whether the function itself waits: the sleep is a statement, and a coroutine's is awaited right there."""
    above = module.source.parents.get(call)
    if module.full(call.func) in _AWAITED:
        return isinstance(above, ast.Await)
    return isinstance(above, ast.Expr)


def _is_bounded(module: Module, call: ast.AST, function: Function) -> bool:
    """Whether it stands in a polling loop, or in a block that ends it, or that gives time back."""
    for above in module.source.enclosing(call):
        if above is function:
            return False
        if isinstance(above, ast.While) and not (isinstance(above.test, ast.Constant) and not _leaves(above)):
            return True
        if isinstance(above, (ast.For, ast.AsyncFor)) and _leaves(above):
            return True
        if isinstance(above, ast.ExceptHandler):
            return True
        if ends_a_sleep(above):
            return True
    return False


def _leaves(loop: ast.While | ast.For | ast.AsyncFor) -> bool:
    return any(isinstance(node, (ast.Break, ast.Return, ast.Raise)) for node in own_nodes(loop))


def _cancels(function: Function) -> bool:
    """Whether a coroutine is about being cancelled: its sleeps are there to be cut short."""
    if not isinstance(function, ast.AsyncFunctionDef):
        return False
    return any(
        isinstance(node, ast.Attribute) and node.attr in {"cancel", "CancelScope", "CancelledError"}
        for node in walk(function)
    )


def _replaces_sleep(function: Function) -> bool:
    """Whether the test puts something else in the place of ``sleep``, or of the clock."""
    for node in walk(function):
        if isinstance(node, (ast.Name, ast.Attribute)) and _CLOCK.search(last(node)):
            return True
        if isinstance(node, ast.Call) and last(node.func) in {"patch", "setattr", "object", "patch_object"}:
            texts = [part.value for one in node.args for part in walk(one) if isinstance(part, ast.Constant)]
            names = [dotted(one) for one in node.args]
            if any("sleep" in str(text) for text in [*texts, *names]):
                return True
    return False
