"""``assert order.is_paid`` where ``is_paid`` is a method: it is named and not called, and a method is always true.

What an object is, a text does not say. So it is only told where everything of that name in the project, product and
tests, is a plain method of a class, nothing of that name is ever stored or spelt as text, nothing else names it without
calling it, and the object does not come from somebody else's library or fixture.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.files import Function, UnreadableError, parsed, python_files, text_of
from brinell.suite.quality.found_tests import Test
from brinell.suite.quality.names import arguments, dotted, last
from brinell.suite.quality.nodes import own_nodes, walk, walk_own
from brinell.suite.quality.scan import Scan, code, found

_MOST_FILES = 3000
_MOST_BYTES = 20_000_000
_TRUTHS = {"self.assertTrue", "self.assert_"}

_EVERYBODYS = {
    "exists", "is_file", "is_dir", "is_symlink", "is_alive", "is_set", "startswith", "endswith", "isdigit", "isalpha",
    "isalnum", "isupper", "islower", "isspace", "issubset", "issuperset", "isdisjoint", "keys", "popitem",
}  # fmt: skip
"""Methods of the standard library's objects: what has one of these is hardly ever anything else."""

Place = tuple[Test, ast.AST, ast.Attribute]


def uncalled_methods(scan: Scan) -> Iterator[Weakness]:
    """Yield the assertions on a method that is not called."""
    asked: dict[str, list[Place]] = defaultdict(list)
    for test in scan.tests:
        for node, _ in walk_own(test.node):
            attribute = _asserted(node)
            if attribute is not None and _may_be_ours(scan, test, attribute):
                asked[attribute.attr].append((test, node, attribute))
    for name in _plain_methods(scan, asked) if asked else ():
        for test, node, attribute in asked[name]:
            yield found(
                "cannot-fail", test.module, node, test=test.id, variant="uncalled", name=code(attribute), detail=name
            )


def _asserted(node: ast.AST) -> ast.Attribute | None:
    match node:
        case ast.Assert(test=ast.Attribute() as attribute):
            return attribute
        case ast.Call(func=ast.Attribute() as func, args=[ast.Attribute() as attribute, *_]) if dotted(func) in _TRUTHS:
            return attribute
        case _:
            return None


def _may_be_ours(scan: Scan, test: Test, attribute: ast.Attribute) -> bool:
    """Whether the object can be one of the project's: no module, class, other's fixture, nor what a library gave."""
    name, _, rest = dotted(attribute.value).partition(".")
    if attribute.attr in _EVERYBODYS and name:
        return name not in test.module.imports.names
    if not name or (name in {"self", "cls"} and not rest) or attribute.attr.startswith("__"):
        return False
    if name in test.module.imports.names or name in test.module.defined or name in test.module.values:
        return False
    if name in arguments(test.node) and name != "self":
        return scan.fixtures.find(name, test.module) is not None
    return not any(_is_foreign(scan, test, call) for call in _binding(test, name))


def _binding(test: Test, name: str) -> Iterator[ast.Call]:
    """Yield the calls in the statements that give a name a value."""
    for node in own_nodes(test.node):
        targets: list[ast.expr | None] = []
        match node:
            case ast.Assign():
                targets, values = [*node.targets], [node.value]
            case ast.For() | ast.AsyncFor():
                targets, values = [node.target], [node.iter]
            case ast.With() | ast.AsyncWith():
                targets = [item.optional_vars for item in node.items]
                values = [item.context_expr for item in node.items]
            case _:
                continue
        if any(getattr(part, "id", "") == name for one in targets if one is not None for part in walk(one)):
            yield from (part for value in values for part in walk(value) if isinstance(part, ast.Call))


def _is_foreign(scan: Scan, test: Test, call: ast.Call) -> bool:
    """Whether a call is of something imported that is not the project's, or of another's fixture."""
    root = dotted(call.func).partition(".")[0]
    if root in test.module.imports.names:
        return not scan.project.is_own(test.module.imports.names[root], test.module.path)
    return root in arguments(test.node) and root != "self" and scan.fixtures.find(root, test.module) is None


def _plain_methods(scan: Scan, asked: dict[str, list[Place]]) -> list[str]:
    """Return the names that are methods and nothing else, in all of the project's Python files."""
    any_of = "|".join(map(re.escape, asked))
    defining = re.compile(rf"\bdef\s+({any_of})\s*\(")
    otherwise = re.compile(rf"\b({any_of})\s*(?::(?!=)|=(?!=))|['\"]({any_of})['\"]")
    uses = re.compile(rf"\.({any_of})\b(?!\s*\()")
    left = {name: len(places) for name, places in asked.items()}
    methods: set[str] = set()
    others: set[str] = set()
    read_bytes = 0
    for number, path in enumerate(python_files(scan.project.root, (".",))):
        try:
            raw = text_of(scan.project.root, path)
        except UnreadableError:
            continue
        read_bytes += len(raw)
        if number >= _MOST_FILES or read_bytes > _MOST_BYTES:
            return []  # what was not read may say otherwise
        text = raw.decode("utf-8", "replace")
        others.update(one for match in otherwise.finditer(text) for one in match.groups() if one)
        for match in uses.finditer(text):
            left[match[1]] -= 1
        if any(match[1] not in others for match in defining.finditer(text)):
            plain, rest = _defined(raw, set(asked))
            methods |= plain
            others |= rest
    known = (methods | _EVERYBODYS) - others
    return [name for name in asked if name in known and (left[name] >= 0 or name in _EVERYBODYS)]


def _defined(raw: bytes, names: set[str]) -> tuple[set[str], set[str]]:
    """Return the names that a file defines as plain methods, and those that it makes anything else of."""
    plain: set[str] = set()
    others: set[str] = set()
    try:
        tree = parsed(raw)
    except UnreadableError:
        return set(), names
    for owner in walk(tree):
        for one in owner.body if isinstance(owner, ast.ClassDef) else ():
            if isinstance(one, Function) and one.name in names:
                (others if one.decorator_list else plain).add(one.name)
        if isinstance(owner, ast.Call) and last(owner.func) == "property":
            others |= {last(one) for one in owner.args} & names
    return plain, others
