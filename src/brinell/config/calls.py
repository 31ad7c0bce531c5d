"""The keys of ``driver = "call"`` and of flows: what they take, and what does not go together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from brinell.config import checks
from brinell.config.problems import Place, Problems, Unfit

CALL = "call"
INSIDE = (CALL, "cache")  # drivers whose subject is the project itself, and no service
_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
OF_CALLS = frozenset({"call", "args", "kwargs", "setup"})
_FOR_CALLS = {
    *OF_CALLS, "name", "driver", "shape", "connections", "workers", "timeout_s", "max_requests", "steady",
    "thresholds",
}  # fmt: skip
_NOT_BESIDE_FLOWS = ("requests", "sessions", "data", "openapi", "har", "cookies", "go_on")


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


def agree(entry: Mapping[str, Any], keys: Iterable[str], place: Place, problems: Problems) -> None:
    """Note keys that belong to another driver than the scenario's; ``keys`` are all there are."""
    is_call = entry.get("driver") == CALL
    for key in keys:
        if key in entry and (key not in _FOR_CALLS if is_call else key in OF_CALLS):
            why = "belongs to an address, and a function has none" if is_call else 'belongs to driver = "call"'
            problems.add(place, key, Unfit(why), value=entry[key])
    if is_call and "call" not in entry:
        problems.add(place, "call", Unfit("missing: which function?"), example='call = "shop.cache:get_user"')
    for key in _NOT_BESIDE_FLOWS if "flows" in entry and not is_call else ():
        if key in entry:
            problems.add(place, key, Unfit("the flows say what users do: leave one of both away"), value=entry[key])
