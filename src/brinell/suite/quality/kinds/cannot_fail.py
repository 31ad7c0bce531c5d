"""Assertions that cannot fail: true whatever the code does, never reached, or caught again.

``assert (x, "msg")``, ``assert True``, ``assert x == x``, an assertion behind ``return`` or behind what raises inside
``pytest.raises``, one whose failure an ``except`` swallows, a mock's assertion that is misspelt or not called, a method
of the project's that is asserted and not called, and ``pytest.raises(…)`` that is neither entered nor given a function.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.kinds.always import truth
from brinell.suite.quality.kinds.dead_code import dead_assertions
from brinell.suite.quality.kinds.mock_typos import mock_typos
from brinell.suite.quality.kinds.swallowing import swallowed_assertions
from brinell.suite.quality.kinds.truths import always_true
from brinell.suite.quality.kinds.uncalled import uncalled_methods
from brinell.suite.quality.names import Definition, dotted, imported_names, last, local_names
from brinell.suite.quality.nodes import SCOPES, own_nodes, walk, walk_own
from brinell.suite.quality.scan import Scan, code, found

KIND = "cannot-fail"
_REFLEXIVE = re.compile(
    r"(?:\b|_)(?:eq|equal\w*|equivalen\w+|ne|nan|hash\w*|cmp|compar\w+|reflexiv\w+|singleton|lt|gt|le|ge)(?:\b|_)|__eq__",
    re.IGNORECASE,
)
_PAIRS = {
    "assertEqual",
    "assertEquals",
    "assertIs",
    "assertLessEqual",
    "assertGreaterEqual",
    "assertListEqual",
    "assertDictEqual",
}
_EXPECTING = {
    "pytest.raises": 1, "pytest.warns": 1, "pytest.deprecated_call": 0, "self.assertRaises": 1, "self.assertWarns": 1,
    "self.assertRaisesRegex": 2, "self.assertWarnsRegex": 2,
}  # fmt: skip
"""Context managers that expect, and with how many arguments they are not given a function to call instead."""
_TRUTHS = {"assertTrue", "assert_"}
_AGAIN = {"len"}  # to go through a thing twice may well be the point
_HOLDING = {*_TRUTHS, "assertIsNone"}
_OF_ONE = {*_HOLDING, "assertFalse", "assertIsNotNone"}
_COMPARING: dict[str, type[ast.cmpop]] = {
    "assertEqual": ast.Eq, "assertEquals": ast.Eq, "assertNotEqual": ast.NotEq, "assertIs": ast.Is,
    "assertIsNot": ast.IsNot, "assertIn": ast.In, "assertNotIn": ast.NotIn, "assertGreater": ast.Gt,
    "assertGreaterEqual": ast.GtE, "assertLess": ast.Lt, "assertLessEqual": ast.LtE,
}  # fmt: skip


def cannot_fail(scan: Scan) -> Iterator[Weakness]:
    """Yield assertions of tests that hold whatever happens."""
    for test in scan.tests:
        yield from _in_test(test)
        yield from dead_assertions(test)
        yield from swallowed_assertions(scan, test)
        yield from mock_typos(test)
        yield from always_true(scan, test)
    yield from uncalled_methods(scan)


def _in_test(test: Test) -> Iterator[Weakness]:
    for node, _ in walk_own(test.node):
        variant, about = "", ""
        if isinstance(node, ast.Assert):
            variant, about = _of_condition(test, node.test)
        elif isinstance(node, ast.Call) and last(node.func).startswith("assert"):
            variant, about = _of_call(test, node)
        elif isinstance(node, ast.Expr):
            variant, about = _of_statement(test, node)
        if variant and not (variant == "itself" and _is_about_equality(test) and not _is_of_subject(test, node)):
            yield found(KIND, test.module, node, test=test.id, variant=variant, name=about)


def _of_condition(test: Test, condition: ast.expr) -> tuple[str, str]:
    """Return (pattern, the condition as text) of an asserted condition that always holds."""
    variant = ""
    match condition:
        case ast.Tuple(elts=[_, *_]):
            variant = "tuple"
        case ast.Constant(value=value) if value:
            variant = "constant"
        case ast.JoinedStr(values=values) if any(isinstance(one, ast.Constant) and one.value for one in values):
            variant = "text"
        case ast.List(elts=[_, *_]) | ast.Set() | ast.Dict(keys=[_, *_]):
            variant = "constant"
        case ast.Lambda() | ast.GeneratorExp():
            variant = "object"
        case ast.Name(id=name) if _is_object(test, name):
            variant = "object"
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kinds]) if _takes_all(kinds):
            variant = "constant"
        case ast.BoolOp(op=ast.Or(), values=values) if any(
            isinstance(one, ast.Constant) and one.value for one in values
        ):
            variant = "constant"
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)) if not value:
            variant = "constant"
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            variant = _of_comparison(_origin(test, left), operator, _origin(test, right))
        case _:
            pass
    if not variant and truth(test, condition):
        variant = "constant"
    return (variant, code(condition)) if variant else ("", "")


def _is_object(test: Test, name: str) -> bool:
    """Whether a name is a function or a class and nothing else: defined here, or imported for sure and called here."""
    module = test.module
    around = (test.node, *module.functions_around(test.node))
    if any(name in local_names(one) for one in around):
        return False
    everywhere = (node for node in walk(module.source.tree) if _binds(node, name))
    binding = [node for node in everywhere if not any(True for _ in module.functions_around(node))]
    if name in module.defined:
        return all(isinstance(one, ast.ClassDef) or not getattr(one, "decorator_list", [1]) for one in binding)
    if len(binding) != 1 or module.source.parents.get(binding[0]) is not module.source.tree:
        return False  # imported where it may be missing, or given another value
    is_from = isinstance(binding[0], ast.ImportFrom)
    return is_from and any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
        for node in walk(module.source.tree)
    )


def _binds(node: ast.AST, name: str) -> bool:
    """Whether a node gives a name a value."""
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Load)
    return (isinstance(node, Definition) and node.name == name) or name in imported_names(node)


def _takes_all(kinds: ast.expr) -> bool:
    """``object``, or a tuple with it: everything is one."""
    return any(isinstance(one, ast.Name) and one.id == "object" for one in getattr(kinds, "elts", [kinds]))


def _of_comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
        return "constant" if _constant_truth(left, operator, right) else ""
    if isinstance(operator, (ast.Eq, ast.LtE, ast.GtE)) and _is_same(left, right):
        return "itself"
    if isinstance(operator, ast.Is) and isinstance(left, ast.Name) and _is_same(left, right):
        return "itself"  # of an attribute it may be the question whether it is made anew
    if isinstance(operator, ast.Gt) and _is_size(left) and isinstance(right, ast.UnaryOp):
        return "size"
    return "size" if isinstance(operator, ast.GtE) and _is_size(left) and _is_zero(right) else ""


def _origin(test: Test, node: ast.expr) -> ast.expr:
    """Return the variable that a variable is another name of: assigned once, from one that is assigned once at most.

    Only of what stands in the test itself: in a function or class within, a name may be another's.
    """
    around = (one for one in test.module.source.enclosing(node) if isinstance(one, SCOPES))
    if not isinstance(node, ast.Name) or next(around, None) is not test.node:
        return node
    values = _values(test, node.id)
    if len(values) != 1 or not isinstance(values[0], ast.Name) or len(_values(test, values[0].id)) > 1:
        return node
    return values[0]


def _values(test: Test, name: str) -> list[ast.expr | None]:
    """Return what a name is given in a test, wherever; None for what is not a plain assignment."""
    found_: list[ast.expr | None] = []
    for node, _ in walk_own(test.node):
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == name for one in node.targets):
            found_.append(node.value)
        elif isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
            parent = test.module.source.parents.get(node)
            if not isinstance(parent, ast.Assign):
                found_.append(None)
        elif isinstance(node, ast.arg) and node.arg == name:
            found_.append(None)
    return found_


def _constant_truth(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> bool:
    one, other = getattr(left, "value", None), getattr(right, "value", None)
    if isinstance(operator, (ast.Eq, ast.Is)):
        return bool(one == other)
    return isinstance(operator, (ast.NotEq, ast.IsNot)) and bool(one != other)


def _is_same(one: ast.expr, other: ast.expr) -> bool:
    """Whether both are the same variable, attribute or item; a call may well give something else the second time."""
    if not isinstance(one, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
        return False
    for part in walk(one):
        if isinstance(part, (ast.Await, ast.Yield, ast.NamedExpr)):
            return False
        if isinstance(part, ast.Call) and not (isinstance(part.func, ast.Name) and part.func.id in _AGAIN):
            return False
    return ast.dump(one) == ast.dump(other)


def _is_size(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func) == "len"


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0 and not isinstance(node.value, bool)


def _of_call(test: Test, call: ast.Call) -> tuple[str, str]:
    """Return the same of a call such as ``self.assertEqual(a, a)``."""
    name, variant = last(call.func), ""
    match call.args:
        case [one, other, *_] if name in _PAIRS and _is_same(one, other):
            variant = "itself"
        case [ast.Tuple(elts=[_, *_]), *_] if name in _TRUTHS:
            variant = "tuple"
        case [asked, second] if name in _OF_ONE and _is_expected(asked, second):
            variant = "second-is-message"
        case [_, kinds, *_] if name == "assertIsInstance" and _takes_all(kinds):
            variant = "constant"
        case [*given] if given and isinstance(call.func, ast.Attribute) and _always_holds(test, name, given):
            variant = "constant"
        case _:
            pass
    return (variant, code(call)) if variant else ("", "")


def _always_holds(test: Test, name: str, given: list[ast.expr]) -> bool:
    """Whether an assertion of unittest holds of what it is given, whatever the code under test does."""
    if name in _OF_ONE:
        asked = given[0]
        if "None" in name:
            asked = ast.Compare(asked, [ast.Is()], [ast.Constant(None)])
        return truth(test, asked) is (name in _HOLDING)
    comparing = _COMPARING.get(name)
    if comparing is None or len(given) < 2:
        return False
    return truth(test, ast.Compare(given[0], [comparing()], [given[1]])) is True


def _is_expected(asked: ast.expr, second: ast.expr) -> bool:
    """``assertTrue(x, 3)``, ``assertIsNotNone(f(1), f(2))``: the second argument is a value where a message belongs."""
    if isinstance(second, ast.Constant):
        return not isinstance(second.value, str) and second.value is not None
    if isinstance(second, (ast.List, ast.Tuple, ast.Set)):
        return not isinstance(asked, (ast.Compare, ast.BoolOp, ast.UnaryOp))
    if not (isinstance(asked, ast.Call) and isinstance(second, ast.Call)):
        return False
    return last(asked.func) not in {"", "str", "repr", "format"} and ast.dump(asked.func) == ast.dump(second.func)


def _of_statement(test: Test, statement: ast.Expr) -> tuple[str, str]:
    """A statement that was meant to assert: a comparison thrown away, an assertion that is not called."""
    value = statement.value
    if isinstance(value, ast.Call) and _expects_nothing(test, value):
        return "not-entered", code(value)
    if isinstance(value, ast.Attribute) and value.attr.startswith("assert") and not _is_guarded(test, statement):
        return "not-called", code(value)
    if isinstance(value, ast.Compare) and isinstance(
        value.ops[0], (ast.Eq, ast.NotEq, ast.In, ast.Is, ast.NotIn, ast.IsNot)
    ):
        return ("", "") if _is_guarded(test, statement) else ("thrown-away", code(value))
    return "", ""


def _expects_nothing(test: Test, call: ast.Call) -> bool:
    """Whether a call makes a context manager that expects something, and is given nothing to call."""
    most = _EXPECTING.get(_called(test, call))
    if most is None or any(isinstance(one, ast.Starred) for one in call.args):
        return False
    return len(call.args) <= most and all(one.arg in {"match", "msg", "check"} for one in call.keywords)


def _called(test: Test, call: ast.Call) -> str:
    name = dotted(call.func)
    return name if name.startswith("self.") else test.module.full(call.func)


def _is_guarded(test: Test, statement: ast.stmt) -> bool:
    """Whether what surrounds a statement waits for it to raise, or warn."""
    for above in test.module.source.enclosing(statement):
        if above is test.node:
            return False
        if isinstance(above, (ast.With, ast.AsyncWith, ast.Try, ast.Lambda)):
            return True
    return False


def _is_about_equality(test: Test) -> bool:
    """Whether a test is about what equality itself does, where comparing a thing with itself is the point."""
    words = [test.node.name, *(one.name for one in test.owners), ast.get_docstring(test.node) or ""]
    others = any(
        (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.NotEq))
        or (isinstance(node, ast.Call) and last(node.func) in {"hash", "__eq__", "__ne__"})
        for node in own_nodes(test.node)
    )
    return others or bool(_REFLEXIVE.search(" ".join([*words, test.module.source.comments_within(test.node)])))


def _is_of_subject(test: Test, node: ast.AST) -> bool:
    """Whether what is compared with itself is a part of what the test compares with something else as a whole.

    Then the whole's equality is the point, and not the part's.
    """
    part = next(iter(_sides(node)), None)
    root = part
    while isinstance(root, (ast.Attribute, ast.Subscript)):
        root = root.value
    if root is part or not isinstance(root, ast.Name):
        return False
    for other in own_nodes(test.node):
        sides = _sides(other)
        if root.id in {getattr(one, "id", "") for one in sides} and len({ast.dump(one) for one in sides}) > 1:
            return True
    return False


def _sides(node: ast.AST) -> list[ast.expr]:
    """Return what a comparison, or an assertion of one, compares."""
    match node:
        case ast.Assert(test=ast.Compare() as compared):
            return _sides(compared)
        case ast.Compare(left=left, comparators=comparators):
            return [left, *comparators]
        case ast.Call(func=func, args=[one, other, *_]) if last(func) in {*_PAIRS, "assertNotEqual"}:
            return [one, other]
        case _:
            return []
