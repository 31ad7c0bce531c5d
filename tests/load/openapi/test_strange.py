"""Documents with anything anywhere: refused with a reason, or read; never another error."""

from __future__ import annotations

import copy
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.load.openapi.access import lacking
from brinell.load.openapi.assembly import Head
from brinell.load.openapi.chains import Chains
from brinell.load.openapi.contract import Purse, judges
from brinell.load.openapi.document import Unreadable
from brinell.load.openapi.explore import Explorer
from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.found import linked
from brinell.load.openapi.operations import Reading
from brinell.load.openapi.prepare import contract_of, needed
from brinell.load.openapi.references import Library
from brinell.load.openapi.variants import Variants

HEAD = Head((("host", b"Host: a"),), "")
MODEL: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "t"},
    "servers": [{"url": "/v{n}", "variables": {"n": {"default": "1"}}}],
    "security": [{"key": []}],
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Host"}},
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer", "minimum": 1, "readOnly": True},
                    "kind": {"type": "string", "enum": ["a", "b"], "nullable": True},
                    "code": {"type": "string", "pattern": "^[A-Z]{3}$", "minLength": 3, "maxLength": 3},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}, "maxItems": 2},
                },
                "discriminator": {"propertyName": "kind", "mapping": {"a": "#/components/schemas/Thing"}},
                "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "number", "multipleOf": 0.5}]},
            }
        },
    },
    "paths": {
        "/things": {
            "parameters": [{"name": "q", "in": "query", "required": True, "schema": {"type": "array", "items": {}},
                            "style": "form", "explode": False, "example": ["x"]}],
            "get": {"operationId": "list", "responses": {"200": {"content": {"application/json": {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}},
                "links": {"one": {"operationId": "read", "parameters": {"id": "$response.body#/0/id"}}}}}},
            "post": {"requestBody": {"required": True, "content": {
                "multipart/form-data": {"schema": {"$ref": "#/components/schemas/Thing"}, "encoding": {"id": {}}},
                "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}, "example": {"id": 1}}}},
                "responses": {"201": {"$ref": "#/paths/~1things/get/responses/200"}}},
        },
        "/things/{id}": {
            "get": {"operationId": "read", "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}},
                    {"name": "h", "in": "header", "required": True, "schema": {"type": "string", "format": "uuid"}},
                    {"name": "c", "in": "cookie", "required": True, "content": {"application/json": {"schema": {}}}}],
                    "responses": {"default": {"content": {"*/*": {}}}}},
            "delete": {"responses": {}},
        },
    },
}  # fmt: skip
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "basePath": "/v1",
    "schemes": ["http"],
    "host": "a",
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "definitions": {"Pet": {"type": "object", "properties": {"name": {"type": "string", "x-nullable": True}}}},
    "paths": {
        "/pets": {
            "get": {"parameters": [{"name": "n", "in": "query", "type": "integer", "collectionFormat": "csv"}],
                    "responses": {"200": {"schema": {"$ref": "#/definitions/Pet"}}}},
            "post": {"responses": {},
                     "parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Pet"}}]},
            "put": {"parameters": [{"name": "f", "in": "formData", "type": "file"}], "responses": {"default": {}}},
        }
    },
}  # fmt: skip
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(
        ["object", "array", "string", "$ref", "#/components/schemas/Thing", "#", "(", "{id}", "date-time"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$ref", "type", "enum", "items", "properties", "schema", "in", "name", "a"]), inner
        )
    ),
    max_leaves=6,
)


def spots(value, found):
    """Collect every place in a document: the container and the key."""
    several = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in several:
        found.append((value, key))
        spots(inner, found)
    return found


def refuse(address):
    raise Unreadable(f"{address} is elsewhere")


class Nobody:
    """Answers everything with what was drawn."""

    def __init__(self, body):
        self.asked = 0
        self.body = body

    def ask(self, _request, **_):
        from brinell.load.openapi.ask import Reply

        self.asked += 1
        return Reply((200, 404, 500)[self.asked % 3], {"content-type": "application/json"}, self.body, whole=True)


def through(document, body=b'[{"id": 1}]'):
    """Do with a document all that is done before a run."""
    reading = Reading(Library("file:///a.json", document, refuse), document)
    assert isinstance(reading.base, str)
    variants = Variants(reading, 1)
    contract = contract_of(reading, variants, lambda: None)
    for operation in reading.operations:
        lacking(operation, reading.schemes, [])
        list(linked(operation, "200", [{"id": 1}]))
        try:
            made = variants.of(operation)
            for one in made:
                request = HEAD.request(operation.method, one)
                assert request.count(b"\r\n\r\n") >= 1
                assert b"\n" not in request.split(b"\r\n\r\n", 1)[0].replace(b"\r\n", b"")
        except Cannot as why:
            assert str(why)  # noqa: PT017 - either is right
    for judge in judges(needed(contract, [one.name for one in reading.operations]), Purse(1.0)).values():
        judge.judge(200, "application/json", b'[{"id": 1, "parts": [{}]}]')
    explorer = Explorer(
        reading, variants, HEAD, Nobody(body), judges=judges(contract, Purse(1.0)), weights={}, progress=lambda *_: None
    )
    explored = explorer.run()
    chains = Chains(reading, variants, HEAD, explorer, {}).all()
    return explored, chains


@pytest.mark.parametrize("model", [MODEL, SWAGGER])
def test_the_models_themselves_are_sent_whole(model):
    explored, chains = through(copy.deepcopy(model))
    assert explored.chosen
    assert chains


@pytest.mark.prove
@settings(max_examples=400, deadline=None)
@given(st.sampled_from([MODEL, SWAGGER]), st.lists(st.tuples(st.integers(0, 10**6), ANYTHING), min_size=1, max_size=4))
def test_anything_anywhere(model, changes):
    document = copy.deepcopy(model)
    for number, value in changes:
        places = spots(document, [])
        container, key = places[number % len(places)]
        container[key] = value
    try:
        through(document)
    except Unreadable as why:
        assert str(why)  # noqa: PT017 - either is right


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40) | ANYTHING.map(msgspec.json.encode))
def test_any_answer_beforehand(body):
    through(copy.deepcopy(MODEL), body)


@pytest.mark.parametrize("seed", range(3))
def test_chopped_documents(seed):
    source = random.Random(seed)  # noqa: S311 - test data
    for _ in range(60):
        document = copy.deepcopy(MODEL)
        for _ in range(3):
            places = spots(document, [])
            container, key = source.choice(places)
            del container[key]
        try:
            through(document)
        except Unreadable as why:
            assert str(why)  # noqa: PT017 - either is right
