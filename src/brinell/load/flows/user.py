"""What a flow sees: the user that it is, and the answers that it gets. No method waits: what they return is awaited."""

from __future__ import annotations

import random
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import urlencode

import msgspec

from brinell.core import outcomes
from brinell.load.drivers.http_request import TOKEN
from brinell.load.engine.session import Answer

_CHARSET = re.compile(rb"charset=\"?([\w.:-]{1,40})", re.IGNORECASE)
_LONGEST_SLEEP_S = 86_400.0


class RequestFailed(Exception):  # noqa: N818 - what a flow catches, in the words of flows
    """No complete answer came. ``outcome`` is the error kind (``timeout``, ``refused``...); it is counted already."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(f"{outcome}: {detail}" if detail else outcome)
        self.outcome = outcome


class NotJson(AssertionError, ValueError):  # noqa: N818 - as above
    """An answer's body is not JSON, which is the answer's fault: the outcome is ``check``."""


class Headers(Mapping[str, str]):
    """The headers of an answer, by name in any case; several of one name are joined by a comma, but cookies."""

    def __init__(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs
        self._found: dict[str, str] = {}
        for name, value in pairs:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._found[key] = f"{self._found[key]}, {text}" if key in self._found and key != "set-cookie" else text

    def __getitem__(self, name: str) -> str:
        return self._found[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def all(self, name: str) -> list[str]:
        """Return every value of that name, in order."""
        wanted = name.lower().encode("latin-1")
        return [value.decode("latin-1") for key, value in self._pairs if key.lower() == wanted]


class Response:
    """One complete answer. ``status`` is a number, ``content`` the body, decoded and at most 1 MiB of it; ``elapsed``
    are seconds from when the request was due to the answer's end.
    """

    __slots__ = ("_answer", "_headers", "content", "elapsed", "status")

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._headers: Headers | None = None
        self.status = answer.status
        self.content = answer.body
        self.elapsed = max(0, answer.ended_ns - answer.due_ns) / 1e9

    @property
    def ok(self) -> bool:
        """Whether the status was an expected one."""
        return outcomes.kind(self._answer.outcome) != outcomes.STATUS

    @property
    def headers(self) -> Headers:
        """The headers, by name in any case."""
        if self._headers is None:
            self._headers = Headers(self._answer.headers)
        return self._headers

    @property
    def text(self) -> str:
        """The body as text, by the charset that the answer names, else UTF-8; what is not valid is replaced."""
        named = next((value for name, value in self._answer.headers if name.lower() == b"content-type"), b"")
        found = _CHARSET.search(named)
        try:
            return self.content.decode(found.group(1).decode() if found else "utf-8", "replace")
        except (LookupError, UnicodeError):  # no such charset, or one that replaces nothing (idna)
            return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body read as JSON. ``NotJson`` (an AssertionError) if it is none."""
        try:
            return msgspec.json.decode(self.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotJson(f"the answer is not JSON: {error}") from None

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.content)} bytes>"


class Ask:
    """A request that was made and not sent yet: to be awaited."""

    __slots__ = ("body", "content_type", "expect", "headers", "method", "name", "path")

    def __init__(self, method: str, path: str, name: str | None, headers: Mapping[str, str] | None) -> None:
        self.method = method
        self.path = path
        self.name = name
        self.headers = headers
        self.body = b""
        self.content_type = ""
        self.expect: tuple[int, ...] = ()

    def __await__(self) -> Generator[Ask, Response, Response]:
        response = yield self
        return response

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name}: a request is sent when it is awaited: response = await user.get(...)")


class Sleep:
    """Think time: to be awaited."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator[Sleep, None, None]:
        yield self


class User:
    """One user in one session. ``number`` counts sessions over all workers; ``data`` is the flow's to use; ``headers``
    go with every request; ``base_path`` stands before every path; ``random`` draws the same for the same seed and
    number. Cookies are kept by themselves.
    """

    def __init__(self, number: int, seed: int, base_path: str = "") -> None:
        self.number = number
        self.data: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        self.base_path = base_path
        self._seed = seed
        self._random: random.Random | None = None

    @property
    def random(self) -> random.Random:
        """A generator of this session's own."""
        if self._random is None:
            self._random = random.Random(f"{self._seed}:{self.number}")  # noqa: S311 - a mix of requests, no secret
        return self._random

    def request(
        self,
        method: str,
        path: str,
        *,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        content: bytes | str | None = None,
        expect: int | Sequence[int] = (),
    ) -> Ask:
        """A request, to be awaited for its ``Response``. ``name``: its operation in every number, else method and path
        with numbers folded to {id}. ``expect``: statuses of success, else 100 to 399. ``RequestFailed`` where no
        complete answer comes; ValueError for what cannot be sent.
        """
        if headers:
            check_headers(headers)
        ask = Ask(_method(method), _path(path, params), name, headers)
        ask.expect = (expect,) if isinstance(expect, int) else tuple(expect)
        given = [key for key, value in (("json", json), ("form", form), ("content", content)) if value is not None]
        if len(given) > 1:
            raise ValueError(f"a request has one body, and this one has {' and '.join(given)}")
        if json is not None:
            ask.body, ask.content_type = msgspec.json.encode(json), "application/json"
        elif form is not None:
            ask.body, ask.content_type = _query(form).encode(), "application/x-www-form-urlencoded"
        elif content is not None:
            text = isinstance(content, str)
            ask.body = content.encode() if isinstance(content, str) else bytes(content)
            ask.content_type = "text/plain; charset=utf-8" if text else "application/octet-stream"
        return ask

    def get(self, path: str, **options: Any) -> Ask:
        """``request("GET", path, ...)``."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Ask:
        """``request("POST", path, ...)``."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Ask:
        """``request("PUT", path, ...)``."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Ask:
        """``request("PATCH", path, ...)``."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Ask:
        """``request("DELETE", path, ...)``."""
        return self.request("DELETE", path, **options)

    def head(self, path: str, **options: Any) -> Ask:
        """``request("HEAD", path, ...)``."""
        return self.request("HEAD", path, **options)

    def sleep(self, seconds: float) -> Sleep:
        """Think time, to be awaited. ValueError if it is not between 0 and a day."""
        if not 0 <= seconds <= _LONGEST_SLEEP_S:
            raise ValueError(f"user.sleep({seconds!r}): seconds from 0 to a day")
        return Sleep(float(seconds))


def check_headers(headers: Mapping[str, str]) -> None:
    """ValueError for what would be no header, or follows from the body."""
    for name, value in headers.items():
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name[:60]!r} is not a header name")
        if name.lower() in {"content-length", "transfer-encoding"}:
            raise ValueError(f"{name} follows from the body and cannot be set")
        if not isinstance(value, str) or any(ord(letter) > 255 or letter in "\r\n\0" for letter in value):
            raise ValueError(f"the header {name} holds no text, a line break or a character outside Latin-1")


def _method(method: str) -> str:
    if not TOKEN.fullmatch(method):
        raise ValueError(f"{method[:60]!r} is not an HTTP method")
    return method.upper()


def _path(path: str, params: Mapping[str, Any] | None) -> str:
    if not path.startswith("/"):
        what = "a whole address" if "://" in path else "no path"
        raise ValueError(f"{path[:80]!r} is {what}: flows ask the scenario's own address, by paths such as /notes")
    return path if not params else f"{path}{'&' if '?' in path else '?'}{_query(params)}"


def _query(fields: Mapping[str, Any]) -> str:
    return urlencode([(key, _text(value)) for key, value in fields.items()])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
