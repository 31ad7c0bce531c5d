"""What a condition comes to whatever the code under test does, as far as the test's own text says.

Values are followed through variables that a test gives once, to constants; both sides of ``x or not x`` are known for
what they are, and what is never None, never empty, or equal to everything (``mock.ANY``). Everything else is unknown.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.nodes import SCOPES, walk, walk_own

UNKNOWN = object()
_ANY = object()  # mock.ANY
_MOST_DEPTH = 12
_COMPARING: dict[type[ast.cmpop], Callable[[object, object], object]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,  # type: ignore[dict-item]
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.eq, ast.IsNot: operator.ne,  # type: ignore[dict-item]
    ast.In: lambda one, other: one in other, ast.NotIn: lambda one, other: one not in other,  # type: ignore[operator]
}  # fmt: skip
_OPPOSITES = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_OF_TEXT = {"upper", "lower", "strip", "title", "capitalize", "startswith", "endswith", "isdigit", "isupper", "islower"}
_TRUTHS = {"isinstance", "issubclass", "hasattr", "callable", "bool", "any", "all"}
_NEVER_NONE = {"len", "str", "repr", "sorted", "list", "set", "dict", "tuple", "int", "float", "type", "id", *_TRUTHS}
_PURE = {*_NEVER_NONE, "abs", "min", "max", "sum", "frozenset", "round"}
_CHANGING = {"sort", "append", "extend", "reverse", "insert", "clear"}
_LISTS = (ast.List, ast.ListComp)


def truth(test: Test, node: ast.expr, depth: int = _MOST_DEPTH) -> bool | None:  # noqa: PLR0911 - a row for each form
    """Return whether a condition always holds (True) or never does (False); None where that depends."""
    if depth <= 0:
        return None
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = truth(test, operand, depth - 1)
            return None if inner is None else not inner
        case ast.BoolOp(op=joint, values=values):
            return _of_joint(test, values, is_or=isinstance(joint, ast.Or), depth=depth)
        case ast.IfExp(body=one, orelse=other):
            both = {truth(test, one, depth - 1), truth(test, other, depth - 1)}
            return both.pop() if len(both) == 1 else None
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [left, *comparators]
            pairs = [_of_pair(test, *one, depth) for one in zip(sides, ops, comparators, strict=False)]
            return False if False in pairs else True if all(pairs) else None
        case ast.List(elts=parts) | ast.Set(elts=parts) | ast.Tuple(elts=parts):
            return None if any(isinstance(one, ast.Starred) for one in parts) else bool(parts)
        case ast.Call(func=ast.Name(id="all" | "any" as name), args=[gone]) if _is_of_nothing(test, gone):
            return name == "all"
        case ast.Call(func=ast.Name(id="isinstance"), args=[one, ast.Call(func=ast.Name(id="type"), args=[other])]):
            return True if _is_same(one, other) else None
        case ast.Call(func=ast.Attribute(attr="startswith" | "endswith"), args=[ast.Constant(value="")]):
            return True
        case ast.Call(func=ast.Name(id="hasattr"), args=[_, ast.Constant(value="__class__" | "__dict__" | "__doc__")]):
            return True
        case _:
            value = value_in(test, node, depth)
            return None if value is UNKNOWN or value is _ANY else bool(value)


def _of_joint(test: Test, values: list[ast.expr], *, is_or: bool, depth: int) -> bool | None:
    known = [truth(test, one, depth - 1) for one in values]
    if is_or in known:
        return is_or
    for place, one in enumerate(values):
        if any(_are_opposites(one, other) for other in values[place + 1 :]):
            return is_or
    return None if None in known else not is_or


def _are_opposites(one: ast.expr, other: ast.expr) -> bool:
    """Whether of two conditions exactly one holds: ``x`` and ``not x``, ``x > 1`` and ``x <= 1``."""
    if isinstance(other, ast.UnaryOp) and isinstance(other.op, ast.Not):
        return _is_same(one, other.operand)
    if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not):
        return _is_same(one.operand, other)
    match one, other:
        case ast.Compare(left=a, ops=[first], comparators=[b]), ast.Compare(left=c, ops=[second], comparators=[d]):
            return _OPPOSITES.get(type(first)) is type(second) and _is_same(a, c) and _is_same(b, d)
        case _:
            return False


def _is_same(one: ast.AST, other: ast.AST) -> bool:
    """Whether two expressions are the same, and nothing in them can give something else the second time."""
    for part in walk(one):
        if isinstance(part, (ast.Await, ast.Yield, ast.NamedExpr)):
            return False
        if isinstance(part, ast.Call) and _called(part) not in _PURE:
            return False
    return ast.dump(one) == ast.dump(other)


def _of_pair(test: Test, left: ast.expr, compared: ast.cmpop, right: ast.expr, depth: int) -> bool | None:  # noqa: PLR0911 - one for each form
    """Return what one comparison comes to."""
    one, other = value_in(test, left, depth - 1), value_in(test, right, depth - 1)
    if _ANY in (one, other):
        return {ast.Eq: True, ast.NotEq: False}.get(type(compared))
    if isinstance(compared, (ast.Is, ast.IsNot)) and other is None and one is UNKNOWN and _is_never_none(left):
        return isinstance(compared, ast.IsNot)
    if isinstance(compared, ast.In) and isinstance(right, (ast.Tuple, ast.List, ast.Set)):
        given = [value_in(test, part, depth - 1) for part in right.elts]
        if _is_truth(left) and any(part is True for part in given) and any(part is False for part in given):
            return True
    if isinstance(compared, ast.In) and isinstance(left, ast.Constant) and left.value == "" and one == "":
        return True if not isinstance(right, (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Name)) else None
    if isinstance(compared, ast.GtE) and other == 0 and type(other) is int and _called(left) == "abs":
        return True
    if one is UNKNOWN or other is UNKNOWN:
        return None
    try:
        return bool(_COMPARING[type(compared)](one, other))
    except (TypeError, ValueError):
        return None


def _is_truth(node: ast.expr) -> bool:
    """Whether an expression is True or False for certain."""
    if isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        return True
    return _called(node) in _TRUTHS or (isinstance(node, ast.Attribute) and node.attr == "called")


def _is_never_none(node: ast.expr) -> bool:
    literal = isinstance(node, (ast.List, ast.Dict, ast.Set, ast.Tuple, ast.JoinedStr, ast.Lambda, ast.ListComp))
    return literal or _called(node) in _NEVER_NONE or isinstance(node, (ast.DictComp, ast.SetComp, ast.GeneratorExp))


def _called(node: ast.expr) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def value_in(test: Test, node: ast.expr, depth: int = _MOST_DEPTH) -> object:  # noqa: PLR0911 - a row for each form
    """Return the constant that an expression comes to in a test; ``UNKNOWN`` where it depends on anything."""
    if depth <= 0:
        return UNKNOWN
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name():
            given = given_once(test, node)
            if given is None:
                return _ANY if test.module.full(node) == "unittest.mock.ANY" else UNKNOWN
            return value_in(test, given, depth - 1) if not isinstance(given, _LISTS) else UNKNOWN
        case ast.Attribute():
            return _ANY if test.module.full(node) == "unittest.mock.ANY" else UNKNOWN
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            negated = value_in(test, operand, depth - 1)
            return -negated if isinstance(negated, (int, float)) else UNKNOWN
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
            return _summed(value_in(test, left, depth - 1), value_in(test, right, depth - 1), sign)
        case ast.Tuple(elts=parts):
            values = tuple(value_in(test, one, depth - 1) for one in parts)
            return UNKNOWN if any(one is UNKNOWN or one is _ANY for one in values) else values
        case ast.Call(func=ast.Attribute(value=held, attr=name), args=[*given]) if not node.keywords:
            return _of_method(test, held, name, given, depth)
        case ast.Call(func=ast.Name(id="len"), args=[held]):
            whole = value_in(test, held, depth - 1)
            return len(whole) if isinstance(whole, (str, bytes, tuple)) else UNKNOWN
        case _:
            return UNKNOWN


def _summed(one: object, other: object, sign: ast.operator) -> object:
    if isinstance(one, str) and isinstance(other, str) and isinstance(sign, ast.Add):
        return one + other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one + other if isinstance(sign, ast.Add) else one - other
    return UNKNOWN


def _of_method(test: Test, held: ast.expr, name: str, given: list[ast.expr], depth: int) -> object:
    """``"A".lower()`` of a constant; and ``names.sort()``, which gives None of any list."""
    if name in _CHANGING:
        made = given_once(test, held) if isinstance(held, ast.Name) else held
        return (
            None if isinstance(made, _LISTS) or (made is not None and _called(made) in {"list", "sorted"}) else UNKNOWN
        )
    value = value_in(test, held, depth - 1)
    if not isinstance(value, str) or name not in _OF_TEXT:
        return UNKNOWN
    values = [value_in(test, one, depth - 1) for one in given]
    if any(not isinstance(one, str) for one in values):
        return UNKNOWN
    try:
        return getattr(value, name)(*values)
    except (TypeError, ValueError):
        return UNKNOWN


def given_once(test: Test, name: ast.expr) -> ast.expr | None:
    """Return what a variable is given in the test, or in its module, if it is given one thing and that only there."""
    if not isinstance(name, ast.Name) or name.id in test.module.imports.names:
        return None
    around = (one for one in test.module.source.enclosing(name) if isinstance(one, SCOPES))
    if next(around, None) is not test.node:
        return None
    values = _stored(test.node, name.id)
    if not values:
        return _of_module(test, name.id)
    return values[0] if len(values) == 1 else None


def _stored(scope: ast.AST, name: str) -> list[ast.expr | None]:
    """Return what a name is given below a node, functions within included; None for what is no plain assignment."""
    found: list[ast.expr | None] = []
    for node, _ in walk_own(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                found.append(value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                found.append(value)
            case ast.Name(id=target, ctx=ast.Store() | ast.Del()) if target == name:
                found.append(None)
            case ast.arg(arg=target) | ast.ExceptHandler(name=target) if target == name:
                found.append(None)
            case ast.Global(names=names) | ast.Nonlocal(names=names) if name in names:
                found.append(None)
            case ast.FunctionDef(name=target) | ast.AsyncFunctionDef(name=target) if target == name:
                found.append(None)
            case ast.MatchAs(name=target) | ast.MatchStar(name=target) if target == name:
                found.append(None)
            case _:
                pass
    plain = [one for one in found if one is not None]
    # each plain assignment stores its name as well: what is more than those is something else
    return found if len(found) != 2 * len(plain) else list(plain)


def _of_module(test: Test, name: str) -> ast.expr | None:
    value = test.module.values.get(name)
    if value is None or isinstance(value, _LISTS):
        return None
    return value if len(_stored(test.module.source.tree, name)) == 1 else None


def _is_of_nothing(test: Test, node: ast.expr) -> bool:
    """Whether an expression goes through nothing at all."""
    if isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        return _is_of_nothing(test, node.generators[0].iter)
    return is_nothing(test, node)


def is_nothing(test: Test, node: ast.expr) -> bool:
    """Whether an expression is an empty list, and stays so: written here, or a variable that nothing is put in."""
    match node:
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=0)]):
            return True
        case ast.Call(func=ast.Name(id="list" | "dict" | "set" | "tuple"), args=[], keywords=[]):
            return True
        case ast.Name(id=name):
            values = _stored(test.node, name)
            if len(values) != 1 or values[0] is None or isinstance(values[0], ast.Name):
                return False
            parents = test.module.source.parents
            reads = [one for one in walk(test.node) if isinstance(one, ast.Name) and one.id == name]
            only = all(
                not isinstance(one.ctx, ast.Load) or isinstance(parents.get(one), (ast.For, ast.comprehension))
                for one in reads
            )
            return only and is_nothing(test, values[0])
        case _:
            return False
