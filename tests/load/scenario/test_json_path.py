from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.scenario.generators import Wrong
from brinell.load.scenario.json_path import Missing, spelled, steps, value_at

NAMES = st.text(st.characters(exclude_characters="'"))
STEPS = st.lists(NAMES | st.integers(-9, 9))
VALUE = {"items": [{"id": 1}, {"id": "b", "a b": None}], "": 0}


@given(STEPS)
def test_quoted_names_and_positions_are_read_as_written(path):
    text = "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in path)
    assert steps(text) == tuple(path)


@given(st.text())
def test_any_text_is_a_path_or_refused(text):
    with contextlib.suppress(Wrong):
        assert isinstance(steps(text), tuple)


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)), STEPS)
def test_a_path_leads_to_its_value_or_says_that_there_is_none(value, path):
    with contextlib.suppress(Missing):
        found = value_at(value, tuple(path))
        for step in path:
            value = value[step]
        assert found is value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", VALUE),
        ("$.items[0].id", 1),
        ("$.items[-1].id", "b"),
        ('$["items"][1]["a b"]', None),
        ("$['']", 0),
    ],
)
def test_values(path, value):
    assert value_at(VALUE, steps(path)) == value


@pytest.mark.parametrize("path", ["$.items[2]", "$.items[-3]", "$.items.id", "$.items[0].id.x", "$[0]", "$.nope"])
def test_what_is_not_there(path):
    with pytest.raises(Missing, match="there is no "):
        value_at(VALUE, steps(path))


@pytest.mark.parametrize("path", ["id", "", "$..id", "$.*", "$[*]", "$[0:2]", "$[?(@.a)]", "$.", "$[", "$.a[1", "$a"])
def test_what_names_many_values_or_none_is_refused(path):
    with pytest.raises(Wrong):
        steps(path)


def test_it_is_spelled_as_it_is_written():
    assert spelled(steps("$.items[0].id")) == "$.items[0].id"
