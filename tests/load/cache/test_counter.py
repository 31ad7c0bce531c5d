from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.cache.counter import counter_of, value_in

PROMETHEUS = b"""# HELP loads_total how often
# TYPE loads_total counter
loads_total{kind="user"} 7
loads_total{kind="note"} 3.0 1700000000
loads_total_created 1.7e9
other 1
"""


def test_a_counter_is_a_path_and_a_name():
    assert counter_of("/metrics?x=1#loads_total") == ("/metrics?x=1", "loads_total")
    for text in ("/metrics", "metrics#a", "/metrics#", "/metrics#a b"):
        with pytest.raises(ValueError, match="after #, a name"):
            counter_of(text)


def test_samples_of_all_labels_are_added_up():
    assert value_in(PROMETHEUS, "loads_total") == 10
    with pytest.raises(ValueError, match="there is no loads in it"):
        value_in(PROMETHEUS, "loads")


def test_json_is_followed_by_its_keys():
    page = b'{"cache": [{"loads": 3}, {"loads": "4", "on": true, "name": "x", "far": 1e999}]}'
    assert value_in(page, "cache.0.loads") == 3
    for name in ("cache.1.loads", "cache.1.on", "cache.1.name", "cache.1.far", "cache"):
        with pytest.raises(ValueError, match="no number"):
            value_in(page, name)
    for name in ("cash", "cache.2.loads", "cache.x"):
        with pytest.raises(ValueError, match="there is no"):
            value_in(page, name)


@given(st.binary(max_size=200), st.sampled_from(["a", "a.b", "0"]))
def test_any_page_gives_a_number_or_a_reason(page, name):
    with contextlib.suppress(ValueError):
        assert isinstance(value_in(page, name), float)
