"""Names that an error message says are missing: modules, members of modules, arguments of functions."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from brinell.core.observation import Raised
from brinell.triage.ownership import Code, Layout
from brinell.triage.removed import MODULES

_MODULE = re.compile(r"No module named ['\"]?([\w.]{1,300})['\"]?")
_MEMBER = re.compile(
    r"cannot import name ['\"](\w{1,200})['\"](?: from (?:partially initialized module )?['\"]([\w.]{1,300})['\"])?"
)
_MEMBER_FILE = re.compile(r" \(((?:/|[A-Za-z]:\\)[^()\n]{1,2000})\)$")
_ATTRIBUTE = re.compile(
    r"(?:partially initialized )?module ['\"]([\w.]{1,300})['\"] has no attribute ['\"](\w{1,200})['\"]"
)
_PATCHED = re.compile(r"<module '([\w.]{1,300})' from '([^'\n]{1,2000})'> does not have the attribute '(\w{1,200})'")
_OF_OBJECT = re.compile(r"(?:type object )?['\"]([\w.]{1,200})['\"](?: object)? has no attribute ['\"]\w{1,200}['\"]")
_OF_CALL = re.compile(
    r"([A-Za-z_][\w.]{0,200})\(\) (?:got an unexpected keyword|missing \d+ required|takes |got multiple)"
)
_BUILTIN_TYPES = frozenset({
    "NoneType", "bool", "bytes", "coroutine", "dict", "float", "function", "generator", "int", "list", "method",
    "module", "object", "set", "str", "tuple", "type",
})  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """A name that is not there. ``module`` is where it was looked for; no ``name``: the module is missing."""

    module: str
    name: str
    file: str = ""  # where the module that lacks the name lies, where the message says so

    @property
    def dotted(self) -> str:
        """The whole name."""
        return f"{self.module}.{self.name}".strip(".")


def missing_name(raised: Raised) -> Missing | None:
    """Return the missing module or member an exception reports; None for anything else."""
    message = raised.message
    if raised.type in {"ModuleNotFoundError", "ImportError"}:
        member = _MEMBER.search(message)
        if member:
            file = _MEMBER_FILE.search(message)
            return Missing(member[2] or raised.missing_module or "", member[1], file[1] if file else "")
        module = _MODULE.search(message)
        if module or (raised.type == "ModuleNotFoundError" and raised.missing_module):
            return Missing(module[1] if module else raised.missing_module or "", "")
    if raised.type == "AttributeError":
        attribute = _ATTRIBUTE.search(message)
        if attribute:
            return Missing(attribute[1], attribute[2])
        patched = _PATCHED.search(message)
        if patched:
            return Missing(patched[1], patched[3], patched[2])
    return None


def names_a_thing(raised: Raised) -> bool:
    """Whether the message names a class or function whose shape is not what its user expects.

    Such a message ties failures in different tests: they want the same thing of the same class or function.
    """
    if raised.type == "AttributeError":
        found = _OF_OBJECT.match(raised.message)
        return bool(found) and found[1] not in _BUILTIN_TYPES if found else False
    if raised.type == "TypeError":
        found = _OF_CALL.match(raised.message)
        return bool(found) and not found[1].rsplit(".", maxsplit=1)[-1].startswith("test") if found else False
    return False


def owner_of_name(missing: Missing, layout: Layout) -> Code:
    """Return whose the missing name would be: the product's, the tests', the standard library's or a package's."""
    if missing.file:
        return layout.place(missing.file).code
    top = missing.module.split(".", maxsplit=1)[0]
    if layout.is_own_module(top):
        return Code.SOURCE
    if top in sys.stdlib_module_names or top in MODULES:
        return Code.STDLIB
    if top in {"tests", "test", "conftest"} or top.startswith("test_"):
        return Code.TESTS
    return Code.THIRD_PARTY
