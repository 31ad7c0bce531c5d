"""Text of the subject becomes JSON of a bounded size, whatever it is."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from brinell_inside import jsontext

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers() | ANY_TEXT, inner),
    max_leaves=20,
)


@given(ANY_TEXT, st.integers(0, 400), st.sampled_from(["head", "tail", "both"]))
def test_quote_is_json_of_at_most_the_cap(text, cap_bytes, keep):
    literal = jsontext.quote(text, cap_bytes, keep)

    assert literal.isascii()
    assert len(literal) <= max(cap_bytes, len(jsontext.TRUNCATED)) + 2
    json.loads(literal).encode()  # no lone surrogates


@given(ANY_TEXT)
def test_quote_keeps_what_fits(text):
    expected = text.encode("utf-8", "backslashreplace").decode()

    assert json.loads(jsontext.quote(text, 10_000)) == expected


def test_quote_keeps_the_part_that_was_asked_for():
    text = "a" * 1000 + "z" * 1000

    assert json.loads(jsontext.quote(text, 100, "head")) == "a" * 95 + "[...]"
    assert json.loads(jsontext.quote(text, 100, "tail")) == "[...]" + "z" * 95
    assert json.loads(jsontext.quote(text, 100, "both")) == "a" * 23 + "[...]" + "z" * 72


@given(VALUES)
def test_encode_makes_one_line_of_standard_json(value):
    def refuse(constant):
        raise ValueError(constant)

    line = jsontext.encode(value)

    assert line.isascii()
    assert "\n" not in line
    json.loads(line, parse_constant=refuse)


def test_encode_keeps_values():
    value = {"a": [1, 2.5, None, True, "\u20ac"], "b": {"c": ()}}

    assert json.loads(jsontext.encode(value)) == {"a": [1, 2.5, None, True, "\u20ac"], "b": {"c": []}}
    assert json.loads(jsontext.encode([math.inf, math.nan, {1}])) == [None, None, "<set>"]


@given(st.lists(ANY_TEXT, max_size=30), st.integers(0, 2000))
def test_encode_within_keeps_leading_items(items, budget_bytes):
    text, omitted = jsontext.encode_within(items, budget_bytes)
    kept = json.loads(text)

    assert len(text) <= budget_bytes + 2
    assert len(kept) + omitted == len(items)
    assert kept == [jsontext.clean(item) for item in items[: len(kept)]]
