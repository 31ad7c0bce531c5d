"""What a request is called in every number: method and path, what differs between two of a kind folded to {id}."""

from __future__ import annotations

import re

MOST = 1000
OTHER = "(other paths)"
_REMEMBERED = 10_000
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?=.*\d)[0-9a-fA-F]{16,64}")


def folded(path: str) -> str:
    """Return a path without its query, with {id} for segments that are numbers, UUIDs or long hexadecimal ids."""
    bare = path.partition("?")[0].partition("#")[0]
    return "/".join("{id}" if _is_id(part) else part for part in bare.split("/"))


def _is_id(part: str) -> bool:
    return part.isdecimal() or bool(part and (_UUID.fullmatch(part) or _HEX.fullmatch(part)))


class Names:
    """Names by method and path; after ``MOST`` distinct ones, every further path is one of the others."""

    def __init__(self) -> None:
        self._by_path: dict[tuple[str, str], str] = {}
        self._given: set[str] = set()

    def of(self, method: str, path: str, name: str | None) -> str:
        """Return the request's name."""
        if name is not None:
            return self._admitted(method, name)
        key = (method, path)
        found = self._by_path.get(key)
        if found is None:
            found = self._admitted(method, f"{method} {folded(path)}")
            if len(self._by_path) < _REMEMBERED:
                self._by_path[key] = found
        return found

    def _admitted(self, method: str, name: str) -> str:
        if name in self._given:
            return name
        if len(self._given) >= MOST:
            return f"{method} {OTHER}"
        self._given.add(name)
        return name
