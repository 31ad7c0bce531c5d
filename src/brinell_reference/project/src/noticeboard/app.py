"""The application: every part is made here and given to those that need it.

uvicorn --factory noticeboard.app:create_app --app-dir src --port 8000
"""

from __future__ import annotations

import os
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from noticeboard.api.notes import NotesApi
from noticeboard.api.observe import Observe
from noticeboard.api.problems import answer_problem, answer_router
from noticeboard.cache.disk import DiskTier
from noticeboard.cache.memory import MemoryTier
from noticeboard.cache.two_tier import TwoTierCache
from noticeboard.errors import Problem
from noticeboard.health import Health
from noticeboard.hub.endpoint import RoomEndpoint
from noticeboard.hub.rooms import Hub
from noticeboard.lifecycle import Lifecycle
from noticeboard.logs import configure_logs
from noticeboard.metrics import Metrics
from noticeboard.openapi import document
from noticeboard.service.notes import NoteService
from noticeboard.settings import Settings
from noticeboard.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application is made of; found as `app.state.parts`."""

    settings: Settings
    store: Store
    cache: TwoTierCache
    service: NoteService
    hub: Hub
    metrics: Metrics
    lifecycle: Lifecycle


def create_app(settings: Settings | None = None) -> Starlette:
    """Return the application; without settings it takes them, and where its log goes, from the environment."""
    if settings is None:
        settings = Settings.from_environment(os.environ)
        configure_logs(settings.log_level)
    parts = _build(settings)
    routes = _routes(parts)
    observe = Middleware(
        Observe,
        metrics=parts.metrics,
        routes={route.endpoint: route.path_format for route in routes if isinstance(route, Route)},
        draining=lambda: parts.lifecycle.draining,
        log_requests=settings.log_requests,
    )
    app = Starlette(
        routes=routes,
        middleware=[observe],
        exception_handlers={Problem: answer_problem, HTTPException: answer_router},
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.parts = parts
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    parts.store.start()
    await parts.cache.disk.open(await parts.service.fingerprint(), parts.settings.cache_ttl_s)
    parts.lifecycle.take_signals()
    try:
        yield
    finally:
        await parts.lifecycle.finish()


def _build(settings: Settings) -> Parts:
    metrics = Metrics()
    store = Store(
        settings.database,
        readers=settings.pool_size,
        backlog=settings.database_backlog,
        timeout_s=settings.database_timeout_s,
    )
    cache = TwoTierCache(
        MemoryTier(settings.cache_memory_bytes, time.monotonic),
        DiskTier(settings.cache_path, settings.cache_disk_bytes, clock=time.monotonic, wall=time.time),
        ttl_s=settings.cache_ttl_s,
        clock=time.monotonic,
        count=_counter(metrics),
    )
    service = NoteService(store, cache, lambda: time.time_ns() // 1000)
    hub = Hub(max_rooms=settings.max_rooms, room_members=settings.room_members, member_backlog=settings.member_backlog)

    async def release() -> None:
        end_s = time.monotonic() + settings.shutdown_grace_s  # for all of it
        settled = await store.end_writing(end_s - time.monotonic())
        await cache.disk.close(await service.fingerprint() if settled else None, end_s - time.monotonic())
        await store.close(end_s - time.monotonic())

    lifecycle = Lifecycle(
        drain_delay_s=settings.drain_delay_s,
        shutdown_grace_s=settings.shutdown_grace_s,
        say_goodbye=hub.dismiss_all,
        release=release,
    )
    parts = Parts(settings, store, cache, service, hub, metrics, lifecycle)
    _watch(parts)
    return parts


def _routes(parts: Parts) -> list[BaseRoute]:
    disk, lifecycle, settings = parts.cache.disk, parts.lifecycle, parts.settings

    async def metrics(_request: Request) -> Response:
        """`GET /metrics`."""
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return Response(parts.metrics.exposition(), headers=headers)

    async def openapi(_request: Request) -> Response:
        """`GET /openapi.json`."""
        return Response(document(), media_type="application/json")

    return [
        *NotesApi(parts.service, settings).routes(),
        *Health(parts.store, disk, lambda: lifecycle.draining, settings.ready_timeout_s).routes(),
        Route("/metrics", metrics, methods=["GET"]),
        Route("/openapi.json", openapi, methods=["GET"]),
        WebSocketRoute("/rooms/{room}", RoomEndpoint(parts.hub, parts.metrics, settings.max_message_bytes).serve),
    ]


def _counter(metrics: Metrics) -> Callable[[str], None]:
    children = {source: metrics.cache.labels(source) for source in ("memory", "disk", "load", "shared", "failed")}
    return lambda source: children[source].inc()


def _watch(parts: Parts) -> None:
    """Show the sizes of everything that is bounded."""
    memory, disk, watch = parts.cache.memory, parts.cache.disk, parts.metrics.watch
    watch("noticeboard_cache_memory_bytes", "Size of the memory tier", lambda: memory.size_bytes)
    watch("noticeboard_cache_memory_entries", "Entries in the memory tier", lambda: len(memory))
    watch("noticeboard_cache_disk_bytes", "Size of the disk tier", lambda: disk.size_bytes)
    watch("noticeboard_cache_disk_entries", "Entries in the disk tier", lambda: len(disk))
    watch("noticeboard_cache_disk_failures", "Failures of the disk tier so far", lambda: disk.failures)
    watch("noticeboard_database_outstanding", "Database work waiting or running", lambda: parts.store.outstanding)
    watch("noticeboard_rooms", "Rooms with members", lambda: parts.hub.rooms)
    watch("noticeboard_room_members", "WebSocket connections in rooms", lambda: parts.hub.members)
    watch("noticeboard_draining", "1 while shutting down", lambda: parts.lifecycle.draining)
