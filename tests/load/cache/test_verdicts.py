from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.cache.verdicts import stated, usual


@pytest.mark.parametrize(
    ("name", "value", "is_hit"),
    [
        ("Cache-Status", "noticeboard; hit; detail=memory", True),
        ("Cache-Status", "noticeboard; fwd=uri-miss; stored", False),
        ("cache-status", "origin; fwd=miss, edge; hit; ttl=30", True),
        ("CF-Cache-Status", "HIT", True),
        ("CF-Cache-Status", "DYNAMIC", False),
        ("X-Cache", "Hit from cloudfront", True),
        ("X-Cache", "TCP_MISS from proxy", False),
        ("X-Cache", "MISS, HIT", True),
        ("X-Cache-Status", "EXPIRED", False),
        ("X-Cache-Hits", "0", False),
        ("X-Cache-Hits", "12", True),
        ("Age", "17", True),
        ("Age", "0", None),
        ("Age", "soon", None),
        ("X-Other", "HIT", None),
    ],
)
def test_what_caches_say(name, value, is_hit):
    assert usual(((b"Date", b"now"), (name.encode(), value.encode()))) is is_hit


def test_several_lines_are_one_header():
    assert usual(((b"Cache-Status", b"a; fwd=miss"), (b"Cache-Status", b"b; hit"))) is True


def test_a_stated_rule_knows_hits_and_misses():
    verdict = stated("X-Served-From: memory|disk")
    assert verdict(((b"x-served-from", b"DISK"),)) is True
    assert verdict(((b"x-served-from", b"database"),)) is False
    assert verdict(()) is False


@pytest.mark.parametrize("rule", ["", "X-Cache", ": HIT", "X-Cache:", "X-Cache: (", "X-Cache: \u20ac"])
def test_a_rule_that_will_not_do(rule):
    with pytest.raises(ValueError, match=r"rule|expression"):
        stated(rule)


@given(st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40)), max_size=5))
def test_any_headers_have_a_verdict(headers):
    assert usual(tuple(headers)) in {True, False, None}
