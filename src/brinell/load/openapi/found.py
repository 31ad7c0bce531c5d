"""Identifiers in answers: what ``GET /notes`` and ``POST /notes`` say that ``GET /notes/{note_id}`` asks for.

A document's own ``links`` come first. Without them: the collection's path is the item's without its last parameter, and
the identifier is the field of that name, or ``id`` where the name says so (``note_id``, ``noteId``, ``id``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from brinell.load.openapi.operations import Operation

MOST = 8  # of one answer
_EXPRESSION = re.compile(r"\$response\.body#(/.*)?")
_IDENTITIES = ("id", "uuid", "slug", "key", "code", "name", "number", "sha")


def prefixes(path: str) -> list[str]:
    """Return the parts of a path that name something: ``/a/{x}/b/{y}/c`` has ``/a/{x}`` and ``/a/{x}/b/{y}``."""
    steps = path.split("/")
    ends = [number for number, step in enumerate(steps) if step.startswith("{") and step.endswith("}")]
    return ["/".join(steps[: number + 1]) for number in ends]


def collection_of(prefix: str) -> tuple[str, str]:
    """Return the collection's path and the parameter's name: ``/a/{x}`` is in ``/a``, by ``x``."""
    parent, _, last = prefix.rpartition("/")
    return parent or "/", last.strip("{}")


def in_collection(answer: Any, parameter: str, collection: str) -> list[Any]:
    """Return the values for ``parameter`` in an answer about a collection, or about one thing of it."""
    found: list[Any] = []
    for item in _items(answer, collection):
        value = (
            item
            if isinstance(item, str | int) and not isinstance(item, bool)
            else identity(item, parameter, collection)
        )
        if value is not None and value not in found:
            found.append(value)
        if len(found) >= MOST:
            break
    return found


def identity(item: Any, parameter: str, collection: str) -> str | int | None:
    """Return what names ``item``, None where nothing does."""
    if not isinstance(item, dict):
        return None
    asked = _plain(parameter)
    one = _plain(_singular(collection.rstrip("/").rpartition("/")[2]))
    wanted = [asked, *(word for word in _IDENTITIES if asked.endswith(word)), asked.removeprefix(one) or asked]
    if asked == one:
        wanted += ["id", "name", "slug"]
    fields = {_plain(name): value for name, value in item.items()}
    for name in wanted:
        value = fields.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return value
    return None


def linked(operation: Operation, status: str, answer: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, for each of the document's links that leads somewhere, the operation (its id) and parameters by name."""
    response = operation.responses.get(status) or operation.responses.get(f"{status[:1]}XX")
    for link in response.links.values() if response else ():
        if not isinstance(link, dict) or not isinstance(link.get("operationId"), str):
            continue
        parameters = link.get("parameters")
        values = {}
        for name, said in parameters.items() if isinstance(parameters, dict) else ():
            value = _expressed(said, answer)
            if value is not None:
                values[str(name).rpartition(".")[2]] = value
        if values:
            yield link["operationId"], values


def promised(operation: Operation) -> Iterator[tuple[str, str, str]]:
    """Yield what the document's links promise of a good answer's body: operation (its id), parameter, JSON Pointer."""
    for status, response in operation.responses.items():
        for link in response.links.values() if status.startswith("2") else ():
            identity = link.get("operationId") if isinstance(link, dict) else None
            parameters = link.get("parameters") if isinstance(link, dict) else None
            for name, said in parameters.items() if isinstance(identity, str) and isinstance(parameters, dict) else ():
                match = _EXPRESSION.fullmatch(said) if isinstance(said, str) else None
                if isinstance(identity, str) and match and match.group(1):
                    yield identity, str(name).rpartition(".")[2], match.group(1)


def pointed(value: Any, pointer: str) -> Any:
    """Return what a JSON Pointer leads to, None where it leads nowhere."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and len(key) < 8 and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _expressed(said: Any, answer: Any) -> Any:
    """Return the value of a runtime expression; only those about the answer's body are known."""
    if not isinstance(said, str) or not said.startswith("$"):
        return said
    match = _EXPRESSION.fullmatch(said)
    return pointed(answer, match.group(1) or "") if match else None


def _items(answer: Any, collection: str) -> list[Any]:
    """Return the things an answer is about: a list, the list in an envelope, or the one thing itself."""
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        return []
    last = collection.rstrip("/").rpartition("/")[2]
    lists = {name: value for name, value in answer.items() if isinstance(value, list)}
    for name in (last, "items", "data", "results", "content", "records", "values"):
        if name in lists:
            return lists[name]
    inner = answer.get("data")
    if isinstance(inner, dict):
        return _items(inner, collection)
    if len(lists) == 1 and not any(_plain(name).endswith(_IDENTITIES) for name in answer):
        return next(iter(lists.values()))
    return [answer]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s")
