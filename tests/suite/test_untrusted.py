from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.suite.untrusted import Names, clean, identity

WORDS = st.sampled_from(
    ["password=hunter2", "token: hunter2", "api_key='hunter2'", "postgres://me:hunter2@db/x", "Bearer hunter2hunter2",
     "Authorization: hunter2", "a line", "tests/test_auth.py::TestToken::test_x PASSED", "", "x = 1", "-----BEGIN"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=12))
def test_no_secret_survives_wherever_it_stands(lines):
    assert "hunter2" not in clean("\n".join(lines))


@given(st.text())
def test_whatever_comes_it_can_be_encoded(text):
    clean(text).encode()
    identity(text).encode()


def test_a_value_on_the_next_line_is_masked_too():
    assert clean('password =\n    "hunter2"\nnext') == "password =\n    [redacted]\nnext"


def test_node_ids_stay_whole():
    line = "tests/test_auth.py::TestToken::test_password PASSED"
    assert clean(line) == line
    assert identity("t.py::TestToken::test_password[a=b]") == "t.py::TestToken::test_password[a=b]"


@pytest.mark.parametrize(
    "text", ["where author = :author", "authors: 3", "passed: 12", "passengers=4", "t::TestAuth::test_author=x"]
)
def test_words_that_only_begin_like_secrets_stay(text):
    assert clean(text) == text


@pytest.mark.parametrize("name", ["authorization: ", "auth=", "pass=", "password=", "authorisation_key="])
def test_their_secret_neighbours_do_not(name):
    assert "hunter2" not in clean(f"{name}hunter2")


def test_only_parameters_of_an_id_are_masked():
    assert identity("t.py::TestAuth::test_x[secret=hunter2]") == "t.py::TestAuth::test_x[secret=[redacted]]"
    assert identity("t.py::test_\x1b[31m") == "t.py::test_"


def test_tests_that_look_alike_once_masked_stay_two():
    names = Names()
    raw = ["t.py::test_x[token=a]", "t.py::test_x[token=b]", "t.py::test_x[c]", "t.py::test_x[token=a]"]
    assert [names.of(name) for name in raw] == [
        "t.py::test_x[token=[redacted]]",
        "t.py::test_x[token=[redacted] (2)]",
        "t.py::test_x[c]",
        "t.py::test_x[token=[redacted]]",
    ]


@given(st.lists(st.sampled_from(["token=a", "token=b", "secret=a", "x", "\x1b[1m", "\x1b[2m"]), max_size=9))
def test_every_test_has_a_name_of_its_own_in_any_order(parameters):
    names = Names()
    raw = [f"t.py::test_x[{parameter}]" for parameter in parameters]
    kept = [names.of(name) for name in raw]
    assert kept == [names.of(name) for name in raw]
    assert len(set(kept)) == len(set(raw))
