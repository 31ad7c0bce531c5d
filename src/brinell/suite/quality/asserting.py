"""What counts as an assertion, followed through helpers, fixtures, context managers and bases of the tests.

Assertions are counted by place: ``assert`` in a loop is one. A helper that asserts counts as one where it is used. The
words by which somebody else's function is taken for an assertion err towards it: only what is clearly none is reported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.suite.quality.files import Function
from brinell.suite.quality.fixtures import Fixtures
from brinell.suite.quality.found_tests import Test, is_fixture, marks
from brinell.suite.quality.names import Definition, arguments, dotted, last
from brinell.suite.quality.nodes import SCOPES, own_nodes, walk, walk_own
from brinell.suite.quality.project import Module, Project

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_STRONG = {"assert", "asserts", "asserting", "assertion", "expect", "expects", "raises", "warns", "aassert", "xassert"}
_WEAK = {
    "check", "checks", "checker", "verify", "verifies", "ensure", "ensures", "validate", "match", "matches", "compare",
    "compares", "should", "fnmatch", "fail", "fails", "must", "require", "requires", "same", "equal", "equals",
}  # fmt: skip
_KNOWN = {
    "pytest.fail", "pytest.deprecated_call", "subprocess.check_call", "subprocess.check_output", "doctest.testmod",
    "doctest.testfile", "sys.exit",
}  # fmt: skip
_BUILDERS = {"playwright.sync_api.expect", "playwright.async_api.expect", "assertpy.assert_that", "expects.expect"}
_TESTING = ("numpy.testing.", "pandas.testing.", "torch.testing.")
_KNOWN_METHODS = {
    "raise_for_status", "wait_for", "wait_until", "fail_after", "does_not_raise", "not_raises", "check_returncode",
    "eq_", "is_", "ne_", "in_", "ok_", "is_true", "is_false", "is_not_",
}  # fmt: skip
CHECKING_FIXTURES = {
    "httpx_mock", "respx_mock", "benchmark", "snapshot", "data_regression", "file_regression", "num_regression",
    "ndarrays_regression", "dataframe_regression", "image_regression", "image_snapshot", "subtests_check", "expect",
    "original_datadir_regression", "assert_all_responses_were_requested",
}  # fmt: skip
"""Other people's fixtures that check of themselves, at teardown or when called; ``benchmark`` measures instead."""
_MOST_DEPTH = 12
_CODE = re.compile(
    r"^\s*(?:assert\s+[^,.]{2}|with (?:pytest\.)?raises)|\bassert(?:Equal|True|_\w+)?\s*\(", re.MULTILINE
)
_COMMON = {
    "get", "post", "put", "patch", "delete", "request", "run", "read", "write", "open", "close", "send", "call",
    "append", "add", "start", "stop", "setup", "teardown", "invoke", "update", "load", "dump", "main", "format",
    "save", "create", "__init__", "__enter__", "__exit__", "__call__", "wait", "join", "recv", "receive",
    "execute", "commit", "clear", "set",
}  # fmt: skip


class Assertions:
    """Counts assertions. One of these per scan: what was followed once is remembered."""

    def __init__(self, project: Project, fixtures: Fixtures) -> None:
        self._project = project
        self._fixtures = fixtures
        self._counts: dict[tuple[ast.AST, bool], int] = {}
        self._provisional: dict[tuple[ast.AST, bool], int] = {}
        self._open: set[ast.AST] = set()
        self._cuts = 0
        self._by_name: dict[str, list[tuple[Module, Definition]]] | None = None

    def of_test(self, test: Test) -> int:
        """Return how many places of a test assert anything, in its own code and in what it requests and calls."""
        found = self._of_function(test.module, test.node, test.owner)
        found += self._by_decorators(test)
        return found + self._by_fixtures(test) + self._by_class(test)

    def _of_function(
        self, module: Module, node: Definition, owner: ast.ClassDef | None, *, handed: bool = False
    ) -> int:
        """``handed``: it is not called here but handed on; what it raises then is somebody else's to catch."""
        key = (node, handed)
        known = self._counts.get(key, self._provisional.get(key))
        if known is not None:
            return known
        if node in self._open or len(self._open) > _MOST_DEPTH:
            self._cuts += 1
            return 0
        cuts = self._cuts
        idle = _never_called(node) | self._handed_to_silence(module, node, owner)
        self._open.add(node)
        try:
            count = sum(
                self._of_node(module, child, owner, node, nested=nested or handed)
                for statement in node.body
                for child, nested in ((statement, False), *_within(statement, idle))
            )
        finally:
            self._open.discard(node)
        # A zero that a circle of calls cut short holds for this question only: another may enter the circle elsewhere.
        (self._counts if count or cuts == self._cuts else self._provisional)[key] = count
        if not self._open:
            self._provisional.clear()
        return count

    def _of_node(
        self, module: Module, node: ast.AST, owner: ast.ClassDef | None, within: Definition, *, nested: bool
    ) -> int:
        match node:
            case ast.Assert():
                return 1
            case ast.Raise():
                return 0 if nested and not _raises_assertion(node) else 1
            case ast.Call(func=func):
                return self._of_call(module, node, func, owner, within)
            case ast.Constant(value=str() as text) if len(text) > 20 and _CODE.search(text):
                return 1  # a program as text, with an assertion in it, for something else to run
            case ast.Name(id=name, ctx=ast.Load()):
                return self._of_reference(module, name, within, node)
            case _:
                return 0

    def _of_reference(self, module: Module, name: str, within: Definition, node: ast.Name | None = None) -> int:
        """A function or class of the tests that asserts, handed on or called by its name (at ``node``)."""
        if name == within.name or (not isinstance(within, ast.ClassDef) and name in arguments(within)):
            return 0
        full = module.imports.names.get(name, name)
        found = self._project.resolve(full, module) if full in module.defined or full != name else None
        if found is None and name in module.values and isinstance(module.values[name], ast.Lambda):
            return 0
        if found is None and module.imports.stars:
            found = self._project.resolve(name, module)
        if found is None:
            return self._of_value(module, full)
        call = module.source.parents.get(node) if node is not None else None
        called = call if isinstance(call, ast.Call) and call.func is node else None
        if isinstance(found[1], ast.ClassDef):
            # An object that a helper gives back: what of it asserts is for who called the helper to say
            is_result = called is not None and isinstance(module.source.parents.get(called), ast.Return)
            is_result = is_result and isinstance(within, Function) and not is_fixture(within)
            if called is not None and not is_result and isinstance(module.source.parents.get(called), ast.Expr):
                is_result = isinstance(within, Function)  # made, and nothing asked of it
            return min(1, self._of_methods(*found, set()) if is_result else self.of_definition(*found))
        if called is not None and isinstance(found[1], ast.AsyncFunctionDef) and _is_dropped(module, called):
            return 0  # a coroutine that nobody awaits
        count = self._of_function(*found, None, handed=node is not None and called is None)
        return min(1, count or (self._of_result(module, called, *found, within) if called is not None else 0))

    def _of_value(self, module: Module, full: str) -> int:
        """What asserts of the functions that a value of a module is made of: ``sound = every([is_small])``."""
        held = self._project.value(full, module)
        if held is None or not isinstance(held[1], ast.Call):
            return 0
        given = [*held[1].args, *(one.value for one in held[1].keywords)]
        names = [part.id for one in given for part in walk(one) if isinstance(part, ast.Name)]
        found = [self._project.resolve(held[0].imports.names.get(name, name), held[0]) for name in names]
        return min(1, sum(self.of_definition(*one) for one in found if one is not None))

    def _handed_to_silence(self, module: Module, node: Definition, owner: ast.ClassDef | None) -> set[ast.AST]:
        """Return the nodes handed to what never runs them, or keeps their failures to itself.

        A ``map`` or a generator that is a statement of its own; a helper that calls what it is given within a ``try``
        whose handler swallows.
        """
        idle: set[ast.AST] = set()
        for one in own_nodes(node):
            match one:
                case ast.Expr(value=ast.Call(func=ast.Name(id="map" | "filter"), args=[*given])):
                    idle.update(part for argument in given for part in walk(argument))
                case ast.Expr(value=ast.GeneratorExp() as lazy):
                    idle.update(walk(lazy))
                case ast.Expr(value=ast.Call(func=func, args=[*given])) if given and self._is_silent(
                    module, func, owner
                ):
                    idle.update(part for argument in given for part in walk(argument))
                case _:
                    pass
        return idle | (_run_silently(node) if isinstance(node, Function) else set())

    def _is_silent(self, module: Module, func: ast.expr, owner: ast.ClassDef | None) -> bool:
        """Whether a helper of the tests runs what it is given, and takes whatever that raises."""
        found = self._project.resolve(module.full(func), module)
        if owner is not None and dotted(func) == f"self.{last(func)}":
            found = self._project.method(module, owner, last(func))
        if found is None or not isinstance(found[1], Function):
            return False
        helper = found[1]
        runs = {one for one in own_nodes(helper) if isinstance(one, ast.Call) and last(one.func) in arguments(helper)}
        return bool(runs) and runs <= _run_silently(helper)

    def _of_result(self, module: Module, call: ast.Call, where: Module, helper: Definition, within: Definition) -> int:
        """What asserts of the objects a helper makes and returns: the methods called, or all if it is handed on."""
        returned = [one.value for one in own_nodes(helper) if isinstance(one, ast.Return)]
        made = [one.func for one in returned if isinstance(one, ast.Call)]
        found = [self._project.resolve(where.full(one), where) for one in made]
        calls = [one for one in walk(within) if isinstance(one, ast.Call)]
        names = {one.func.attr for one in calls if isinstance(one.func, ast.Attribute)}
        kept = _stays(module, call, calls)
        return sum(
            self._of_methods(*one, names) if kept else self.of_definition(*one)
            for one in found
            if one is not None and isinstance(one[1], ast.ClassDef)
        )

    def _of_methods(self, module: Module, owner: Definition, names: set[str]) -> int:
        """What asserts of the methods of a class that are called by themselves (``__init__``), or are in ``names``."""
        if not isinstance(owner, ast.ClassDef):
            return 0
        inherited = [self._project.method(module, owner, name) for name in sorted(names)]
        own = [(module, one) for name, one in module.methods(owner).items() if name.startswith("__")]
        count = sum(self._of_function(*one, owner, handed=True) for one in own)
        return count + sum(self._of_function(*one, owner) for one in inherited if one is not None)

    def of_definition(self, module: Module, node: Definition) -> int:
        """Return how many places of a function, or of a class's methods, assert."""
        return self._of_function(module, node, node if isinstance(node, ast.ClassDef) else None)

    def _of_call(  # noqa: PLR0911 - one for each kind of name
        self, module: Module, call: ast.Call, func: ast.expr, owner: ast.ClassDef | None, within: Definition
    ) -> int:
        full, name = module.full(func), last(func)
        if full.startswith("warnings."):
            return int(_says_error(call))
        receiver = dotted(func).rpartition(".")[0] if isinstance(func, ast.Attribute) else ""
        if receiver in {"self", "cls"} and owner is not None:
            method = self._project.method(module, owner, name)
            if method is not None:
                return 0 if _goes_through_none(call, method[1]) else min(1, self._of_function(*method, owner))
        words = {word.lower() for word in _WORDS.findall(name)}
        root = receiver.partition(".")[0]
        known = root in module.imports.names or root in module.defined
        found = self._project.resolve(full, module) if known or isinstance(func, ast.Name) else None
        if found is not None:  # what it does counts, whatever it is called; a plain name counts as a reference
            return 0 if isinstance(func, ast.Name) else min(1, self.of_definition(*found))
        if full in _KNOWN or full.startswith(_TESTING) or name in _KNOWN_METHODS or _runs_checked(call):
            return 1
        if full in _BUILDERS and isinstance(module.source.parents.get(call), ast.Expr):
            return 0  # says of what, and not what
        if _STRONG & words or (isinstance(func, ast.Attribute) and self._asserts_by_name(name)):
            return 1
        return self._of_weak(module, full, root, func, within) if _WEAK & words else 0

    def _of_weak(self, module: Module, full: str, root: str, func: ast.expr, within: Definition) -> int:
        """``check_x(...)``: not the product's own function, and not the method of an object of unknown kind."""
        if isinstance(func, ast.Name):
            inner = (one for one in own_nodes(within) if isinstance(one, Function))
            if func.id in module.defined or any(one.name == func.id for one in inner):
                return 0  # followed as a reference, or as what stands within
            return 0 if func.id in module.imports.names and self._project.is_own(full, module.path) else 1
        if root in {"self", "cls"}:
            return 1
        if root in module.imports.names:
            own = self._project.is_own(module.imports.names[root], module.path)
            return 0 if own or module.imports.names[root].partition(".")[0] in {"re", "os", "fnmatch"} else 1
        parameters = arguments(within) if not isinstance(within, ast.ClassDef) else []
        return int(root in parameters and self._fixtures.find(root, module) is None)

    def _asserts_by_name(self, name: str) -> bool:
        """Whether everything in the tests that is called so asserts: the receiver's class is not known."""
        if name in _COMMON or len(name) < 4:
            return False
        if self._by_name is None:
            self._by_name = self._project.by_name()
        known = [(module, one) for module, one in self._by_name.get(name, []) if not isinstance(one, ast.ClassDef)]
        return bool(known) and all(self._of_function(module, one, None) for module, one in known)

    def _by_decorators(self, test: Test) -> int:
        found = 0
        for decorator in test.decorators:
            for node in walk(decorator):
                name = last(node)
                if name and {word.lower() for word in _WORDS.findall(name)} & (
                    _STRONG | {"compare", "comparison", "snapshot"}
                ):
                    found += 1
                elif isinstance(node, ast.Name):
                    found += self._of_reference(test.module, node.id, test.node)
        errors = (call for name, call in marks(test) if name == "filterwarnings" and isinstance(call, ast.Call))
        return found + sum(_says_error(call) for call in errors)

    def _by_fixtures(self, test: Test) -> int:
        used = {*arguments(test.node), *self._fixtures.marked(test)} - {"self", "cls"}
        called = {
            dotted(node.func).partition(".")[0]
            for node in walk(test.node)
            if isinstance(node, ast.Call) and dotted(node.func)
        }
        entered = {
            dotted(item.context_expr)
            for node in walk(test.node)
            if isinstance(node, (ast.With, ast.AsyncWith))
            for item in node.items
        }
        return sum(
            self._of_fixture(test.module, name, uses=name in called or name in entered, asked=_asked(test, name))
            for name in sorted(used)
        )

    def _of_fixture(
        self, module: Module, name: str, *, uses: bool, depth: int = 6, asked: set[str] | None = None
    ) -> int:
        """``asked``: the methods that the test calls of what the fixture gives; None where it hands that on."""
        found = self._fixtures.find(name, module)
        if found is None:
            return int(name in CHECKING_FIXTURES)
        where, fixture = found
        count = 0
        yielded = next(
            (node.lineno for node in own_nodes(fixture) if isinstance(node, (ast.Yield, ast.YieldFrom))), None
        )
        for child, nested in walk_own(fixture):
            line = getattr(child, "lineno", 0)
            made = self._made(where, child) if asked is not None else None
            if made is not None:
                checks = min(1, self._of_methods(*made, asked or set()))
            else:
                checks = self._of_node(where, child, None, fixture, nested=nested)
            later = yielded is not None and line > yielded
            around = isinstance(child, ast.Call) and any(
                isinstance(above, (ast.With, ast.AsyncWith)) and yielded is not None
                and above.lineno <= line <= yielded <= (above.end_lineno or 0)
                for above in where.source.enclosing(child)
            )  # fmt: skip
            count += checks if (later or around or (uses and (nested or not isinstance(child, ast.Assert)))) else 0
        if depth > 0:
            count += sum(
                self._of_fixture(where, one, uses=uses, depth=depth - 1) for one in arguments(fixture) if one != name
            )
        return min(1, count)

    def _made(self, where: Module, node: ast.AST) -> tuple[Module, Definition] | None:
        """Return the class of the tests whose object a fixture gives, where ``node`` names it for that."""
        call = where.source.parents.get(node)
        if not (isinstance(node, ast.Name) and isinstance(call, ast.Call) and call.func is node):
            return None
        above = where.source.parents.get(call)
        found = self._project.resolve(where.full(node), where) if isinstance(above, (ast.Return, ast.Yield)) else None
        return found if found is not None and isinstance(found[1], ast.ClassDef) else None

    def _by_class(self, test: Test) -> int:
        """Assertions in the tear-down methods of the test's class."""
        if test.owner is None:
            return 0
        found = 0
        for name in ("tearDown", "teardown_method", "asyncTearDown"):
            method = self._project.method(test.module, test.owner, name)
            if method is not None:
                found += min(1, self._of_function(method[0], method[1], test.owner))
        return found


def _asked(test: Test, name: str) -> set[str] | None:
    """Return what a test asks of a parameter by name; None where it does anything else with it."""
    parents = test.module.source.parents
    uses = [one for one in walk(test.node) if isinstance(one, ast.Name) and one.id == name]
    above = [parents.get(one) for one in uses]
    return {one.attr for one in above if isinstance(one, ast.Attribute)} if all(
        isinstance(one, ast.Attribute) for one in above
    ) else None  # fmt: skip


def _takes_failures(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes a failed assertion and goes on."""
    names = {last(part) for part in walk(handler.type)} if handler.type is not None else {"BaseException"}
    told = (ast.Raise, ast.Assert, ast.Assign, ast.AugAssign, ast.Call, ast.Continue)
    return bool(names & {"AssertionError", "Exception", "BaseException"}) and not any(
        isinstance(one, told) for one in own_nodes(handler)
    )


def _run_silently(helper: Function) -> set[ast.AST]:
    """Return the calls of a function's own parameters within a ``try`` that takes whatever they raise."""
    given = set(arguments(helper))
    return {
        part
        for one in own_nodes(helper)
        if isinstance(one, ast.Try) and any(map(_takes_failures, one.handlers))
        for statement in one.body
        for part in walk(statement)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in given
    }


def _is_dropped(module: Module, call: ast.Call) -> bool:
    """Whether what a call gives is thrown away: a statement of its own, or closed at once."""
    above = module.source.parents.get(call)
    if isinstance(above, ast.Attribute) and above.attr == "close":
        return True
    return isinstance(above, ast.Expr)


def _goes_through_none(call: ast.Call, helper: Definition) -> bool:
    """Whether a helper asserts only in a loop over ``*things``, and is given none of them."""
    if not isinstance(helper, Function) or helper.args.vararg is None:
        return False
    if any(isinstance(one, ast.Starred) for one in call.args):
        return False
    named = len(helper.args.posonlyargs) + len(helper.args.args)
    if call.func is not None and isinstance(call.func, ast.Attribute):
        named -= 1  # self
    loops = [one for one in helper.body if isinstance(one, ast.For) and last(one.iter) == helper.args.vararg.arg]
    others = [one for one in helper.body if one not in loops and not isinstance(one, (ast.Assign, ast.Expr))]
    return bool(loops) and not others and len(call.args) <= named and not any(
        isinstance(part, ast.Call) for one in helper.body if isinstance(one, ast.Expr) for part in walk(one)
    )  # fmt: skip


def _stays(module: Module, call: ast.Call, calls: list[ast.Call]) -> bool:
    """Whether what a call gives is used here only: its attributes read, its methods called."""
    above = module.source.parents.get(call)
    match above:
        case ast.Expr() | ast.Attribute():
            return True
        case ast.Assign(targets=[ast.Name(id=name)]):
            given = (part for one in calls for part in (*one.args, *(word.value for word in one.keywords)))
            return not any(isinstance(part, ast.Name) and part.id == name for part in given)
        case _:
            return False


def _never_called(node: Definition) -> set[ast.AST]:
    """Return the nodes of functions within that nothing there names: what they assert is never asserted."""
    if isinstance(node, ast.ClassDef):
        return set()
    inner = [one for one, _ in walk_own(node) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
    plain = [one for one in inner if not one.decorator_list and isinstance(one.name, str) and one in node.body]
    if not plain:
        return set()
    dropped = _dropped_coroutines(node)
    named = {one.id for one, _ in walk_own(node) if isinstance(one, ast.Name) and one not in dropped}
    returned = any(isinstance(one, ast.Name) and one.id in {"locals", "globals", "vars"} for one, _ in walk_own(node))
    idle = [] if returned else [one for one in plain if one.name not in named]
    return {inside for one in idle for inside in walk(one)}


def _dropped_coroutines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[ast.AST]:
    """Return the names by which coroutines are made that nobody awaits: ``check()``, ``check().close()``."""
    coroutines = {one.name for one in own_nodes(node) if isinstance(one, ast.AsyncFunctionDef)}
    found: set[ast.AST] = set()
    for one in own_nodes(node) if coroutines else ():
        value = one.value if isinstance(one, ast.Expr) else None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "close":
            value = value.func.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in coroutines:
            found.add(value.func)
    return found


def _within(statement: ast.stmt, idle: set[ast.AST]) -> Iterator[tuple[ast.AST, bool]]:
    is_scope = isinstance(statement, SCOPES)
    return ((node, nested or is_scope) for node, nested in walk_own(statement) if node not in idle)


def _says_error(call: ast.Call) -> bool:
    words = [one.value for one in call.args if isinstance(one, ast.Constant)]
    words += [one.value.value for one in call.keywords if isinstance(one.value, ast.Constant) and one.arg == "action"]
    return any(str(word).startswith("error") for word in words)


def _runs_checked(call: ast.Call) -> bool:
    return any(
        one.arg in {"check", "raise_on_error", "strict_check"} and getattr(one.value, "value", None) is True
        for one in call.keywords
    )


def _raises_assertion(node: ast.Raise) -> bool:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return raised is not None and last(raised) == "AssertionError"


def is_assertion(node: ast.AST) -> bool:
    """Whether a statement or call by itself asserts: ``assert``, ``self.assertEqual(…)``, ``pytest.fail()``."""
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = last(node.func)
    return name.startswith("assert") or dotted(node.func) in {"pytest.fail", "self.fail"}


def asserts_within(nodes: list[ast.stmt]) -> list[ast.AST]:
    """Return the assertions that run when the statements do."""
    holder = ast.Module(body=nodes, type_ignores=[])
    return [node for node in own_nodes(holder) if is_assertion(node)]
