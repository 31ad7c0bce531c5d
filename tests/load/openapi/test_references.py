from __future__ import annotations

import json

import pytest

from brinell.load.openapi.document import Unreadable
from brinell.load.openapi.references import MOST_DOCUMENTS, Library

HOME = "http://127.0.0.1:8000/api/openapi.json"


def library(document, **others):
    asked = []

    def fetch(address):
        asked.append(address)
        if address not in others:
            raise Unreadable(f"{address} is not there")
        return json.dumps(others[address]).encode()

    made = Library(HOME, document, fetch)
    made.asked = asked
    return made


def test_pointers_are_followed_with_their_escapes():
    one = library({"a": {"b/c": {"d~e": [1, {"f g": "found"}]}}})
    assert one.follow("#/a/b~1c/d~0e/1/f%20g", HOME).value == "found"
    assert one.follow("#", HOME).value["a"]


def test_another_document_is_fetched_once_and_its_references_are_its_own():
    other = "http://127.0.0.1:8000/api/schemas.json"
    one = library({}, **{other: {"A": {"$ref": "#/B"}, "B": {"type": "string"}}})
    found = one.resolve({"$ref": "schemas.json#/A"}, HOME)
    assert (found.value, found.place) == ({"type": "string"}, other)
    one.follow("schemas.json#/B", HOME)
    assert one.asked == [other]


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("#/nowhere", "there is no 'nowhere'"),
        ("#/list/7", "there is no '7'"),
        ("#/list/-1", "there is no"),
        ("#/list/99999999999999999999", "there is no"),
        ("#anchor", "only JSON Pointers"),
        ("http://elsewhere.example/x.json", "not there"),
        ("file:///etc/passwd", "not there"),
    ],
)
def test_what_leads_nowhere_says_so(reference, why):
    with pytest.raises(Unreadable, match=why):
        library({"list": [1]}).follow(reference, HOME)


def test_a_circle_ends():
    one = library({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}})
    with pytest.raises(Unreadable, match="leads to itself"):
        one.resolve({"$ref": "#/a"}, HOME)


def test_documents_that_are_too_large_together_are_not_kept(monkeypatch):
    monkeypatch.setattr("brinell.load.openapi.references.MOST_BYTES", 300)
    one = library({}, **{f"http://127.0.0.1:8000/api/{n}.json": {"a": "x" * 100} for n in range(4)})
    one.follow("0.json", HOME)
    one.follow("1.json", HOME)
    with pytest.raises(Unreadable, match="together"):
        one.follow("2.json", HOME)


def test_documents_without_end_are_not_fetched():
    one = library({}, **{f"http://127.0.0.1:8000/api/{n}.json": {} for n in range(100)})
    for n in range(MOST_DOCUMENTS - 1):
        one.follow(f"{n}.json", HOME)
    with pytest.raises(Unreadable, match=f"more than {MOST_DOCUMENTS} documents"):
        one.follow("99.json", HOME)


@pytest.mark.parametrize("reference", ["http://[bad#/x", "//[", "http://[::1/x"])
def test_what_is_no_address_is_refused(reference):
    with pytest.raises(Unreadable, match="is no address"):
        library({}).follow(reference, HOME)
