"""The notes resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from noticeboard.api.bodies import read_json
from noticeboard.api.conditions import is_unchanged, wanted_versions
from noticeboard.errors import Problem
from noticeboard.service.drafts import Draft, parse_draft
from noticeboard.service.paging import parse_page

if TYPE_CHECKING:
    from starlette.requests import Request

    from noticeboard.cache.entry import Entry
    from noticeboard.cache.two_tier import Hit
    from noticeboard.service.notes import NoteService
    from noticeboard.settings import Settings

_CACHE_STATUS = {  # RFC 9211
    "memory": "noticeboard; hit; detail=memory",
    "disk": "noticeboard; hit; detail=disk",
    "load": "noticeboard; fwd=miss",
}


class NotesApi:
    """Handlers for /notes and what is below it."""

    def __init__(self, service: NoteService, settings: Settings) -> None:
        self._service = service
        self._settings = settings

    def routes(self) -> list[Route]:
        """Return the routes; search stands before the pattern that would take its name for an id."""
        return [
            Route("/notes", self.page, methods=["GET"]),
            Route("/notes", self.create, methods=["POST"]),
            Route("/notes/search", self.search, methods=["GET"]),
            Route("/notes/{note_id:int}", self.read, methods=["GET"]),
            Route("/notes/{note_id:int}", self.replace, methods=["PUT"]),
            Route("/notes/{note_id:int}", self.delete, methods=["DELETE"]),
        ]

    async def page(self, request: Request) -> Response:
        """`GET /notes`."""
        page = parse_page(request.query_params.get("before"), request.query_params.get("limit"))
        return _cached(request, await self._service.page(page))

    async def search(self, request: Request) -> Response:
        """`GET /notes/search`."""
        parameters = request.query_params
        return _entry(await self._service.search(parameters.get("q"), parameters.get("limit")))

    async def read(self, request: Request) -> Response:
        """`GET /notes/{note_id}`."""
        return _cached(request, await self._service.read(request.path_params["note_id"]))

    async def create(self, request: Request) -> Response:
        """`POST /notes`."""
        key = request.headers.get("idempotency-key")
        if key is not None and not (1 <= len(key) <= 200 and key.isascii() and key.isprintable()):
            raise Problem("invalid-parameter", "Idempotency-Key must have 1 to 200 printable ASCII characters")
        created = await self._service.create(await self._draft(request), key)
        response = _entry(created.entry, status_code=201)
        response.headers["Location"] = f"/notes/{created.note_id}"
        if created.replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return response

    async def replace(self, request: Request) -> Response:
        """`PUT /notes/{note_id}`."""
        versions = wanted_versions(request.headers.get("if-match"), required=True)
        draft = await self._draft(request)
        return _entry(await self._service.replace(request.path_params["note_id"], draft, versions))

    async def delete(self, request: Request) -> Response:
        """`DELETE /notes/{note_id}`."""
        versions = wanted_versions(request.headers.get("if-match"), required=False)
        await self._service.delete(request.path_params["note_id"], versions)
        return Response(status_code=204)

    async def _draft(self, request: Request) -> Draft:
        settings = self._settings
        return parse_draft(
            await read_json(request, max_bytes=settings.max_body_bytes, timeout_s=settings.body_timeout_s)
        )


def _entry(entry: Entry, status_code: int = 200) -> Response:
    headers = {"ETag": entry.etag, "Cache-Control": "no-cache"}
    return Response(entry.body, status_code=status_code, media_type="application/json", headers=headers)


def _cached(request: Request, hit: Hit) -> Response:
    entry, status = hit.entry, _CACHE_STATUS[hit.source]
    if is_unchanged(request.headers.get("if-none-match"), entry.etag):
        return Response(status_code=304, headers={"ETag": entry.etag, "Cache-Control": "no-cache"})
    response = _entry(entry)
    response.headers["Cache-Status"] = status
    return response
