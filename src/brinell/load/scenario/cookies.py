"""The cookies of one session (RFC 6265): kept for the host that gave them only, whatever domain they name."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import NamedTuple

_AGE = re.compile(r"-?[0-9]+")
MOST = 50  # of one session, as browsers must keep at least for one host
LONGEST_BYTES = 4096


class Cookie(NamedTuple):
    """``secure``: goes over TLS only."""

    value: str
    secure: bool


class Jar:
    """Cookies by (host, path, name). Hosts share them over all their ports, as in browsers (RFC 6265, 8.5)."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], Cookie] = {}

    def take(self, host: str, path: str, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        """Keep what an answer's ``Set-Cookie`` headers say; ``path`` is the request's."""
        for name, value in headers:
            if len(name) == 10 and name.lower() == b"set-cookie" and len(value) <= LONGEST_BYTES:
                self._set(host, path, value.decode("latin-1"))

    def header(self, host: str, path: str, *, secure: bool) -> str:
        """Return the value of ``Cookie`` for a request; empty where there is none."""
        if not self._kept:
            return ""
        bare = path.partition("?")[0]
        fitting = [
            (place, name, cookie.value)
            for (of, place, name), cookie in self._kept.items()
            if of == host and (secure or not cookie.secure) and _covers(place, bare)
        ]
        if len(fitting) > 1:  # longer paths first; among equals the earlier one, which dictionaries keep
            fitting.sort(key=lambda entry: -len(entry[0]))
        return "; ".join(f"{name}={value}" for _, name, value in fitting)

    def _set(self, host: str, path: str, written: str) -> None:
        pair, more, rest = written.partition(";")
        name, equals, value = pair.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name:
            return
        said = _attributes(rest) if more else {}
        place = said.get("path", "")
        key = (host, place if place.startswith("/") else _folder(path), name)
        if said and _is_over(said):
            self._kept.pop(key, None)
        elif key in self._kept or len(self._kept) < MOST:
            self._kept[key] = Cookie(value, "secure" in said)


def _attributes(written: str) -> dict[str, str]:
    return {key.strip().lower(): told.strip() for key, _, told in (one.partition("=") for one in written.split(";"))}


def _is_over(said: dict[str, str]) -> bool:
    """Whether a cookie is to be forgotten. Sessions are short: one that ends later stays."""
    if "max-age" in said:
        age = said["max-age"]
        return _AGE.fullmatch(age) is not None and (age.startswith("-") or not age.strip("0"))
    if "expires" not in said:
        return False
    try:
        return parsedate_to_datetime(said["expires"].replace("-", " ")).timestamp() <= time.time()
    except (TypeError, ValueError, OverflowError):
        return False  # what is no date says nothing


def _folder(path: str) -> str:
    """The default path: up to the last slash (RFC 6265, 5.1.4)."""
    return path.partition("?")[0].rpartition("/")[0] or "/"


def _covers(place: str, path: str) -> bool:
    below = path[len(place) : len(place) + 1]
    return path.startswith(place) and (not below or below == "/" or place.endswith("/"))
