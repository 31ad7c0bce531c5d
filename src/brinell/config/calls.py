"""The keys of ``driver = "call"`` and of flows: what they take, and what does not go together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from brinell.config import checks
from brinell.config.problems import Place, Problems, Unfit

CALL = "call"
_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_OF_CALLS = ("call", "args", "kwargs", "setup")
_OF_ADDRESSES = (
    "url", "requests", "headers", "verify_tls", "flows", "openapi", "har", "data", "version", "streams", "keep_alive",
    "redirects", "cookies", "compression", "shed_after_s",
)  # fmt: skip


def target(text: str) -> str:
    """``module:function``; returned as it is."""
    if _TARGET.fullmatch(text):
        return text
    if re.fullmatch(r"[\w.]+", text) and "." in text:
        module, _, function = text.rpartition(".")
        raise Unfit(f"a colon stands between the module and the function: {module}:{function}")
    raise Unfit("a function is named by its module: shop.cache:get_user")


def arguments(values: list[Any]) -> tuple[Any, ...]:
    """What JSON can say: it is sent to the project's interpreter so."""
    return tuple(checks.payload(value) for value in values)


def agree(entry: Mapping[str, Any], place: Place, problems: Problems) -> None:
    """Note keys that belong to another driver than the scenario's."""
    is_call = entry.get("driver") == CALL
    for key in _OF_ADDRESSES if is_call else _OF_CALLS:
        if key in entry:
            why = "belongs to an address, and a function has none" if is_call else 'belongs to driver = "call"'
            problems.add(place, key, Unfit(why), value=entry[key])
    if is_call and "call" not in entry:
        problems.add(place, "call", Unfit("missing: which function?"), example='call = "shop.cache:get_user"')
    if "flows" in entry and "requests" in entry:
        problems.add(place, "requests", Unfit("the flows say what is sent: leave one of both away"))
