"""Where redirects lead, and whether they may be followed: to the same origin always, elsewhere as targets are."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from brinell.core.errors import UsageError
from brinell.core.redact import one_line, redact
from brinell.load import tls
from brinell.load.drivers.http_request import SAFE_IN_PATHS
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.session import Answer
from brinell.subject.targets import check_target

STATUSES = (301, 302, 303, 307, 308)
_KEEPS_METHOD = (307, 308)
MOST_PLACES = 64  # that a worker lets itself be led to, and remembers: loopback alone has sixteen million addresses
_LONGEST = 8192


class Place(NamedTuple):
    """An origin: ``endpoint`` None is the scenario's own."""

    scheme: str
    host: str
    authority: str
    endpoint: Endpoint | None


class Hop(NamedTuple):
    """The next request: where, which path, and whether method and body stay as they were."""

    place: Place
    path: str
    same_method: bool


class Refused(Exception):  # noqa: N818 - an answer's fault, worded for the sample
    """A redirect that is not followed."""


class Redirects:
    """Knows the scenario's own origin and who else may be asked. A look-up happens once for each origin, and only for
    names that are allowed or known on this machine.
    """

    def __init__(self, home: Place, allow: Sequence[str], *, verify_tls: bool) -> None:
        self.home = home
        self._allow = tuple(allow)
        self._verify_tls = verify_tls
        self._known: dict[tuple[str, str], Place | str] = {}

    def hop(self, answer: Answer, place: Place, path: str, method: str) -> Hop | None:
        """Return where an answer leads; None where it is no redirect. ``Refused`` says why it is not followed."""
        if answer.status not in STATUSES:
            return None
        location = next((value for name, value in answer.headers if name.lower() == b"location"), None)
        if location is None:
            return None
        written = location[:_LONGEST].decode("latin-1").strip()
        there, rest = self.leads(written, place, path)
        # 303 asks for a GET; 301 and 302 get one instead of a POST, as from browsers (RFC 9110, 15.4.2, 15.4.3).
        asks_get = answer.status == 303 or (answer.status not in _KEEPS_METHOD and method == "POST")
        return Hop(there, rest, method in {"GET", "HEAD"} or not asks_get)

    def leads(self, written: str, place: Place, path: str) -> tuple[Place, str]:
        """Return the origin and the path of an address, relative perhaps. ``Refused`` where it may not be asked."""
        try:
            whole = urljoin(f"{place.scheme}://{place.authority}{path}", written)
            parts = urlsplit(whole)
            origin = (parts.scheme, parts.netloc.lower())
        except ValueError:
            raise Refused(f"redirect to {_shown(written)}: this is not an address") from None
        rest = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=SAFE_IN_PATHS)
        if origin == (place.scheme, place.authority.lower()):
            return place, rest
        if origin == (self.home.scheme, self.home.authority.lower()):
            return self.home, rest
        found = self._known.get(origin)
        if found is None:
            if len(self._known) >= MOST_PLACES:
                raise Refused(f"redirect to {_shown(written)}: answers have led to {MOST_PLACES} other places before")
            found = self._known[origin] = self._look_up(*origin)
        if isinstance(found, str):
            raise Refused(found)
        return found, rest

    def _look_up(self, scheme: str, authority: str) -> Place | str:
        """Return the place of another origin, or why it may not be asked."""
        shown = f"{scheme}://{authority}"
        if scheme not in {"http", "https"}:
            return f"redirect to {_shown(shown)}: only http:// and https:// are followed"
        try:
            target = check_target(f"{shown}/", self._allow)
        except UsageError as error:
            return f"redirect to {_shown(shown)}: {error}"
        if target.authority == self.home.authority and target.scheme == self.home.scheme:
            return self.home
        family, _, _, _, where = socket.getaddrinfo(
            target.addresses[0], target.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )[0]
        context = tls.context(verify=self._verify_tls) if scheme == "https" else None
        endpoint = Endpoint(int(family), tuple(where), context, target.host if context else None)  # type: ignore[arg-type]  # numeric addresses: host, port and, for IPv6, two numbers
        return Place(scheme, target.host, target.authority, endpoint)


def _shown(written: str) -> str:
    return one_line(redact(written), 120)
