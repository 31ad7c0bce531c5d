"""Text from the subject on its way into the journal or a log: controls neutralised, secrets masked, size capped."""

from __future__ import annotations

from brinell.core.redact import plain, redact


def clean(text: str, most: int | None = None) -> str:
    """Return ``text`` fit to keep: at most ``most`` characters, without controls and without what looks secret."""
    return redact(plain(text if text.isascii() else text.encode("utf-8", "replace").decode(), most))


def identity(node_id: str) -> str:
    """Return a test's id fit to keep. Path, class and function stay as they are; only parameters can hold a secret."""
    if not (node_id.isascii() and node_id.isprintable()):
        node_id = plain(node_id.encode("utf-8", "replace").decode())
    head, bracket, parameters = node_id.partition("[")
    return f"{head}[{redact(parameters[:-1])}{parameters[-1:]}" if bracket else node_id
