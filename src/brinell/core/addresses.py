"""The address that was most likely meant where one was written without its scheme."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_WRITTEN = re.compile(r"(?:(?P<scheme>https?|wss?)(?::(?=[^\d/])|:?/+)|//)?(?P<rest>[^/:].*|:\d.*)", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def meant(written: str, scheme: str) -> str | None:
    """Return ``written`` as a whole address: ``127.0.0.1:8000`` is ``http://127.0.0.1:8000``, ``:8000`` this machine.

    A scheme of its own that was written badly (``http:/host``) is kept if it speaks of the same protocol as ``scheme``.
    None where it has a scheme, or does not look like a host and perhaps a path, or carries a password.
    """
    found = None if "://" in written or not written.isprintable() or " " in written else _WRITTEN.fullmatch(written)
    if found is None:
        return None
    own, rest = (found["scheme"] or scheme).lower(), found["rest"]
    if own.rstrip("s") != scheme.rstrip("s"):
        own = scheme
    whole = f"{own}://{'127.0.0.1' if rest.startswith(':') else ''}{rest}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    is_host = ":" in host or _HOST.fullmatch(host) is not None
    names_one = port is not None or "." in host or ":" in host or host == "localhost"
    return whole if is_host and names_one and port != 0 and "@" not in parts.netloc else None
