from __future__ import annotations

import pytest

from brinell.load.openapi.dialect import ANSWER, REQUEST, Dialect
from brinell.load.openapi.document import Unreadable
from brinell.load.openapi.references import Library
from brinell.load.openapi.values import validator

HOME = "file:///api.json"


def refuse(address):
    raise Unreadable(address)


def translated(schema, *, side=ANSWER, old=True, **schemas):
    dialect = Dialect(Library(HOME, {"components": {"schemas": schemas}}, refuse), side, old=old)
    made = dialect.translate(schema, HOME)
    return validator(made, dialect.definitions).is_valid


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True}, [None, "a"], [1]),
        ({"type": "string", "nullable": True, "enum": ["a"]}, [None, "a"], ["b"]),
        ({"nullable": True, "allOf": [{"type": "integer"}]}, [None, 1], ["a"]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, [2], [1]),
        ({"type": "integer", "maximum": 1, "exclusiveMaximum": False}, [1], [2]),
        ({"type": "object", "properties": {"a": {"type": "string", "required": True}}}, [{}, {"a": "x"}], [{"a": 1}]),
        ({"type": "file"}, ["x"], [1]),
        ({"$ref": "#/components/schemas/A", "type": "string"}, [1], ["a"]),  # in 3.0 nothing beside a reference counts
    ],
)
def test_what_3_0_says_otherwise(schema, good, bad):
    valid = translated(schema, A={"type": "integer"})
    assert [valid(one) for one in good] == [True] * len(good)
    assert [valid(one) for one in bad] == [False] * len(bad)


def test_in_3_1_what_stands_beside_a_reference_counts():
    valid = translated({"$ref": "#/components/schemas/A", "minimum": 5}, old=False, A={"type": "integer"})
    assert (valid(7), valid(3), valid("a")) == (True, False, False)


THING = {
    "type": "object",
    "required": ["id", "name", "password"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string"},
        "password": {"type": "string", "writeOnly": True},
    },
}


def test_what_is_read_only_is_not_sent_and_what_is_write_only_does_not_come_back():
    sent, back = translated(THING, side=REQUEST), translated(THING)
    assert sent({"name": "a", "password": "b"})
    assert not sent({"id": 1, "name": "a", "password": "b"})
    assert back({"id": 1, "name": "a"})
    assert not back({"name": "a"})


def test_a_discriminator_says_in_requests_which_one_it_is():
    pets = {"Cat": {"type": "object", "properties": {"kind": {"type": "string"}}}, "Dog": {"type": "object"}}
    schema = {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}},
    }
    valid = translated(schema, side=REQUEST, **pets)
    assert [valid({"kind": kind}) for kind in ("cat", "Dog", "Cat", "cow")] == [True, True, False, False]


def test_circles_are_named_once():
    tree = {"type": "object", "properties": {"up": {"$ref": "#/components/schemas/Tree"}}}
    valid = translated({"$ref": "#/components/schemas/Tree"}, Tree=tree)
    assert valid({"up": {"up": {}}})
    assert not valid({"up": {"up": 1}})


@pytest.mark.parametrize("schema", [3, [], "string", {"properties": {"a": 1}}])
def test_what_is_no_schema_is_refused(schema):
    with pytest.raises(Unreadable, match="a schema is a"):
        translated(schema)


def test_a_schema_too_deep_is_refused():
    schema = {"type": "string"}
    for _ in range(100):
        schema = {"items": schema}
    with pytest.raises(Unreadable, match="nested more than"):
        translated(schema)
