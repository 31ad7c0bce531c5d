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
from brinell.suite.quality.kinds.naps import naps
from brinell.suite.quality.kinds.polling import endless_poll, ends_a_sleep, sleeps_first
from brinell.suite.quality.names import arguments, dotted, last, literal_seconds
from brinell.suite.quality.nodes import own_nodes, walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan, code, found

KIND = "sleep"
_CLOCK = re.compile(
    r"(?:mock|fake|virtual|manual|autojump|stub|frozen)_?clock|freeze_?time|time_machine", re.IGNORECASE
)
_SLEEP = re.compile(r"\bsleep$")
_STARTING = ("setUp", "setup_method", "setUpClass", "asyncSetUp")
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
        call = node.test if isinstance(node, ast.Assert) else call
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
    if _is_faked(scan, test) or _cancels(function):
        return
    for inner in _run_within(module, function):
        yield from _in_function(scan, Test(module, inner, test.owners), identity, done)
    for nap in naps(scan, module, function):
        seconds = nap.seconds
        if seconds is None and nap.argument is not None:
            seconds = _seconds(nap.argument, function, module)
            seconds = seconds * nap.scale if seconds else seconds
        if seconds == 0 or (nap.argument is not None and getattr(nap.argument, "value", "") is None):
            continue
        facts = {"test": identity, "seconds": seconds}
        if _is_bounded(module, nap.call, function):
            loop = endless_poll(scan, test, nap.call)
            if loop is not None:
                yield found(KIND, module, nap.call, variant="polls", name=code(loop.test, 40), **facts)
            elif sleeps_first(module, nap.call):
                yield found(KIND, module, nap.call, variant="first", name=code(nap.call.func), **facts)
            continue
        detail = "" if seconds or nap.argument is None else code(nap.argument, 40)
        yield found(KIND, module, nap.call, name=code(nap.call.func), detail=detail, **facts)


def _is_faked(scan: Scan, test: Test) -> bool:
    """Whether something else stands in the place of ``sleep``: by a fixture that the test uses, or in the test."""
    used = {*arguments(test.node), *scan.fixtures.marked(test)}
    if _FAKED & used or _replaces_sleep(test.node):
        return True
    if any(_SLEEP.search(one) for one in _patched(test.decorators)):
        return True
    fixtures = [scan.fixtures.find(name, test.module) for name in used]
    fixtures += [one for one in scan.fixtures.automatic(test.module) if one[1] is not test.node]
    started = [scan.project.method(test.module, owner, name) for owner in test.owners for name in _STARTING]
    return any(
        one is not None and isinstance(one[1], Function) and _replaces_sleep(one[1]) for one in [*fixtures, *started]
    )


def _patched(decorators: list[ast.expr]) -> Iterator[str]:
    """Yield what the decorators of a test, and of its classes, patch."""
    for one in decorators:
        if isinstance(one, ast.Call) and last(one.func) in {"patch", "object"}:
            yield from (str(part.value) for part in walk(one) if isinstance(part, ast.Constant))


def _run_within(module: Module, function: Function) -> Iterator[Function]:
    """Yield the functions within one that it runs itself, there and then: ``asyncio.run(main())``, ``await main()``."""
    inner = {one.name: one for one in own_nodes(function) if isinstance(one, Function) and not one.decorator_list}
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
