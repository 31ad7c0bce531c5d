"""Health: alive says the process can answer; ready says it should be given traffic."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from noticeboard.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from noticeboard.cache.disk import DiskTier
    from noticeboard.storage.store import Store


class Health:
    """`/health/live` looks at nothing: what isn't the process's own fault can't be cured by a restart.

    `/health/ready` is 503 while draining or without a database. A disk cache that fails is reported and no more:
    without it the service is slower, and taking every replica out for that would be the outage.
    """

    def __init__(self, store: Store, disk: DiskTier, draining: Callable[[], bool], timeout_s: float) -> None:
        self._store = store
        self._disk = disk
        self._draining = draining
        self._timeout_s = timeout_s

    def routes(self) -> list[Route]:
        """Return both routes."""
        return [Route("/health/live", self.live, methods=["GET"]), Route("/health/ready", self.ready, methods=["GET"])]

    async def live(self, _request: Request) -> Response:
        """`GET /health/live`."""
        return _answer(200, {"status": "live"})

    async def ready(self, _request: Request) -> Response:
        """`GET /health/ready`."""
        begun_s = time.perf_counter()
        try:
            await self._store.ping(self._timeout_s)
            database = "ok"
        except Problem as problem:
            database = problem.kind
        milliseconds = round((time.perf_counter() - begun_s) * 1000, 3)
        disk = "ok" if await self._disk.writable(self._timeout_s) else "failing"
        draining = self._draining()
        ready = database == "ok" and not draining
        checks = {
            "database": {"status": database, "ms": milliseconds, "required": True},
            "disk_cache": {"status": disk, "required": False},
            "draining": {"status": "yes" if draining else "no", "required": True},
        }
        return _answer(200 if ready else 503, {"status": "ready" if ready else "not ready", "checks": checks})


def _answer(status: int, document: dict[str, object]) -> Response:
    return Response(
        json.dumps(document),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
