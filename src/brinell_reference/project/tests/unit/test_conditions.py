from __future__ import annotations

import pytest

from noticeboard.api.conditions import is_unchanged, wanted_versions
from noticeboard.errors import Problem


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [(None, False), ('"1"', True), ('W/"1"', True), ('"2"', False), ('"0", "1"', True), (" * ", True), ("1", False)],
)
def test_if_none_match(header, unchanged):
    assert is_unchanged(header, '"1"') is unchanged


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        ('"1"', {1}),
        (' "1" , "22"', {1, 22}),
        ("*", None),
        (" * ", None),
        ('W/"1"', set()),
        ("1", set()),
        ('"x"', set()),
        ('"-1"', set()),
        ('"' + "9" * 5000 + '"', set()),
        ("", set()),
    ],
)
def test_if_match(header, versions):
    assert wanted_versions(header, required=True) == versions
    assert wanted_versions(header, required=False) == versions


def test_if_match_may_be_required():
    assert wanted_versions(None, required=False) is None
    with pytest.raises(Problem) as caught:
        wanted_versions(None, required=True)
    assert caught.value.kind == "version-required"
