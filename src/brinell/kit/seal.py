"""The last line of a file that was written for a team: whether it is still what was written.

Turning ``fixed=False`` into ``fixed=True`` is what the files ask for, and no edit. Everything else is.
"""

from __future__ import annotations

import hashlib
import re

_MARK = "# Written by Brinell, which writes it anew as long as nothing else is edited: "
_LINE = re.compile(re.escape(_MARK) + r"([0-9a-f]{16})\Z")
_FIXED = re.compile(r"(?m)^( +fixed=)(?:True|False),$")


def sealed(text: str) -> str:
    """Return the text with its mark as the last line."""
    return f"{text}\n{_MARK}{_digest(text)}\n"


def state(text: str) -> str:
    """Return ``ours`` (as written), ``edited``, or ``foreign`` (never written here)."""
    body, _, last = text.replace("\r\n", "\n").rstrip("\n").rpartition("\n")
    found = _LINE.match(last)
    if found is None:
        return "foreign" if _MARK not in text else "edited"
    return "ours" if found[1] == _digest(body) else "edited"


def _digest(text: str) -> str:
    return hashlib.sha256(_FIXED.sub(r"\1False,", text).encode("utf-8", "surrogatepass")).hexdigest()[:16]
