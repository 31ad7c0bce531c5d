"""Everything that can be wrong with a request or behind it, in one table (RFC 9457 problem details)."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One row of the table: the HTTP status, and the title that goes with every occurrence."""

    status: int
    title: str
    retry_after_s: int | None = None


TABLE: dict[str, Kind] = {
    "malformed-json": Kind(400, "The body is not JSON"),
    "invalid-parameter": Kind(400, "A query parameter or header is not usable"),
    "not-found": Kind(404, "There is nothing here"),
    "method-not-allowed": Kind(405, "This resource does not know that method"),
    "body-timeout": Kind(408, "The body did not arrive in time"),
    "version-conflict": Kind(412, "The note has changed since it was read"),
    "body-too-large": Kind(413, "The body is larger than this service reads"),
    "unsupported-media-type": Kind(415, "Send application/json"),
    "invalid-note": Kind(422, "The note is not valid"),
    "key-reused": Kind(422, "This Idempotency-Key belongs to a different request"),
    "version-required": Kind(428, "Say in If-Match which version you change"),
    "internal": Kind(500, "The service failed"),
    "overloaded": Kind(503, "Too much is waiting for the database", 1),
    "database-unavailable": Kind(503, "The database does not answer", 1),
    "database-timeout": Kind(503, "The database took too long; a write may still be applied", 1),
    "room-full": Kind(503, "The room takes no more connections", 5),
    "draining": Kind(503, "This process is shutting down", 1),
}


class Problem(Exception):  # noqa: N818 - the term of RFC 9457
    """Raised anywhere below the API, answered as problem+json by it."""

    def __init__(self, kind: str, detail: str = "", *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail or TABLE[kind].title)
        self.kind = kind
        self.detail = detail
        self.status = TABLE[kind].status
        self.title = TABLE[kind].title
        self.headers = dict(headers or {})
        if (retry := TABLE[kind].retry_after_s) is not None:
            self.headers.setdefault("Retry-After", str(retry))

    def __reduce__(self) -> tuple[type[Problem], tuple[str, str]]:
        return type(self), (self.kind, self.detail)
