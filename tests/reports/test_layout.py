from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brinell.core.verdicts import Verdict
from brinell.reports.layout import GLUE, Pen, cells, cut, wrap

WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Co", "Cn"]), max_size=200)


@given(WORDS, st.integers(4, 100))
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_words_are_kept_whole_where_they_fit():
    assert wrap("one two three", 9) == ["one two", "three"]


def test_a_path_breaks_at_its_joints():
    assert wrap("tests/orders/test_reserve.py::test_x", 20) == ["tests/orders/", "test_reserve.py::", "test_x"]


@given(WORDS, st.integers(1, 60))
def test_cut_text_fits(text, width):
    assert cells(cut(text, width)) <= width


def test_wide_and_combining_characters_are_measured():
    assert cells("日本") == 4
    assert cells("e\u0301") == 1


@given(
    st.text(max_size=300), st.integers(20, 120), st.booleans(), st.sampled_from(["utf-8", "ascii", "latin-1", "cp437"])
)
def test_nothing_written_moves_the_cursor_and_all_of_it_can_be_encoded(text, width, color, encoding):
    pen = Pen(width, color=color, encoding=encoding)
    pen.say(text, lead=text[:5], style="red")
    pen.table([("a", text[:20]), (text[:20], "1")])
    pen.verbatim(text)
    page = pen.page().replace("\x1b[1;31m", "").replace("\x1b[0m", "").replace("\x1b[2m", "").replace("\x1b[36m", "")
    assert not any(ord(char) < 32 for char in page.replace("\n", ""))
    page.encode(encoding)


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=300), st.integers(20, 120))
def test_a_paragraph_fits(text, width):
    pen = Pen(width, color=False, encoding="utf-8")
    pen.say(text, lead=pen.mark(Verdict.FAIL))
    assert all(cells(line) <= width for line in pen.page().splitlines())


def test_glue_keeps_a_number_with_its_unit():
    pen = Pen(20, color=False, encoding="utf-8")
    pen.say(f"one two three 12{GLUE}skipped")
    assert pen.lines == ["one two three", "12 skipped"]


def test_a_table_that_does_not_fit_becomes_paragraphs():
    pen = Pen(24, color=False, encoding="utf-8")
    pen.table([("ms", "p50", "p99"), ("response", "3,600,000", "3,600,000")])
    assert pen.lines == ["response: p50 3,600,000,", "   p99 3,600,000"]


def test_marks_have_an_ascii_form():
    assert [Pen(40, color=False, encoding="ascii").mark(verdict) for verdict in Verdict] == ["+", "?", "x"]


def test_source_keeps_its_margins_and_cannot_move_the_cursor():
    pen = Pen(20, color=False, encoding="utf-8")
    pen.block(
        "def f():\n\tif x:\n        y  =  'a wide line that is longer than the terminal'\n\x1b[31mred\x1b[2J", indent=2
    )
    assert pen.page().splitlines() == [
        "  def f():", "      if x:", "          y  =  'a wide line that is longer than the terminal'", "  red",
    ]  # fmt: skip


def test_long_source_is_counted():
    pen = Pen(40, color=False, encoding="ascii")
    pen.block("\n".join(map(str, range(30))), most=3)
    assert pen.page().splitlines() == ["0", "1", "2", "... 27 more lines ..."]
