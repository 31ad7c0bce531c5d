"""HTTP/1.1: requests that never change become bytes before the run, all others sessions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.load.drivers.http_body import body_of
from brinell.load.drivers.http_request import Complaint, framed, head_lines, headers_of, method_of, path_of
from brinell.load.wire import WireOperation, WireSessions

if TYPE_CHECKING:
    from brinell.load.engine.connection import Connection, Host
    from brinell.load.engine.recorder import Recorder
    from brinell.load.engine.work import Operation
    from brinell.subject.targets import Target

VERSIONS = ("1.1", "2")


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

    def speaking(self, version: str) -> Http:
        """Return the driver of HTTP/1.1 or HTTP/2. UsageError where it is another one."""
        from brinell.load.drivers.http2 import Http2  # noqa: PLC0415 - it is made of this one

        if version not in VERSIONS:
            raise UsageError(f"version = {version!r}: HTTP is spoken in versions {' and '.join(VERSIONS)}")
        return Http2() if version == "2" else self

    def connection(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return the class of HTTP connections, each with a socket of its own."""
        del streams
        from brinell.load.drivers.http_connection import HttpConnection  # noqa: PLC0415 - worker only

        return HttpConnection

    def once(self) -> Callable[[Host], Connection]:
        """Return the class of connections for one request each."""
        from brinell.load.drivers.http_once import OnceConnection  # noqa: PLC0415 - worker only

        return OnceConnection

    def sessions(self, spec: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> WireSessions | None:
        """Return what the scenario's users do where its requests depend on data or on answers, else None."""
        if spec.flows is not None:
            from brinell.load.flows.wiring import wired  # noqa: PLC0415 - as below

            return wired(spec, target, root, allow)
        from brinell.load.scenario import verify  # noqa: PLC0415 - it needs the engine's words, and numpy with them

        return verify.wired(spec, target, root, tuple(allow)) if verify.is_dynamic(spec) else None

    def exchange(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return the class of HTTP connections that keep what they are answered."""
        del streams
        from brinell.load.drivers.http_exchange import ExchangeConnection  # noqa: PLC0415 - worker only

        return ExchangeConnection


def target_path(url: str | None) -> str:
    """Return the path that a scenario's URL puts before every request's path; empty for a service's root."""
    return urlsplit(url).path.rstrip("/") if url else ""


def _encode(request: RequestSpec, spec: LoadSpec, target: Target, prefix: str, root: Path) -> WireOperation:
    name = request.operation
    say = Complaint(f"[[load]] {spec.name}, request {name}")
    path = path_of(prefix + request.path, say)
    method = method_of(request, say)
    if not (math.isfinite(request.weight) and request.weight > 0):
        raise say.error("weight", "a weight is a number above 0")
    body = body_of(request, root, say)
    headers = headers_of({**spec.headers, **request.headers}, say)
    length, content = framed(method, body.content, stream=request.stream)
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{key}: {value}" for key, value in head_lines(spec, target.authority, body.content_type, headers)]
    head = "\r\n".join([*lines, length] if length else lines) + "\r\n\r\n"
    return WireOperation(
        name, request.weight, head.encode("latin-1") + content, bodiless=method == "HEAD", expect=tuple(request.expect)
    )
