from __future__ import annotations

import pytest

from brinell.load.openapi.access import lacking
from brinell.load.openapi.document import Unreadable
from brinell.load.openapi.operations import MOST

OK = {"responses": {"200": {"description": "fine"}}}


def test_parameters_of_the_operation_replace_those_of_the_path(read):
    page = {"name": "page", "in": "query", "schema": {"type": "integer"}}
    shared = [page, {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    own = {**page, "required": True, "schema": {"type": "string"}}
    one = read({"paths": {"/a/{id}": {"parameters": shared, "get": {**OK, "parameters": [own]}}}}).operations[0]
    assert {(p.name, p.place, p.required, p.schema["type"]) for p in one.parameters} == {
        ("page", "query", True, "string"),
        ("id", "path", True, "string"),
    }
    assert (one.name, one.safe) == ("GET /a/{id}", True)


def test_what_is_referred_to_is_read(read):
    document = {
        "paths": {"/a": {"$ref": "#/components/pathItems/A"}},
        "components": {
            "pathItems": {"A": {"post": {"requestBody": {"$ref": "#/components/requestBodies/B"},
                                         "parameters": [{"$ref": "#/components/parameters/P"}],
                                         "responses": {"2xx": {"$ref": "#/components/responses/R"}}}}},
            "requestBodies": {"B": {"required": True, "content": {"application/json": {"schema": {}}}}},
            "parameters": {"P": {"name": "p", "in": "header", "schema": {}}},
            "responses": {"R": {"content": {"application/json": {"schema": {"type": "string"}}}}},
        },
    }  # fmt: skip
    (one,) = read(document).operations
    assert one.body is not None
    assert one.body.required
    assert one.parameters[0].name == "p"
    assert one.responses["2XX"].content == {"application/json": {"type": "string"}}


def test_an_operation_may_be_referred_to(read):
    document = {
        "paths": {"/a": {"get": {"$ref": "#/x-operations/list"}}},
        "x-operations": {"list": {"operationId": "l"}},
    }
    assert [(one.name, one.identity) for one in read(document).operations] == [("GET /a", "l")]


def test_one_operation_that_cannot_be_read_leaves_the_others(read):
    reading = read({"paths": {"/a": {"get": {"parameters": [{"$ref": "#/nowhere"}]}, "put": OK}, "/b": 7, "x-c": 1}})
    assert [one.name for one in reading.operations] == ["PUT /a"]
    assert set(reading.left) == {"GET /a", "* /b"}
    assert "nowhere" in reading.left["GET /a"]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"openapi": "3.0.0"}, "no paths"),
        ({"openapi": "4.0"}, "version 4.0"),
        ({"swagger": "1.2"}, "version 1.2"),
        ({"openapi": "3.0.0", "paths": []}, "no paths"),
        ({"openapi": "3.0.0", "paths": {f"/{n}": {"get": OK} for n in range(MOST + 1)}}, "more than"),
    ],
)
def test_what_is_no_document_of_ours_says_why(read, document, why):
    with pytest.raises(Unreadable, match=why):
        read(document)


def test_without_a_version_it_is_not_openapi():
    from brinell.load.openapi.operations import Reading
    from brinell.load.openapi.references import Library

    with pytest.raises(Unreadable, match="nowhere that it is OpenAPI"):
        Reading(Library("file:///a", {"paths": {}}, lambda _: b""), {"paths": {}})


@pytest.mark.parametrize(
    ("document", "base"),
    [
        ({}, ""),
        ({"servers": [{"url": "/v1"}]}, "/v1"),
        ({"servers": [{"url": "https://api.example.com/{stage}/", "variables": {"stage": {"default": "prod"}}}]},
         "https://api.example.com/prod/"),
        ({"swagger": "2.0", "basePath": "/v2"}, "/v2"),
        ({"swagger": "2.0", "host": "a.example", "basePath": "/v2", "schemes": ["https"]}, "https://a.example/v2"),
    ],
)  # fmt: skip
def test_where_the_service_is(read, document, base):
    assert read({"paths": {}, **document}).base == base


SWAGGER = {
    "swagger": "2.0",
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "parameters": {"Limit": {"name": "limit", "in": "query", "type": "integer", "maximum": 5}},
    "paths": {
        "/pets": {
            "get": {
                "parameters": [{"$ref": "#/parameters/Limit"},
                               {"name": "tags", "in": "query", "type": "array", "items": {"type": "string"},
                                "collectionFormat": "pipes"}],
                "responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}},
                "security": [{"key": []}],
            },
            "post": {"parameters": [{"name": "pet", "in": "body", "required": True,
                                     "schema": {"$ref": "#/definitions/Pet"}}], "responses": {}},
        },
        "/photos": {"post": {"consumes": ["multipart/form-data"], "responses": {},
                             "parameters": [{"name": "file", "in": "formData", "type": "file", "required": True}]}},
    },
    "definitions": {"Pet": {"type": "object"}},
}  # fmt: skip


def test_swagger_2_is_read_as_3(read):
    reading = read(SWAGGER)
    listing, making, photo = reading.operations
    assert [(p.name, p.schema, p.style, p.explode) for p in listing.parameters] == [
        ("limit", {"type": "integer", "maximum": 5}, "form", False),
        ("tags", {"type": "array", "items": {"type": "string"}}, "pipeDelimited", False),
    ]
    assert listing.responses["200"].content == {
        "application/json": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}
    }
    assert making.body is not None
    assert making.body.content["application/json"][0] == {"$ref": "#/definitions/Pet"}
    assert photo.body is not None
    assert list(photo.body.content) == ["multipart/form-data"]
    assert photo.body.required
    assert lacking(listing, reading.schemes, []) == "it needs key (header X-Key), which was not given"
    assert lacking(listing, reading.schemes, ["x-key"]) is None


SCHEMES = {
    "components": {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "oauth": {"type": "oauth2"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
            "query": {"type": "apiKey", "in": "query", "name": "k"},
            "tls": {"type": "mutualTLS"},
        }
    }
}


@pytest.mark.parametrize(
    ("security", "given", "missing"),
    [
        ([{"bearer": []}], [], "bearer (header Authorization)"),
        ([{"bearer": []}], ["AUTHORIZATION"], None),
        ([{"oauth": ["read"]}], ["authorization"], None),
        ([{"cookie": []}], [], "cookie (header Cookie)"),
        ([{"cookie": []}], ["cookie"], None),
        ([{"query": []}], ["authorization"], "query (in the query)"),
        ([{"tls": []}], ["authorization"], "a client certificate"),
        ([{"bearer": []}, {"cookie": []}], ["cookie"], None),
        ([{"bearer": [], "cookie": []}], ["cookie"], "bearer"),
        ([{"bearer": []}, {}], [], None),
        ([], [], None),
    ],
)
def test_who_is_let_in(read, security, given, missing):
    reading = read({**SCHEMES, "security": [{"tls": []}], "paths": {"/a": {"get": {**OK, "security": security}}}})
    said = lacking(reading.operations[0], reading.schemes, given)
    assert said is None if missing is None else missing in said


def test_the_documents_own_security_holds_where_an_operation_says_nothing(read):
    reading = read({**SCHEMES, "security": [{"bearer": []}], "paths": {"/a": {"get": OK}}})
    assert "bearer" in lacking(reading.operations[0], reading.schemes, [])


@pytest.mark.parametrize("level", ["path", "operation"])
def test_an_operation_at_a_server_of_its_own_is_left_out(read, level):
    """Its path there says nothing of where it would be here."""
    own = [{"url": "https://uploads.{host}/v1", "variables": {"host": {"default": "example.org"}}}]
    item = {"get": OK, "servers": own} if level == "path" else {"get": {**OK, "servers": own}}
    same = {"get": {**OK, "servers": [{"url": "/v2"}]}}
    reading = read({"servers": [{"url": "/v2"}], "paths": {"/upload": item, "/notes": {"get": OK}, "/same": same}})
    assert [one.name for one in reading.operations] == ["GET /notes", "GET /same"]
    assert "https://uploads.example.org/v1" in reading.left["GET /upload"]


def test_long_paths_that_differ_at_their_end_are_two(read):
    head = "/" + "/".join(["collection"] * 15)
    reading = read({"paths": {f"{head}/a": {"get": OK}, f"{head}/b": {"get": OK}}})
    assert len({one.name for one in reading.operations}) == 2
