"""What waits for a fixed time: the sleeps of the libraries by whatever name, an event that nobody can set, ``select``
over nothing, a browser's or Qt's waits, a child process that only sleeps.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.suite.quality.files import Function
from brinell.suite.quality.kinds.breadth import value_of
from brinell.suite.quality.names import arguments, last, literal_seconds
from brinell.suite.quality.nodes import own_nodes, walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan

_MODULES = "time asyncio trio anyio gevent curio eventlet tornado.gen eventlet.greenthread asyncio.tasks"
SLEEPS = {f"{one}.sleep" for one in _MODULES.split()}
BLOCKING = {"time.sleep", "gevent.sleep", "eventlet.sleep", "eventlet.greenthread.sleep"}
_AWAITED = SLEEPS - BLOCKING
_MS = {"wait_for_timeout", "qWait"}  # Playwright's pages, Qt's test module: fixed waits in milliseconds
_EVENTS = {"threading.Event", "multiprocessing.Event", "threading.Condition", "multiprocessing.Condition"}
_RUNNERS = {"run", "run_until_complete"}
_CHILDREN = {"subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output"}
_SLEEPING_SHELL = re.compile(r"^\s*sleep\s+(\d+(?:\.\d+)?)s?\s*$")
_SLEEPING_PYTHON = re.compile(
    r"^\s*(?:import time|from time import sleep)\s*[;\n]\s*(?:time\.)?sleep\((\d*\.?\d+)\)\s*;?\s*$"
)
_MOST_HOPS = 3
_WORDS = (b"sleep", b"Event", b"Condition", b"select", b"qWait", b"wait_for_timeout")


class Nap:
    """One wait: the ``call``, its argument or its seconds, and whether ``call`` stands as what waits there."""

    def __init__(
        self,
        call: ast.Call,
        argument: ast.expr | None,
        seconds: float | None = None,
        *,
        full: str = "",
        scale: float = 1,
    ) -> None:
        self.call, self.argument, self.seconds, self.full, self.scale = call, argument, seconds, full, scale


def nap_of(scan: Scan, module: Module, call: ast.Call) -> Nap | None:  # noqa: PLR0911 - one for each kind of wait
    """Return what a call waits for, if that is a fixed time."""
    if not _may_wait(module, call):
        return None
    full = _meaning(scan, module, call.func)
    given = call.args[0] if call.args else call.keywords[0].value if call.keywords else None
    if full in SLEEPS:
        return Nap(call, given, full=full) if given is not None else None
    if given is None:
        bound = _bound(scan, module, call.func)
        return Nap(call, bound, full="time.sleep") if bound is not None else None
    if last(call.func) in _MS and isinstance(call.func, ast.Attribute):
        return Nap(call, given, full="time.sleep" if not _is_awaited(module, call) else "asyncio.sleep", scale=0.001)
    if last(call.func) == "wait" and isinstance(call.func, ast.Attribute):
        return Nap(call, given, full="time.sleep") if _is_nobodys(scan, module, call.func.value) else None
    if full == "select.select" and len(call.args) == 4 and all(_is_empty(one) for one in call.args[:3]):
        return Nap(call, call.args[3], full="time.sleep")
    ran = _run_by(scan, module, call, full)
    if ran is not None:
        return ran
    seconds = _of_child(call, full)
    return Nap(call, None, seconds, full="time.sleep") if seconds else None


def _may_wait(module: Module, call: ast.Call) -> bool:
    """Whether it is worth while to follow names: the file speaks of sleep or of what waits, or a fixture is called."""
    if module.waits is None:
        module.waits = any(word in module.source.text for word in _WORDS)
    if module.waits or not isinstance(call.func, ast.Name):
        return module.waits
    around = next(iter(module.functions_around(call)), None)
    return around is not None and call.func.id in arguments(around)


def _meaning(scan: Scan, module: Module, node: ast.expr, hops: int = _MOST_HOPS) -> str:  # noqa: PLR0911 - a row for each form
    """Return the full name of a function, through the variables, ``getattr`` and fixtures that hand it on."""
    full = module.full(node)
    if full in SLEEPS or not hops:
        return full
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str() as name), *_]):
            return f"{module.full(owner)}.{name}"
        case ast.Call(func=ast.Name(id="staticmethod"), args=[held]):
            return _meaning(scan, module, held, hops - 1)
        case ast.Attribute(value=ast.Call(func=called, args=[ast.Constant(value=str() as name)]), attr=attribute) if (
            last(called) in {"import_module", "__import__"}
        ):
            return f"{name}.{attribute}"
        case ast.Name() | ast.Attribute(value=ast.Name()):
            held_by = _held(scan, module, node)
            return _meaning(scan, *held_by, hops - 1) if held_by is not None else full
        case ast.Lambda(args=ast.arguments(args=[given]), body=ast.Call(func=called, args=[ast.Name(id=passed)])) if (
            passed == given.arg
        ):
            return _meaning(scan, module, called, hops - 1)
        case _:
            return full


def _held(scan: Scan, module: Module, node: ast.expr) -> tuple[Module, ast.expr] | None:
    """Return what a variable holds, or what a fixture of that name returns."""
    held = value_of(scan, module, node)
    if held is not None or not isinstance(node, ast.Name):
        return held
    around = next(iter(module.functions_around(node)), None)
    if around is None or node.id not in arguments(around):
        return None
    found = scan.fixtures.find(node.id, module)
    for inner in own_nodes(found[1]) if found is not None else ():
        if isinstance(inner, (ast.Return, ast.Yield)) and inner.value is not None and found is not None:
            return found[0], inner.value
    return None


def _bound(scan: Scan, module: Module, func: ast.expr) -> ast.expr | None:
    """Return the seconds of ``pause()`` where ``pause = partial(sleep, 2)`` or ``lambda: sleep(2)``."""
    held = (module, func)
    if isinstance(func, (ast.Name, ast.Attribute)):
        held = _held(scan, module, func) or held
    match held[1]:
        case ast.Call(func=made, args=[slept, seconds]) if last(made) == "partial":
            return seconds if _meaning(scan, held[0], slept) in BLOCKING else None
        case ast.Lambda(body=ast.Call(func=slept, args=[seconds])) if _meaning(scan, held[0], slept) in BLOCKING:
            return seconds
        case _:
            return None


def _is_nobodys(scan: Scan, module: Module, event: ast.expr) -> bool:
    """Whether an event is made on the spot, or in the function for nothing but to wait for it: nobody can set it."""
    if isinstance(event, ast.Call):
        return module.full(event.func) in _EVENTS
    function = next(iter(module.functions_around(event)), None)
    held = value_of(scan, module, event) if isinstance(event, ast.Name) and function is not None else None
    if held is None or not (isinstance(held[1], ast.Call) and module.full(held[1].func) in _EVENTS):
        return False
    parents = module.source.parents
    name = event.id if isinstance(event, ast.Name) else ""
    uses = [one for one in walk(function) if isinstance(one, ast.Name) and one.id == name] if function else []
    return len(uses) > 1 and all(
        isinstance(one.ctx, ast.Store)
        or (isinstance(above := parents.get(one), ast.Attribute) and above.attr in {"wait", "is_set", "clear"})
        for one in uses
    )


def _is_empty(node: ast.expr) -> bool:
    return isinstance(node, (ast.List, ast.Tuple)) and not node.elts


def _run_by(scan: Scan, module: Module, call: ast.Call, full: str) -> Nap | None:
    """``asyncio.run(asyncio.sleep(1))``, ``trio.run(trio.sleep, 1)``, ``await asyncio.to_thread(time.sleep, 1)``."""
    first = call.args[0] if call.args else None
    rest = call.args[1:]
    if last(call.func) in _RUNNERS and isinstance(first, ast.Call) and first.args:
        return Nap(call, first.args[0], full="time.sleep") if _meaning(scan, module, first.func) in _AWAITED else None
    is_run = full in {"trio.run", "anyio.run"} or full == "asyncio.to_thread" or full.endswith("to_thread.run_sync")
    if is_run and len(rest) == 1 and first is not None and _meaning(scan, module, first) in SLEEPS:
        return Nap(call, rest[0], full="time.sleep" if full.endswith(".run") else "asyncio.sleep")
    return None


def _of_child(call: ast.Call, full: str) -> float | None:
    """Return how long a child process, that is waited for, does nothing but sleep."""
    if any(one.arg == "timeout" for one in call.keywords) or full not in {*_CHILDREN, "os.system"}:
        return None
    given = call.args[0] if call.args else None
    match given:
        case ast.Constant(value=str() as line):
            told = _SLEEPING_SHELL.match(line)
            return float(told[1]) if told else None
        case ast.List(elts=[ast.Constant(value="sleep"), ast.Constant(value=seconds)]):
            return literal_seconds(ast.parse(str(seconds), mode="eval").body) if _is_number(str(seconds)) else None
        case ast.List(elts=[_, *_, ast.Constant(value="-c"), ast.Constant(value=str() as program)]):
            told = _SLEEPING_PYTHON.match(program)
            return float(told[1]) if told else None
        case _:
            return None


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d*\.?\d+", text))


def _is_awaited(module: Module, call: ast.Call) -> bool:
    return isinstance(module.source.parents.get(call), ast.Await)


def is_waited_for(module: Module, nap: Nap) -> bool:
    """Whether the function itself waits: the call is a statement of its own, and a coroutine's is awaited there."""
    above = module.source.parents.get(nap.call)
    if nap.full in _AWAITED:
        return isinstance(above, ast.Await)
    if isinstance(above, ast.Expr):
        return True
    if isinstance(above, ast.Assign):  # ``_ = time.sleep(1)``, ``done = subprocess.run(["sleep", "1"])``
        return True
    return isinstance(above, ast.ListComp) and above.elt is nap.call


def naps(scan: Scan, module: Module, function: Function) -> Iterator[Nap]:
    """Yield the fixed waits of a function's own code."""
    for node in own_nodes(function):
        nap = nap_of(scan, module, node) if isinstance(node, ast.Call) else None
        if nap is not None and is_waited_for(module, nap):
            yield nap
    yield from _keeping(scan, module, function)


def _keeping(scan: Scan, module: Module, function: Function) -> Iterator[Nap]:
    """Yield the calls of ``client.sleep(1)`` where the object is made here, and keeps ``time.sleep`` as its own."""
    for node in own_nodes(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name() as held, attr="sleep"), args=[given]):
                made = value_of(scan, module, held)
                keeps = made is not None and isinstance(made[1], ast.Call) and _keeps_sleep(scan, module, made[1])
                if keeps and isinstance(module.source.parents.get(node), ast.Expr):
                    yield Nap(node, given, full="time.sleep")
            case _:
                pass


def _keeps_sleep(scan: Scan, module: Module, made: ast.Call) -> bool:
    """Whether a class of the project's takes ``sleep=time.sleep`` and is made without another."""
    full = module.full(made.func)
    owner, _, name = full.rpartition(".")
    path = scan.project.file_of(owner, module.path) if owner else module.path
    where = scan.project.module(path) if path else None
    maker = where.defined.get(name) if where is not None else None
    if where is None or not isinstance(maker, ast.ClassDef) or any(one.arg in {"sleep", None} for one in made.keywords):
        return False
    if any(isinstance(one, ast.Starred) for one in made.args):
        return False
    for held in (one for one in maker.body if isinstance(one, ast.Assign)):
        if any(getattr(one, "id", "") == "sleep" for one in held.targets):
            return _meaning(scan, where, held.value) == "time.sleep"
    start = where.methods(maker).get("__init__")
    return isinstance(start, Function) and _keeps_by_default(where, start, len(made.args))


def _keeps_by_default(where: Module, start: Function, given: int) -> bool:
    """Whether ``self.sleep`` becomes ``time.sleep`` in an ``__init__`` that gets so many arguments by position."""
    names = [one.arg for one in (*start.args.posonlyargs, *start.args.args)]
    defaults = dict(zip(reversed(names), reversed(start.args.defaults), strict=False))
    defaults |= {
        one.arg: value for one, value in zip(start.args.kwonlyargs, start.args.kw_defaults, strict=True) if value
    }
    if "sleep" in names[: given + 1]:
        return False
    for node in own_nodes(start):
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr="sleep")], value=value):
                read = [one for one in walk(value) if isinstance(one, (ast.Name, ast.Attribute))]
                parts = [defaults.get(one.id, one) if isinstance(one, ast.Name) else one for one in read]
                return any(where.imports.full(one) == "time.sleep" for one in parts)
            case _:
                pass
    return False
