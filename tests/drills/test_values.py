"""Values of answers, and sums of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.drills.values import path_of, value_of

ACCOUNTS = b'{"accounts": [{"balance": 10}, {"balance": "2.50"}, {"balance": -0.5}], "n": 2}'


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.n", "2"),
        ("$.accounts[0]", '{"balance":10}'),
        ("$.accounts[*].balance", "12"),
        ("$.nothing", None),
        ("$.n[*]", None),
        ("$.accounts[*]", None),
        ("$.accounts[*].owner", None),
    ],
)
def test_values_and_sums(path, found):
    assert value_of(ACCOUNTS, path_of(path)) == found


def test_what_is_no_json_has_no_value():
    assert value_of(b"<html>", path_of("$.n")) is None
    assert value_of(b"[" * 100_000, path_of("$[0]")) is None


@pytest.mark.parametrize("path", ["n", "$..n", "$.a[*].b[*]", "$.a[*]b"])
def test_what_is_no_path(path):
    with pytest.raises(ValueError, match="path"):
        path_of(path)


@given(st.lists(st.decimals(-(10**6), 10**6, places=2)))
def test_a_sum_is_exact_in_any_order(numbers):
    def total(items):
        return value_of(json.dumps([str(one) for one in items]).encode(), path_of("$[*]"))

    assert total(numbers) == total(numbers[::-1])
    assert float(total(numbers)) == float(sum(numbers))
