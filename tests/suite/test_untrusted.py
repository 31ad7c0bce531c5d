from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.suite.untrusted import clean, identity

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
