"""Texts with ``{{...}}`` in them: a generator, a variable, a column of a data file, or a quoted text as it is.

A template is read once and becomes a list of texts and getters. Nothing is evaluated: no code, no format strings.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from brinell.load.scenario.generators import GENERATORS, Getter, Wrong
from brinell.load.scenario.scope import Scope

Columns = Mapping[str, Collection[str] | None]
"""Variables that a template may use; those that are tables (rows of data) with their columns, None: not known."""

FOUND = re.compile(r"""\{\{((?:'[^']*'|"[^"]*"|[^{}'"])*)\}\}""")
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\((.*)\)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*(\.[\w-]+)*")
_ARGUMENT = re.compile(r"""\s*(?:'([^']*)'|"([^"]*)"|([^,'"]*?))\s*(?:,|$)""")


def has_template(text: str) -> bool:
    """Whether there is anything to fill in."""
    return "{{" in text and FOUND.search(text) is not None


def parts(text: str, known: Columns) -> list[str | Getter]:
    """Return the texts between the templates, and the templates as getters, in order; no empty texts.

    ``Wrong`` says what is not known or badly written.
    """
    found: list[str | Getter] = []
    end = 0
    for match in FOUND.finditer(text):
        if match.start() > end:
            found.append(text[end : match.start()])
        read = _expression(match.group(1).strip(), known)
        found.append(read)
        end = match.end()
    if end < len(text):
        found.append(text[end:])
    return found


def names(text: str) -> set[str]:
    """Return the variables that a text uses: the part before the dot."""
    inside = (match.group(1).strip() for match in FOUND.finditer(text))
    return {one.split(".")[0] for one in inside if _NAME.fullmatch(one)} - set(GENERATORS)


def text_of(value: Any) -> str:
    """Write a value into a text: numbers and truth as JSON does, nothing for null, tables and lists as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


def filled(made: list[str | Getter], scope: Scope) -> str:
    """Return the text with its templates filled in."""
    return "".join([one if isinstance(one, str) else text_of(one(scope)) for one in made])


def _expression(written: str, known: Columns) -> str | Getter:
    if len(written) > 1 and written[0] in "'\"" and written[-1] == written[0]:
        return written[1:-1]
    call = _CALL.fullmatch(written)
    name = call.group(1) if call else written
    generator = GENERATORS.get(name)
    if generator is not None:
        return generator.make(_arguments(call.group(2)) if call else ())
    if call:
        raise Wrong(f"there is no {name}(...) to make something up", list(GENERATORS), name)
    if not _NAME.fullmatch(written):
        raise Wrong(f"{{{{{written[:60]}}}}} is neither a variable nor a generator such as {{{{uuid}}}}")
    return _variable(written, known)


def _variable(written: str, known: Columns) -> Getter:
    name, _, path = written.partition(".")
    if name not in known:
        raise Wrong(f"nothing is called {name}", [*known, *GENERATORS], name)
    columns = known[name]
    if not path:
        if columns is not None:
            raise Wrong(f"{name} is a row of data: name its column", [f"{name}.{column}" for column in columns])
        return lambda scope: scope.values[name]
    keys = path.split(".")
    if columns is not None and keys[0] not in columns:
        raise Wrong(f"{name} has no column {keys[0]}", [f"{name}.{column}" for column in columns], written)
    if len(keys) == 1:
        key = keys[0]
        return lambda scope: _inside(scope.values[name], key)
    return lambda scope: _below(scope.values[name], keys)


def _inside(table: Any, key: str) -> Any:
    return table.get(key) if isinstance(table, dict) else None


def _below(table: Any, keys: list[str]) -> Any:
    for key in keys:
        table = _inside(table, key)
    return table


def _arguments(written: str) -> list[str]:
    """Split what stands in the brackets at its commas; quoted texts may hold any."""
    if not written.strip():
        return []
    found: list[str] = []
    at = 0
    while True:
        match = _ARGUMENT.match(written, at)
        if match is None:
            raise Wrong(f"({written[:60]}) does not split at its commas; quote what holds any: 'a, b'")
        found.append(next((group for group in match.groups() if group is not None), ""))
        at = match.end()
        if at >= len(written):
            return [*found, ""] if written.rstrip().endswith(",") else found
