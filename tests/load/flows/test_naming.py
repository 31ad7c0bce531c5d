from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.flows.naming import MOST, OTHER, Names, folded

IDS = st.one_of(
    st.integers(0, 10**30).map(str),
    st.uuids().map(str),
    st.binary(min_size=12, max_size=12).map(lambda b: "7" + b.hex()),
)
WORDS = st.from_regex(r"[a-z][a-z_.-]{0,12}", fullmatch=True)


@given(st.lists(st.tuples(WORDS, IDS), min_size=1, max_size=4), st.lists(st.tuples(WORDS, IDS), min_size=4, max_size=4))
def test_paths_that_differ_in_ids_only_have_one_name(parts, others):
    first = "".join(f"/{word}/{identity}" for word, identity in parts)
    second = "".join(f"/{word}/{identity}" for (word, _), (_, identity) in zip(parts, others, strict=False))
    assert folded(first) == folded(second) == "".join(f"/{word}/{{id}}" for word, _ in parts)
    assert folded(f"{first}?page=2") == folded(first)


@pytest.mark.parametrize("path", ["/", "/notes", "/v2/notes", "/beefcafe", "/notes/latest", "/a//b", "/notes/"])
def test_words_stay(path):
    assert folded(path) == path


def test_after_a_thousand_names_the_rest_are_the_others():
    names = Names()
    given_names = [names.of("GET", f"/page-{number}", None) for number in range(MOST + 500)]
    assert len(set(given_names)) == MOST + 1
    assert set(given_names[MOST:]) == {f"GET {OTHER}"}
    assert names.of("GET", "/page-0", None) == "GET /page-0"
    assert names.of("POST", "/x", "given") == f"POST {OTHER}"


def test_a_given_name_is_the_name():
    names = Names()
    assert {names.of("GET", f"/{number}", "search") for number in range(50)} == {"search"}
