from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from brinell.kit.source_text import call, indented, literal, text

TEXTS = st.text(st.characters(), max_size=30) | st.text("'\"\\\n{}a", max_size=12)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
)


@given(TEXTS)
def test_a_literal_gives_back_the_text_and_fits_on_a_line_of_utf_8(value):
    source = text(value)
    assert ast.literal_eval(source) == value
    assert source.isprintable()
    source.encode("utf-8")


@given(VALUES)
def test_a_literal_gives_back_the_value(value):
    assert ast.literal_eval(literal(value)) == value


@given(st.dictionaries(st.sampled_from("abc"), VALUES))
def test_a_call_is_read_back_as_its_arguments(arguments):
    source = "[\n" + indented(call("Known", arguments.items())) + "\n]"
    (node,) = ast.parse(source, mode="eval").body.elts
    assert {one.arg: ast.literal_eval(one.value) for one in node.keywords} == arguments


def test_quotes_are_those_that_need_fewer_escapes():
    assert text("a'b") == '"a\'b"'
    assert text('a"b') == "'a\"b'"
    assert text("a'b\"c") == '"a\'b\\"c"'
