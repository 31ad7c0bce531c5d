from __future__ import annotations

import json

import jsonschema
import pytest

from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.variants import MOST, Variants

OK = {"responses": {"200": {"description": "fine"}}}


def made(read, operation, *, path="/a", method="get", seed=1, known=({},), **document):
    reading = read({"paths": {path: {method: {**OK, **operation}}}, **document})
    return Variants(reading, seed).of(reading.operations[0], known)


def query(name, schema, **more):
    return {"name": name, "in": "query", "schema": schema, **more}


def test_an_operation_without_anything_to_vary_is_one_request(read):
    assert [one.target for one in made(read, {})] == ["/a"]


def test_the_first_request_has_only_what_is_required(read):
    parameters = [query("must", {"type": "integer"}, required=True), query("may", {"type": "integer"})]
    several = made(read, {"parameters": parameters})
    assert 1 < len(several) <= MOST
    assert several[0].target.startswith("/a?must=")
    assert "may" not in several[0].target
    assert any("may" in one.target for one in several[1:])


def test_the_same_seed_makes_the_same_requests_and_another_seed_others(read):
    parameters = [query("q", {"type": "string"}, required=True)]
    first, again, other = (made(read, {"parameters": parameters}, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_examples_that_are_valid_come_first(read):
    parameters = [query("q", {"type": "integer"}, required=True, examples={"a": {"value": 7}, "b": {"value": "no"}})]
    assert {one.target for one in made(read, {"parameters": parameters})} == {"/a?q=7"}


def test_known_values_stand_in_the_path_and_are_not_invented(read):
    identity = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    known = made(read, {"parameters": [identity]}, path="/a/{id}", known=({"id": 4}, {"id": 5}))
    assert {one.target for one in known} == {"/a/4", "/a/5"}
    assert all(not one.invented for one in known)
    assert all(one.invented == ("id",) for one in made(read, {"parameters": [identity]}, path="/a/{id}"))


def test_headers_that_are_not_required_are_left_out_unless_there_is_an_example(read):
    condition = {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}
    shown = {"name": "X-Page", "in": "header", "schema": {"type": "integer"}, "example": 3}
    several = made(read, {"parameters": [condition, shown]})
    assert {one.headers for one in several} == {(), (("X-Page", "3"),)}


def test_cookies_are_one_header(read):
    cookies = [{"name": name, "in": "cookie", "required": True, "schema": {"enum": ["x"]}} for name in ("a", "b")]
    assert made(read, {"parameters": cookies})[0].headers == (("Cookie", "a=x; b=x"),)


def test_bodies_are_valid(read):
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}}
    body = {"required": True, "content": {"application/json": {"schema": schema}, "text/xml": {"schema": {}}}}
    for one in made(read, {"requestBody": body}, method="post"):
        jsonschema.validate(json.loads(one.body), schema)
        assert one.headers == (("Content-Type", "application/json"),)


def test_a_definition_that_cannot_be_read_spoils_only_what_needs_it(read):
    properties = {"n": {"const": 1}, "b": {"$ref": "#/components/schemas/Bad"}}
    good = {"type": "object", "required": ["n"], "properties": properties}
    schemas = {"Bad": {"properties": {"$ref": "elsewhere"}}, "Good": good}

    def body(name):
        return {"required": True, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}

    components = {"schemas": schemas}
    assert {one.body for one in made(read, {"requestBody": body("Good")}, method="post", components=components)} == {
        b'{"n":1}'
    }
    with pytest.raises(Cannot, match="a schema is a str"):
        made(read, {"requestBody": body("Bad")}, method="post", components=components)


def test_a_body_that_is_not_required_is_not_sent_by_what_only_reads(read):
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    assert made(read, {"requestBody": body})[0].body == b""


@pytest.mark.parametrize(
    ("operation", "path", "why"),
    [
        ({"parameters": [{"name": "q", "in": "query", "required": True}]}, "/a", "'q' has no schema"),
        ({"parameters": [query("q", False, required=True)]}, "/a", "nothing is allowed"),
        ({"parameters": [query("q", {"$ref": "#/nowhere"}, required=True)]}, "/a", "leads nowhere"),
        ({"parameters": [query("q", {"$ref": "#/components/schemas/Self"}, required=True)]}, "/a", "itself"),
        ({}, "/a/{id}", "'id' that is described nowhere"),
        (
            {"requestBody": {"required": True, "content": {"text/xml": {"schema": {"type": "object"}}}}},
            "/a",
            "text/xml",
        ),
        ({"requestBody": {"required": True, "content": {}}}, "/a", "no media type"),
    ],
)
def test_what_cannot_be_made_says_why(read, operation, path, why):
    itself = {"type": "object", "required": ["x"], "properties": {"x": {"$ref": "#/components/schemas/Self"}}}
    with pytest.raises(Cannot, match=why):
        made(read, operation, path=path, components={"schemas": {"Self": itself}})
