"""Who may call an operation: what the document asks for, against the headers that were given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from brinell.core.redact import one_line
from brinell.load.openapi.operations import Operation


def lacking(operation: Operation, schemes: Mapping[str, Mapping[str, Any]], given: Iterable[str]) -> str | None:
    """Return what is missing to be let in, None where nothing is. ``given``: names of headers, in any case."""
    names = {name.lower() for name in given}
    if not operation.security:
        return None
    missing = []
    for way in operation.security:
        wanted = [said for name in way if (said := _missing(name, schemes.get(name, {}), names))]
        if not wanted:
            return None
        missing.append(" and ".join(wanted))
    return f"it needs {' or '.join(missing[:3])}, which was not given"


def _missing(name: str, scheme: Mapping[str, Any], names: set[str]) -> str | None:
    shown = one_line(name, 40)
    kind, place = scheme.get("type"), scheme.get("in")
    if kind == "apiKey" and place == "query":
        return f"{shown} (in the query)"
    if kind == "mutualTLS":
        return f"{shown} (a client certificate)"
    header = "Authorization"
    if kind == "apiKey":
        header = "Cookie" if place == "cookie" else one_line(str(scheme.get("name")), 40)
    return None if header.lower() in names else f"{shown} (header {header})"
