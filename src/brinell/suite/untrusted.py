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


class Names:
    """Ids fit to keep for the tests of a session, a different one for each.

    ``test_x[token=a]`` and ``test_x[token=b]`` look alike once they are masked; the second becomes
    ``test_x[token=[redacted] (2)]``. Numbers follow the order in which tests are first named.
    """

    def __init__(self) -> None:
        self._altered: dict[str, str] = {}  # id -> what is kept, where the two differ
        self._taken: dict[str, int] = {}  # masked id -> how many have it

    def of(self, node_id: str) -> str:
        """Return the id to keep for a test."""
        known = self._altered.get(node_id)
        if known is not None:
            return known
        name = identity(node_id)
        if name == node_id:
            return name
        number = self._taken[name] = self._taken.get(name, 0) + 1
        if number > 1:
            name = f"{name[:-1]} ({number})]" if name.endswith("]") else f"{name} ({number})"
        self._altered[node_id] = name
        return name
