from __future__ import annotations

import itertools
import json
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.scenario import pieces
from brinell.load.scenario.draws import Draws
from brinell.load.scenario.generators import Wrong
from brinell.load.scenario.pieces import Unsendable, joined
from brinell.load.scenario.scope import Scope

KNOWN = {"v": None}
TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


def scope(value):
    return Scope(Draws(1, 1), itertools.count(), {"v": value})


@given(TEXT)
def test_a_value_cannot_leave_its_place_in_a_path(value):
    made, address = pieces.path("/a/{{v}}/b?c={{v}}", "/api", KNOWN)
    assert address is None
    first, _, query = joined(made, scope(value)).decode("ascii").partition("?c=")
    before, middle, end, *more = first.removeprefix("/api/").split("/")
    assert (before, end, more) == ("a", "b", [])
    assert unquote(middle) == unquote(query) == value


def test_a_path_that_begins_with_a_template_is_an_address():
    made, address = pieces.path("{{v}}/x", "/api", KNOWN)
    assert made == []
    assert address(scope("http://a/b")) == "http://a/b/x"


@given(st.dictionaries(TEXT, st.just("{{v}}") | TEXT.filter(lambda text: "{{" not in text)), TEXT)
def test_a_form_is_read_as_it_was_written(fields, value):
    found = joined(pieces.form(fields, KNOWN), scope(value)).decode("ascii")
    wanted = {name: value if text == "{{v}}" else text for name, text in fields.items()}
    assert dict(parse_qsl(found, keep_blank_values=True, strict_parsing=bool(fields))) == wanted


@given(JSON)
def test_json_is_read_as_it_was_written(value):
    shape = {"whole": "{{v}}", "in": ["a {{v}} b", value if not pieces.templates_in(value) else 1], "n": None}
    found = json.loads(joined(pieces.json(shape, KNOWN), scope(value)))
    text = value if isinstance(value, str) else "" if value is None else None
    assert found["whole"] == value
    assert found["n"] is None
    if text is not None:
        assert found["in"][0] == f"a {text} b"
    if not pieces.templates_in(value):
        assert found["in"][1] == value


@given(TEXT)
def test_a_header_is_one_line_or_nothing(value):
    made = pieces.header("X-A", "b {{v}}", KNOWN)
    if any(letter in value for letter in "\r\n\0") or any(ord(letter) > 255 for letter in value):
        with pytest.raises(Unsendable, match="header X-A"):
            joined(made, scope(value))
    else:
        assert joined(made, scope(value)) == f"b {value}".encode("latin-1")


@given(TEXT)
def test_a_plain_body_holds_the_value(value):
    assert joined(pieces.text("a{{v}}b", KNOWN), scope(value)) == f"a{value}b".encode()


def test_neighbours_become_one():
    assert pieces.merged([b"a", b"", b"b", b"c"]) == [b"abc"]


def test_what_is_unknown_is_refused_in_every_place():
    for make in (pieces.text, pieces.json, lambda text, known: pieces.form({"a": text}, known)):
        with pytest.raises(Wrong, match="nothing is called w"):
            make("{{w}}", KNOWN)
