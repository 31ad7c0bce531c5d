from __future__ import annotations

from noticeboard.cache.entry import Span
from noticeboard.cache.spans import SpanIndex


def test_a_span_covers_both_its_ends():
    span = Span(2, 4)
    assert [number for number in range(7) if span.covers(number)] == [2, 3, 4]


def test_covering():
    index = SpanIndex()
    index.add("note", Span(3, 3))
    index.add("same note", Span(3, 3))
    index.add("page", Span(1, 3))
    index.add("other page", Span(4, 9))
    assert sorted(index.covering(3)) == ["note", "page", "same note"]
    assert index.covering(1) == ["page"]
    assert index.covering(9) == ["other page"]
    assert index.covering(10) == []
    assert len(index) == 4


def test_what_is_removed_leaves_nothing_behind():
    index = SpanIndex()
    spans = {"note": Span(3, 3), "same note": Span(3, 3), "page": Span(1, 3)}
    for key, span in spans.items():
        index.add(key, span)
    index.remove("note", spans["note"])
    assert sorted(index.covering(3)) == ["page", "same note"]
    index.remove("page", spans["page"])
    index.remove("same note", spans["same note"])
    assert index.covering(3) == []
    assert len(index) == 0
    assert vars(index) == vars(SpanIndex())
