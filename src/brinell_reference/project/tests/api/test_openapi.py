from __future__ import annotations

import json

import pytest
from starlette.routing import Route

from noticeboard.errors import TABLE
from noticeboard.openapi import document

pytestmark = pytest.mark.anyio


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


async def test_it_is_served(client):
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == document()
    assert answer.json()["openapi"] == "3.1.0"


async def test_it_describes_every_route_and_nothing_else(client):
    served = {
        (route.path.replace(":int", ""), method.lower())
        for route in client.app.routes
        if isinstance(route, Route)
        for method in route.methods - {"HEAD"}
    }
    paths = json.loads(document())["paths"]
    assert {(path, method) for path, operations in paths.items() for method in operations} == served


def test_its_references_lead_somewhere():
    description = json.loads(document())
    schemas = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
    assert set(references(description)) == schemas - {"#/components/schemas/Unused"}


def test_its_operations_have_names_of_their_own():
    names = [
        operation["operationId"]
        for operations in json.loads(document())["paths"].values()
        for operation in operations.values()
    ]
    assert len(names) == len(set(names))


def test_it_names_every_problem():
    kinds = json.loads(document())["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert kinds == [f"urn:noticeboard:problem:{kind}" for kind in TABLE]


async def test_answers_are_among_those_described(client):
    paths = json.loads(document())["paths"]
    note = {"text": "x"}
    requests = [
        ("post", "/notes", {"json": note}),
        ("post", "/notes", {"json": {}}),
        ("post", "/notes", {"content": b"x"}),
        ("get", "/notes", {}),
        ("get", "/notes", {"params": {"limit": 0}}),
        ("get", "/notes/search", {"params": {"q": "x"}}),
        ("get", "/notes/search", {}),
        ("get", "/notes/{note_id}", {}),
        ("get", "/notes/{note_id}", {"headers": {"If-None-Match": "*"}}),
        ("put", "/notes/{note_id}", {"json": note}),
        ("put", "/notes/{note_id}", {"json": note, "headers": {"If-Match": '"9"'}}),
        ("put", "/notes/{note_id}", {"json": note, "headers": {"If-Match": "*"}}),
        ("delete", "/notes/{note_id}", {}),
        ("delete", "/notes/{note_id}", {}),
        ("get", "/health/live", {}),
        ("get", "/health/ready", {}),
        ("get", "/metrics", {}),
        ("get", "/openapi.json", {}),
    ]
    for method, path, rest in requests:
        answer = await client.request(method.upper(), path.format(note_id=1), **rest)
        described = paths[path][method]["responses"][str(answer.status_code)]
        media_types = {answer.headers["content-type"].partition(";")[0]} if answer.content else set()
        assert media_types <= set(described.get("content", {})), (method, path)
