"""Untrusted text and plain values to ASCII JSON of a bounded size. PYTEST_DONT_REWRITE.

ASCII because every line is then valid UTF-8 whatever the subject put into its strings. Everything needed is bound when
this module is imported, so a test that patches ``json`` or ``str`` methods on its own classes cannot reach it.
"""

import json
from json.encoder import encode_basestring_ascii as _encode_string

TRUNCATED = "[...]"
_MAX_DEPTH = 24


def exact(text):
    """``text`` without what a subclass of ``str`` may have overridden."""
    return text if type(text) is str else str.__getitem__(text, slice(None))


def clean(text):
    r"""An exact ``str`` that can be encoded as UTF-8: lone surrogates become the visible text ``\udc80``."""
    text = exact(text)
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text


def quote(text, cap_bytes=2048, keep="head"):
    """JSON string literal of at most ``cap_bytes`` + 2 bytes.

    ``keep`` says which part survives: ``head``, ``tail`` or ``both`` (a quarter of the head, the rest from the tail).
    """
    text = exact(text)
    if len(text) <= cap_bytes:
        literal = _encode_string(clean(text))
        if len(literal) <= cap_bytes + 2:
            return literal
    size = min(len(text), cap_bytes)
    while True:
        literal = _encode_string(clean(_cut(text, size, keep)))
        if len(literal) <= cap_bytes + 2 or not size:
            return literal
        # Escapes make a character up to twelve bytes; shrink by what this text needs, and always by something.
        size = min(size - 1, size * cap_bytes // len(literal))


def _cut(text, size, keep):
    if size >= len(text):
        return text
    room = max(size - len(TRUNCATED), 0)
    if keep == "tail":
        return TRUNCATED + text[len(text) - room :]
    head = room // 4 if keep == "both" else room
    end = text[len(text) - (room - head) :] if keep == "both" else ""
    return text[:head] + TRUNCATED + end


def plain(value, cap_bytes=2048, depth=0):
    """A copy of ``value`` made of JSON types only: strings cleaned and capped, unknown types replaced by their name."""
    if isinstance(value, str):
        return clean(_cut(exact(value), cap_bytes, "head"))
    if depth < _MAX_DEPTH and isinstance(value, dict):
        return {plain(str(key), 256): plain(item, cap_bytes, depth + 1) for key, item in value.items()}
    if depth < _MAX_DEPTH and isinstance(value, (list, tuple)):
        return [plain(item, cap_bytes, depth + 1) for item in value]
    return _plain_number(value)


def _plain_number(value):
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if value - value == 0 else None  # not NaN, not infinite
    return "<%s>" % type(value).__name__


_encoder = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def encode(value, cap_bytes=2048):
    """One line of JSON for any value (see ``plain``)."""
    return _encoder(plain(value, cap_bytes))


def encode_within(items, budget_bytes, cap_bytes=2048):
    """``(JSON array, omitted)``: as many leading ``items`` as fit into ``budget_bytes``, and how many did not."""
    parts = []
    left = budget_bytes
    items = list(items)
    for item in items:
        part = encode(item, cap_bytes)
        left -= len(part) + 1
        if left < 0:
            break
        parts.append(part)
    return "[" + ",".join(parts) + "]", len(items) - len(parts)
