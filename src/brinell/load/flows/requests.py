"""What flows ask becomes bytes and operations. Everything of a request that does not change is prepared once."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.drivers.http_request import SAFE_IN_PATHS, framed
from brinell.load.engine.recorder import Recorder
from brinell.load.flows.naming import Names
from brinell.load.flows.user import Ask, User, check_headers
from brinell.load.scenario.redirects import STATUSES, Place

Lines = Sequence[tuple[str, str]]
_OF_THE_ORIGIN = {"authorization", "cookie", "proxy-authorization"}  # go to no other origin


class Requests:
    """Makes requests for all users of a worker. ``lines`` are the scenario's own headers, ``home`` its origin."""

    def __init__(self, lines: Lines, home: Place, recorder: Recorder, keep_bytes: int) -> None:
        self._lines = [(name, value) for name, value in lines if name.lower() != "host"]
        self._host = next((value for name, value in lines if name.lower() == "host"), home.authority)
        self._home = home
        self._recorder = recorder
        self._keep_bytes = keep_bytes
        self._names = Names()
        self._operations: dict[tuple[str, bool, tuple[int, ...]], ExchangeOperation] = {}
        self._plain = self._written({})

    def operation(self, ask: Ask, path: str, *, follows: bool = False) -> ExchangeOperation:
        """Return the operation that a request counts as. ``follows``: a redirect is what may be expected, too."""
        expect = (*ask.expect, *STATUSES) if follows and ask.expect else ask.expect
        key = self._names.of(ask.method, path, ask.name), ask.method == "HEAD", expect
        found = self._operations.get(key)
        if found is None:
            found = self._operations[key] = ExchangeOperation(
                key[0], self._recorder, bodiless=key[1], expect=key[2], keep_bytes=self._keep_bytes
            )
        return found

    def written(self, ask: Ask, user: User, place: Place, path: str, cookies: str) -> bytes:
        """Return a request's bytes. ValueError for headers that cannot be sent."""
        length, content = framed(ask.method, ask.body, stream=False)
        start = f"{ask.method} {quote(path, safe=SAFE_IN_PATHS)} HTTP/1.1\r\n"
        if not (user.headers or ask.headers) and place is self._home:
            head = start + self._plain
            if ask.content_type:
                head += f"Content-Type: {ask.content_type}\r\n"
        else:
            own = {**user.headers, **(ask.headers or {})}
            check_headers(own)
            head = start + self._merged(own, ask.content_type, place)
        head += f"Cookie: {cookies}\r\n" if cookies else ""
        head += f"{length}\r\n\r\n" if length else "\r\n"
        return head.encode("latin-1") + content

    def _merged(self, own: dict[str, str], content_type: str, place: Place) -> str:
        standard = {"content-type": content_type} if content_type else {}
        if place is self._home:
            return self._written(own, standard)
        kept = {name: value for name, value in own.items() if name.lower() not in _OF_THE_ORIGIN | {"host"}}
        return self._written({**kept, "Host": place.authority}, standard, elsewhere=True)

    def _written(self, own: dict[str, str], standard: dict[str, str] | None = None, *, elsewhere: bool = False) -> str:
        lines = {"host": ("Host", self._host)}
        for name, value in self._lines:
            if not (elsewhere and name.lower() in _OF_THE_ORIGIN):
                lines[name.lower()] = (name, value)
        if standard:
            lines["content-type"] = ("Content-Type", standard["content-type"])
        lines.update({name.lower(): (name, value) for name, value in own.items()})
        return "".join(f"{name}: {value}\r\n" for name, value in lines.values())
