from __future__ import annotations

import pytest

from brinell.load.openapi.found import collection_of, identity, in_collection, linked, pointed, prefixes


def test_the_parts_of_a_path_that_name_something():
    assert prefixes("/a/{x}/b/{y}/c") == ["/a/{x}", "/a/{x}/b/{y}"]
    assert prefixes("/a/b") == []
    assert collection_of("/a/{x}") == ("/a", "x")
    assert collection_of("/{x}") == ("/", "x")


@pytest.mark.parametrize(
    ("answer", "parameter", "collection", "values"),
    [
        ([{"id": 1}, {"id": 2}, {"id": 1}], "note_id", "/notes", [1, 2]),
        ({"items": [{"id": "a"}], "next": None}, "noteId", "/notes", ["a"]),
        ({"notes": [{"note_id": 5, "id": 1}]}, "note_id", "/notes", [5]),
        ({"data": {"items": [{"uuid": "u"}]}}, "uuid", "/notes", ["u"]),
        ({"data": [{"id": 3}]}, "id", "/v1/notes", [3]),
        ([{"name": "ada"}], "user", "/users", ["ada"]),
        ([{"name": "ada"}], "username", "/users", ["ada"]),
        ([{"slug": "x"}], "post_slug", "/posts", ["x"]),
        (["a", "b"], "name", "/names", ["a", "b"]),
        ([{"id": True}, {"id": None}, {"id": ""}, {"id": [1]}, 3.5, None], "id", "/a", []),
        ([{"title": "t"}], "note_id", "/notes", []),
        ("text", "id", "/a", []),
        ({"id": 9, "tags": ["x"]}, "id", "/a", [9]),
    ],
)
def test_identifiers_in_what_a_collection_answers(answer, parameter, collection, values):
    assert in_collection(answer, parameter, collection) == values


def test_what_was_made_names_itself():
    assert identity({"id": 4, "items": [{"id": 1}]}, "order_id", "/orders") == 4
    assert identity([], "id", "/orders") is None


def test_not_more_than_a_few_are_kept():
    assert len(in_collection([{"id": n} for n in range(1000)], "id", "/a")) == 8


def test_pointers_into_answers():
    assert pointed({"a": [{"b/c": 1}]}, "/a/0/b~1c") == 1
    assert pointed({"a": 1}, "/a/b") is None


def test_the_documents_own_links(read):
    links = {
        "one": {"operationId": "read", "parameters": {"path.id": "$response.body#/made/id", "fixed": 7}},
        "none": {"operationId": "other", "parameters": {"id": "$response.header.X"}},
        "bad": {"operationRef": "#/x"},
    }
    reading = read({"paths": {"/a": {"post": {"responses": {"201": {"description": "", "links": links}}}}}})
    found = list(linked(reading.operations[0], "201", {"made": {"id": 3}}))
    assert found == [("read", {"id": 3, "fixed": 7})]
