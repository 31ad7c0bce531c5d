"""The outermost layer: request ids, metrics, log lines, and an answer to what nobody foresaw."""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import TYPE_CHECKING

from noticeboard.api.problems import as_response
from noticeboard.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from noticeboard.metrics import Metrics

log = logging.getLogger("noticeboard.requests")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_SLOW_S = 1.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Observe:
    """ASGI middleware for HTTP; WebSockets pass through.

    `routes` maps an endpoint to its path pattern: metrics are labelled with that, never with what a client sent.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        routes: Mapping[object, str],
        draining: Callable[[], bool],
        log_requests: str,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = routes
        self._draining = draining
        self._log_requests = log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun_s = time.perf_counter()
        request_id = _request_id(scope)
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.setdefault("headers", [])
                headers += [(b"x-request-id", request_id), (b"x-content-type-options", b"nosniff")]
                if self._draining():  # so that clients open their next connection elsewhere
                    headers.append((b"connection", b"close"))
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, answer)
        except Exception:
            log.exception("unforeseen", extra={"request_id": request_id.decode(), "path": scope["path"]})
            if status:
                raise  # half an answer can't be repaired; the server cuts the connection, which the client notices
            await as_response(Problem("internal"))(scope, receive, answer)
        finally:
            self._metrics.in_flight.dec()
            self._record(scope, request_id, status, time.perf_counter() - begun_s)

    def _record(self, scope: Scope, request_id: bytes, status: int, seconds: float) -> None:
        route = self._routes.get(scope.get("endpoint"), "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        failed = status >= 500 or status == 0 or seconds >= _SLOW_S
        if self._log_requests == "all" or (failed and self._log_requests == "failed"):
            log.log(
                logging.WARNING if failed else logging.INFO,
                "request",
                extra={
                    "request_id": request_id.decode(),
                    "method": method,
                    "route": route,
                    "path": scope["path"],
                    "status": status,
                    "ms": round(seconds * 1000, 3),
                },
            )


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return bytes(value)
    return secrets.token_hex(8).encode()
