"""What is another in each round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.plan import RequestSpec
from brinell.drills.rounds import Token, filled, strange, tokens

TOKEN = Token(3, "r1-1-3", 1003)


def test_no_two_rounds_and_no_two_runs_share_anything():
    first, second = list(tokens(50, 1, 1000.0)), list(tokens(50, 1, 1000.5))
    assert len({one.text for one in first + second}) == 100
    assert len({one.number for one in first}) == 50


def test_values_go_into_path_headers_and_bodies_however_deep():
    request = RequestSpec(
        path="/users/{{number}}/{{round}}?n={{n}}",
        headers={"Idempotency-Key": "{{round}}"},
        json={"id": "{{number}}", "who": ["{{n}}", {"mail": "a{{round}}@x"}], "{{round}}": 1.5, "ok": True},
    )
    found = filled(request, TOKEN, 7)
    assert found.path == "/users/1003/r1-1-3?n=7"
    assert found.headers == {"Idempotency-Key": "r1-1-3"}
    assert found.json == {"id": 1003, "who": [7, {"mail": "ar1-1-3@x"}], "r1-1-3": 1.5, "ok": True}
    assert filled(RequestSpec(body="{{ round }}! {{round}}"), TOKEN, 0).body == "r1-1-3! r1-1-3"
    assert filled(RequestSpec(form={"a": "{{n}}"}), TOKEN, 2).form == {"a": "2"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(alphabet="ab{ "),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="ab"), inner),
    )
)
def test_what_has_no_template_stays(value):
    assert filled(RequestSpec(json=value), TOKEN, 0).json == value


@pytest.mark.parametrize("written", ["{{roud}}", "{{ round | upper }}", "{{random.int(1, 9)}}", "{{}}"])
def test_what_looks_like_a_template_and_is_none_is_found(written):
    assert strange(RequestSpec(json={"a": [{"b": f"x {written}"}]})) == written.strip("{} ")
    assert strange(RequestSpec(path="/{{round}}", json={"a": {"b": {"{{ n }}": "{{number}}"}}})) is None
