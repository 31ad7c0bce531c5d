"""HTTP/1.1: requests become bytes before the run; every check of what can't be sent is here."""

from __future__ import annotations

import json
import math
import mimetypes
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from brinell import __version__
from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.core.redact import one_line
from brinell.load.wire import WireOperation, WireSessions

if TYPE_CHECKING:
    from brinell.load.drivers.http_connection import HttpConnection
    from brinell.load.drivers.http_exchange import ExchangeConnection
    from brinell.load.engine.recorder import Recorder
    from brinell.load.engine.work import Operation
    from brinell.subject.targets import Target

_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_COMPUTED = {"content-length", "transfer-encoding"}


class Http:
    """The driver of ``driver = "http"``."""

    def encode(self, spec: LoadSpec, target: Target, root: Path) -> tuple[WireOperation, ...]:
        """Return the requests as bytes. Header values may name the environment (``${TOKEN}``), so that secrets stay
        out of the plan. UsageError names the request, the key and what is wrong with it.
        """
        if not spec.requests:
            raise UsageError(f"[[load]] {spec.name}: there is nothing to send", hint='requests = [{ path = "/" }]')
        if target.scheme not in {"http", "https"}:
            raise UsageError(
                f'[[load]] {spec.name}: driver = "http" speaks http:// and https://, not {target.scheme}://'
            )
        prefix = target_path(spec.url)
        return tuple(_encode(request, spec, target, prefix, root) for request in spec.requests)

    def decode(self, operations: Sequence[WireOperation], recorder: Recorder) -> tuple[Operation, ...]:
        """Return the operations as the engine uses them."""
        from brinell.load.drivers.http_connection import HttpOperation  # noqa: PLC0415 - worker only: loads the parser

        return tuple(HttpOperation(one, recorder) for one in operations)

    def connection(self) -> type[HttpConnection]:
        """The class of HTTP connections."""
        from brinell.load.drivers.http_connection import HttpConnection  # noqa: PLC0415 - worker only

        return HttpConnection

    def sessions(self, spec: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> WireSessions | None:
        """Return what the scenario's users do where its requests depend on data or on answers, else None."""
        del spec, target, root, allow
        return None

    def exchange(self) -> type[ExchangeConnection]:
        """The class of HTTP connections that keep what they are answered."""
        from brinell.load.drivers.http_exchange import ExchangeConnection  # noqa: PLC0415 - worker only

        return ExchangeConnection


def target_path(url: str | None) -> str:
    """Return the path that a scenario's URL puts before every request's path; empty for a service's root."""
    return urlsplit(url).path.rstrip("/") if url else ""


def _encode(request: RequestSpec, spec: LoadSpec, target: Target, prefix: str, root: Path) -> WireOperation:
    method = request.method.upper()
    name = one_line(request.name or f"{method} {request.path}")
    say = _Complaint(f"[[load]] {spec.name}, request {name}")
    path = _path(prefix + request.path, say)
    if not _TOKEN.fullmatch(method):
        raise say.error("method", f"'{method}' is not an HTTP method")
    if not (math.isfinite(request.weight) and request.weight > 0):
        raise say.error("weight", "a weight is a number above 0")
    content, content_type = _body(request, root, say)
    headers = _headers({**spec.headers, **request.headers}, say)
    names = {key.lower() for key in headers}
    standard = {
        "Host": target.authority,
        "User-Agent": f"brinell/{__version__}",
        "Accept": "*/*",
        "Content-Type": content_type,
    }
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{key}: {value}" for key, value in standard.items() if value and key.lower() not in names]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    if content or method in {"POST", "PUT", "PATCH"}:
        lines.append(f"Content-Length: {len(content)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return WireOperation(
        name, request.weight, head.encode("latin-1") + content, bodiless=method == "HEAD", expect=tuple(request.expect)
    )


class _Complaint:
    """Words the user's mistakes: which scenario, request and key."""

    def __init__(self, where: str) -> None:
        self._where = where

    def error(self, key: str, why: str, hint: str | None = None) -> UsageError:
        """Return the error to raise."""
        return UsageError(f"{self._where}: {key}: {why}", hint=hint)

    def refuse_template(self, key: str, text: str) -> None:
        """Templates are not filled in by this version: sending them as they are would be a quiet mistake."""
        found = _TEMPLATE.search(text)
        if found:
            raise self.error(
                key,
                f"{found.group()[:60]} is a template, and this version fills in none",
                hint="write the value itself, or several requests with weights",
            )


def _path(path: str, say: _Complaint) -> str:
    say.refuse_template("path", path)
    if not path.startswith("/"):
        raise say.error("path", "a path starts with a slash", hint=f'path = "/{path[:40]}"')
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in path):
        raise say.error("path", "a path holds no spaces and no control characters", hint="a space is %20")
    return quote(path, safe="/?&=+:@!$'()*,;~-._%#[]|{}")


def _body(request: RequestSpec, root: Path, say: _Complaint) -> tuple[bytes, str]:
    """Return the body and its content type, both empty where there is none."""
    given = [key for key in ("json", "body", "body_file") if getattr(request, key) is not None]
    if len(given) > 1:
        raise say.error(given[1], f"a request has one body, and this one has {' and '.join(given)}")
    if request.json is not None:
        text = json.dumps(request.json, ensure_ascii=False, separators=(",", ":"))
        say.refuse_template("json", text)
        return text.encode(), "application/json"
    if request.body is not None:
        say.refuse_template("body", request.body)
        return request.body.encode(), "text/plain; charset=utf-8"
    if request.body_file is None:
        return b"", ""
    try:
        content = (root / request.body_file).read_bytes()
    except OSError as error:
        raise say.error("body_file", f"{request.body_file}: {error.strerror}") from None
    # Files are sent as they are: {{...}} in them is the file's business.
    return content, mimetypes.guess_type(request.body_file)[0] or "application/octet-stream"


def _headers(given: Mapping[str, str], say: _Complaint) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, written in given.items():
        if not _TOKEN.fullmatch(name):
            raise say.error("headers", f"'{name[:60]}' is not a header name")
        if name.lower() in _COMPUTED:
            raise say.error("headers", f"{name} follows from the body and cannot be set")
        say.refuse_template("headers", written)
        value = _VARIABLE.sub(lambda found: _environment(found.group(1), say), written)
        if any(letter in value for letter in "\r\n\0") or not _latin(value):
            raise say.error("headers", f"{name} holds a line break or a character outside Latin-1")
        headers[name] = value
    return headers


def _latin(text: str) -> bool:
    return all(ord(letter) < 256 for letter in text)


def _environment(name: str, say: _Complaint) -> str:
    if name not in os.environ:
        raise say.error("headers", f"${{{name}}} is not set in the environment", hint=f"export {name}=...")
    return os.environ[name]
