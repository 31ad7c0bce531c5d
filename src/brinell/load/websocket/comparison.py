"""Does an echo hold what was sent? As it is, in what a server put around it, or as the same JSON, written otherwise."""

from __future__ import annotations

import json
from typing import Any

import msgspec

MOST_KEPT = 16 << 20  # bytes of messages under way, beyond which no more are kept to be compared
_DEEPEST = 8  # levels of an answer that are looked into
_NOTHING = object()


def holds(answer: bytes, sent: bytes) -> bool:
    """Whether everything that was sent is in the answer. A server may add to it, reorder members, and wrap it."""
    if sent in answer:
        return True
    wanted, found = _read(sent), _read(answer)
    if wanted is _NOTHING or found is _NOTHING:
        return False
    return _is_in(wanted, sent.decode("utf-8", "replace"), found, _DEEPEST)


def _read(payload: bytes) -> Any:
    if payload[:1] in {b"{", b"["}:
        try:
            return json.loads(payload)
        except (ValueError, RecursionError):
            return _NOTHING
    try:
        return msgspec.msgpack.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _NOTHING


def _is_in(wanted: Any, text: str, found: Any, deeper: int) -> bool:
    if _is_part(wanted, found):
        return True
    if isinstance(found, str):
        return text in found
    if not deeper or not isinstance(found, dict | list):
        return False
    return any(_is_in(wanted, text, one, deeper - 1) for one in (found.values() if isinstance(found, dict) else found))


def _is_part(wanted: Any, found: Any) -> bool:
    """Whether it is the same; of an object, whether all its members are there."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_is_part(one, found.get(name, _NOTHING)) for name, one in wanted.items())
    return bool(wanted == found)
