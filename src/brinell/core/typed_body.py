"""What a request's body is, where nobody says so."""

from __future__ import annotations

import json
import re

PLAIN = "text/plain; charset=utf-8"
JSON = "application/json"
_PUT_IN = re.compile(r"\{\{.*?\}\}")


def type_of_text(text: str) -> str:
    """Return the media type of a body that was typed: JSON if an object or a list, whatever ``{{...}}`` becomes."""
    filled = _PUT_IN.sub("0", text)
    if not filled.lstrip().startswith(("{", "[")):
        return PLAIN
    try:
        json.loads(filled)
    except (ValueError, RecursionError):
        return PLAIN
    return JSON
