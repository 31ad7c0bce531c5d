"""The OpenAPI 3.1 description, kept by hand; a test compares it with the routes, the limits and the error table."""

from __future__ import annotations

import functools
import json
from typing import Any

from noticeboard import __version__
from noticeboard.cache.entry import MAX_ID
from noticeboard.errors import TABLE
from noticeboard.service.drafts import MAX_TAG_CHARACTERS, MAX_TAGS, MAX_TEXT_CHARACTERS
from noticeboard.service.notes import MAX_QUERY_CHARACTERS
from noticeboard.service.paging import DEFAULT_LIMIT, MAX_LIMIT

JSON = dict[str, Any]

_TAGS: JSON = {
    "type": "array",
    "maxItems": MAX_TAGS,
    "items": {"type": "string", "minLength": 1, "maxLength": MAX_TAG_CHARACTERS},
}
_INSTANT: JSON = {"type": "string", "format": "date-time"}
_ID: JSON = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
_SCHEMAS: JSON = {
    "Draft": {
        "type": "object",
        "required": ["text"],
        "additionalProperties": False,
        "properties": {
            "text": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARACTERS, "pattern": "\\S"},
            "tags": {**_TAGS, "default": []},
        },
        "examples": [{"text": "The kettle is broken again", "tags": ["kitchen"]}],
    },
    "Note": {
        "type": "object",
        "required": ["id", "text", "tags", "version", "created", "updated"],
        "additionalProperties": False,
        "properties": {
            "id": _ID,
            "text": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARACTERS},
            "tags": _TAGS,
            "version": {"type": "integer", "minimum": 1},
            "created": _INSTANT,
            "updated": _INSTANT,
        },
    },
    "Notes": {
        "type": "object",
        "required": ["items", "next"],
        "additionalProperties": False,
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Note"}},
            "next": {"type": ["string", "null"], "description": "where the next page is"},
        },
    },
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"enum": [f"urn:noticeboard:problem:{kind}" for kind in TABLE]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    },
    "Health": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}},
}


@functools.cache
def document() -> bytes:
    """Return the description as JSON."""
    description = {
        "openapi": "3.1.0",
        "info": {"title": "Noticeboard", "version": __version__, "description": "Rooms are at ws: /rooms/{room}."},
        "paths": _paths(),
        "components": {"schemas": _SCHEMAS},
    }
    return json.dumps(description, separators=(",", ":")).encode()


def _paths() -> JSON:
    note, database = _parameter("note_id", "path", _ID), ("overloaded",)
    query = _parameter("q", "query", {"type": "string", "minLength": 1, "maxLength": MAX_QUERY_CHARACTERS})
    limit = _parameter("limit", "query", {**_whole(1, MAX_LIMIT), "default": DEFAULT_LIMIT})
    unchanged = _header("If-None-Match", "an ETag; 304 if it is still current")
    match = _header("If-Match", 'the ETag of the version to change, or "*"')
    body = ("malformed-json", "body-timeout", "body-too-large", "unsupported-media-type", "invalid-note")
    return {
        "/notes": {
            "get": _operation(
                "listNotes",
                [_parameter("before", "query", _whole(1, MAX_ID)), limit, unchanged],
                {200: "Notes", 304: None},
                ("invalid-parameter", *database),
            ),
            "post": _operation(
                "createNote",
                [_header("Idempotency-Key", "the note is stored at most once for a key, within a day")],
                {201: "Note"},
                ("invalid-parameter", *body, *database),
                takes="Draft",
            ),
        },
        "/notes/search": {
            "get": _operation(
                "searchNotes",
                [query, limit],
                {200: "Notes"},
                ("invalid-parameter", *database),
            )
        },
        "/notes/{note_id}": {
            "get": _operation("readNote", [note, unchanged], {200: "Note", 304: None}, ("not-found", *database)),
            "put": _operation(
                "replaceNote",
                [note, match],
                {200: "Note"},
                ("not-found", "version-conflict", "version-required", *body, *database),
                takes="Draft",
            ),
            "delete": _operation(
                "deleteNote", [note, match], {204: None}, ("not-found", "version-conflict", *database)
            ),
        },
        "/health/live": {"get": _operation("live", [], {200: "Health"}, ())},
        "/health/ready": {"get": _operation("ready", [], {200: "Health", 503: "Health"}, ())},
        "/metrics": {"get": _operation("metrics", [], {200: "text/plain"}, ())},
        "/openapi.json": {"get": _operation("describe", [], {200: "application/json"}, ())},
    }


def _operation(
    name: str, parameters: list[JSON], answers: dict[int, str | None], problems: tuple[str, ...], takes: str = ""
) -> JSON:
    operation: JSON = {"operationId": name, "parameters": parameters}
    operation["responses"] = {str(status): _response(content) for status, content in answers.items()}
    for kind in problems:
        answer: JSON = {"description": TABLE[kind].title, "content": {"application/problem+json": _schema("Problem")}}
        operation["responses"].setdefault(str(TABLE[kind].status), answer)
    if takes:
        operation["requestBody"] = {"required": True, "content": {"application/json": _schema(takes)}}
    return operation


def _response(content: str | None) -> JSON:
    if content is None:
        return {"description": "no body"}
    if content in _SCHEMAS:
        return {"description": content, "content": {"application/json": _schema(content)}}
    return {"description": content, "content": {content: {}}}


def _schema(name: str) -> JSON:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


def _parameter(name: str, place: str, schema: JSON) -> JSON:
    return {"name": name, "in": place, "required": place == "path" or name == "q", "schema": schema}


def _header(name: str, about: str) -> JSON:
    return {"name": name, "in": "header", "required": False, "description": about, "schema": {"type": "string"}}


def _whole(low: int, high: int) -> JSON:
    return {"type": "integer", "minimum": low, "maximum": high}
