"""Whatever is made of a schema is valid by it, as another implementation of JSON Schema sees it."""

from __future__ import annotations

import json
import random

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.values import Maker


def maker(seed, definitions=None):
    return Maker(definitions or {}, random.Random(seed))  # noqa: S311 - test data


CHECKER = jsonschema.Draft202012Validator.FORMAT_CHECKER
NAMES = st.sampled_from(["a", "b", "c", "id", "name"])
COUNT = st.integers(0, 4)


@st.composite
def bounds(draw, low_name, high_name, values):
    low, high = sorted((draw(values), draw(values)))
    return {name: value for name, value in ((low_name, low), (high_name, high)) if draw(st.booleans())}


@st.composite
def strings(draw):
    schema = {"type": "string", **draw(bounds("minLength", "maxLength", st.integers(0, 40)))}
    extra = draw(
        st.sampled_from(
            [
                {},
                {"pattern": r"^[A-Z]{2,3}-\d{4}$"},
                {"pattern": r"\S"},
                {"pattern": r"^(red|gr[ae]y|blue)?x*$"},
                {"format": "date-time"},
                {"format": "date"},
                {"format": "uuid"},
                {"format": "email"},
                {"format": "ipv4"},
                {"format": "ipv6"},
                {"enum": ["x", "yy"]},
            ]
        )
    )
    return schema | extra


@st.composite
def integers(draw):
    schema = {"type": "integer", **draw(bounds("minimum", "maximum", st.integers(-50, 50)))}
    if draw(st.booleans()):
        schema |= draw(st.sampled_from([{"multipleOf": 3}, {"exclusiveMinimum": -7}, {"exclusiveMaximum": 90.5}]))
    return schema


@st.composite
def numbers(draw):
    schema = {"type": "number", **draw(bounds("minimum", "exclusiveMaximum", st.integers(-50, 50)))}
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.sampled_from([0.5, 0.25, 2]))
    return schema


def containers(inner):
    objects = st.builds(
        lambda properties, required, closed, least: {
            "type": "object",
            "properties": properties,
            "required": [name for name in required if name in properties or not closed],
            **({"additionalProperties": False} if closed else {"minProperties": least}),
        },
        st.dictionaries(NAMES, inner, max_size=4),
        st.lists(NAMES, unique=True, max_size=3),
        st.booleans(),
        st.integers(0, 5),
    )
    arrays = st.builds(
        lambda items, limits, unique, first: {
            "type": "array",
            "items": items,
            **limits,
            **({"uniqueItems": True} if unique else {}),
            **({"prefixItems": first} if first else {}),
        },
        inner,
        bounds("minItems", "maxItems", COUNT),
        st.booleans(),
        st.lists(inner, max_size=2),
    )
    several = st.lists(inner, min_size=1, max_size=3)
    combined = st.builds(lambda word, many: {word: many}, st.sampled_from(["allOf", "anyOf", "oneOf"]), several)
    refused = st.builds(lambda one: {"not": one, "type": ["string", "integer", "object"]}, inner)
    return objects | arrays | combined | refused


PLAIN = strings() | integers() | numbers() | st.sampled_from([{"type": "boolean"}, {"type": ["integer", "null"]}, {}])
SCHEMAS = st.recursive(PLAIN, containers, max_leaves=8)


@settings(max_examples=400, deadline=None)
@given(SCHEMAS, st.integers(0, 2**32))
def test_what_is_made_is_valid(schema, seed):
    try:
        made = maker(seed).make(schema)
    except Cannot:
        return  # many of these contradict themselves; what must be made is below
    jsonschema.Draft202012Validator(schema).validate(made)
    json.dumps(made, allow_nan=False)


@settings(max_examples=200, deadline=None)
@given(strings(), st.integers(0, 2**32))
def test_formats_are_kept(schema, seed):
    # By itself: below "not", a format that is asserted and one that is not say opposite things.
    try:
        made = maker(seed).make(schema)
    except Cannot:
        return
    jsonschema.Draft202012Validator(schema, format_checker=CHECKER).validate(made)


@settings(max_examples=100, deadline=None)
@given(PLAIN, st.integers(0, 2**32))
def test_the_same_seed_makes_the_same(schema, seed):
    def once():
        try:
            return maker(seed).make(schema)
        except Cannot as why:
            return str(why)

    assert json.dumps(once()) == json.dumps(once())


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
        {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"type": "integer", "minimum": 7}}}]},
        {"oneOf": [{"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 3}]},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": [1, 2, 3]}},
        {"type": "array", "contains": {"const": "x"}, "minContains": 2},
        {"type": "object", "patternProperties": {"^x_[a-z]+$": {"type": "integer"}}, "additionalProperties": False,
         "minProperties": 2},
        {"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 2},
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"], "dependentRequired": {"a": ["b"]}},
        {"if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]}, "then": {"required": ["x"]},
         "type": "object"},
        {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7},
        {"type": "string", "pattern": "^([0-9]{4})\\/[^a-y]$", "minLength": 6},
        {"type": "string", "format": "email", "maxLength": 20},
        {"type": "string", "minLength": 5000},
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(5))
def test_what_can_be_made_is_made(schema, seed):
    made = maker(seed).make(schema)
    jsonschema.Draft202012Validator(schema, format_checker=CHECKER).validate(made)


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (False, "nothing is allowed"),
        ({"type": "string", "allOf": [{"type": "integer"}]}, "two types"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "minLength is above maxLength"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "no whole number"),
        ({"enum": []}, "none of its options"),
        ({"type": "string", "pattern": "(unclosed"}, 'is not a "regex"'),
        ({"type": "string", "pattern": "^a{90}$", "maxLength": 5}, "no string of"),
        ({"type": "object", "required": ["x"], "properties": {"x": {"$ref": "#/$defs/Self"}}}, "itself"),
        ({"type": "array", "minItems": 4, "uniqueItems": True, "items": {"type": "boolean"}}, "different items"),
        ({"type": "array", "minItems": 10**9}, "more than is made"),
        ({"not": {}}, "valid by its own schema"),
    ],
)
def test_what_cannot_be_made_says_why(schema, why):
    definitions = {"Self": {"type": "object", "required": ["x"], "properties": {"x": {"$ref": "#/$defs/Self"}}}}
    with pytest.raises(Cannot, match=why):
        maker(1, definitions).make(schema)


def test_recursion_ends_where_it_may():
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                                             "parent": {"$ref": "#/$defs/Tree"}}}  # fmt: skip
    made = maker(1, {"Tree": tree}).make({"$ref": "#/$defs/Tree"})
    assert isinstance(made, dict)


def test_examples_come_first_and_only_where_they_are_valid():
    good = {"type": "integer", "examples": [42]}
    bad = {"type": "integer", "examples": ["forty-two"]}
    assert {maker(seed).make(good) for seed in range(5)} == {42}
    assert all(isinstance(maker(seed).make(bad), int) for seed in range(5))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "multipleOf": 0.1, "minimum": 1.7e308},
        {"type": "number", "multipleOf": 1e-300, "minimum": 1.7e308},
        {"type": "integer", "multipleOf": 1e306, "minimum": 1.7e308},
        {"type": "number", "multipleOf": 1e307, "maximum": -1.7e308},
    ],
)
def test_bounds_at_the_end_of_numbers_give_a_value_or_a_reason(schema):
    try:
        made = maker(1).make(schema)
    except Cannot:
        return
    # Whether it is a multiple, the other implementation divides and cannot tell.
    assert schema.get("minimum", made) <= made <= schema.get("maximum", made)
