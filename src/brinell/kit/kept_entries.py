"""What a file that was written before holds: its entries, read as source and never run."""

from __future__ import annotations

import ast

Entry = dict[str, object]


def entries(text: str | None, name: str) -> list[Entry]:
    """Return the calls of ``name`` in a module's lists, as their keyword arguments; [] where it can't be read."""
    try:
        module = ast.parse(text or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    for node in module.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.List):
            continue
        calls = (one for one in node.value.elts if isinstance(one, ast.Call))
        found += [_arguments(one) for one in calls if isinstance(one.func, ast.Name) and one.func.id == name]
    return [entry for entry in found if entry]


def _arguments(node: ast.Call) -> Entry:
    try:
        return {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg}
    except (ValueError, TypeError):
        return {}


def merged(new: list[Entry], old: list[Entry], key: tuple[str, ...]) -> list[Entry]:
    """Return what is known now: new entries keep what a person said of them (``fixed``), old ones are never dropped."""

    def identity(entry: Entry) -> str:
        return repr([entry.get(name) for name in key])  # what somebody edited need not be hashable

    before = {identity(entry): entry for entry in old}
    kept = [{**entry, "fixed": before.get(identity(entry), entry).get("fixed") is True} for entry in new]
    seen = {identity(entry) for entry in kept}
    return [*kept, *(entry for entry in old if identity(entry) not in seen)]
