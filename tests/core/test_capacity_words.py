from __future__ import annotations

import pytest

from brinell.core.capacity_search import QUANTITIES
from brinell.core.capacity_words import WHAT, counted, level_words, unit
from brinell.core.plan import CacheSpec, LoadSpec, SessionSpec, WebSocketSpec


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "requests"),
        ({"sessions": (SessionSpec(name="a", requests=()),)}, "sessions"),
        ({"flows": "users.py"}, "sessions"),
        ({"call": "a:b"}, "calls"),
        ({"cache": CacheSpec(target="a:b")}, "operations"),
        ({"websocket": WebSocketSpec(mode="echo")}, "messages"),
        ({"websocket": WebSocketSpec(mode="broadcast")}, "publishes"),
    ],
)
def test_what_a_rate_counts(fields, said):
    assert counted(LoadSpec(name="a", shape={}, **fields)) == said


def test_a_level_has_its_unit():
    assert level_words(954.2, unit("rate", "requests")) == level_words(954.2, unit("rate", "")) == "954.2/s"
    assert level_words(29.5, unit("rate", "publishes")) == "29.5 publishes/s"
    assert level_words(1200, unit("connections", "messages")) == "1,200 connections"
    assert level_words(60, unit("receivers", "publishes")) == "60 receivers a room"


def test_every_quantity_has_words():
    assert WHAT.keys() == set(QUANTITIES)
    assert all(unit(quantity, "publishes") for quantity in QUANTITIES)
