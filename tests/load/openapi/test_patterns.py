from __future__ import annotations

import random
import re

import pytest

from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.patterns import LONGEST, matching


def made(pattern, least=0, most=LONGEST):
    return matching(pattern, least, most, random.Random(1))  # noqa: S311 - test data


@pytest.mark.parametrize(
    "pattern", ["^(?:[a-f]{2}){1000}$", "^[0-9]{4096}$", "^(?:(?:a?){3}){50}$", r"^\d+(\.\d{2})?$"]
)
def test_what_is_repeated_often_is_made(pattern):
    assert re.search(pattern, made(pattern))


@pytest.mark.parametrize(
    "pattern", ["(){4000000000}", "((){60000}){60000}", "(?:a{0}){99999999}", "(b?){0,0}(){70000}"]
)
def test_repeating_nothing_without_end_is_refused_at_once(pattern):
    with pytest.raises(Cannot, match="repeats something more than"):
        made(pattern)
