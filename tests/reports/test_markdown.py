from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from brinell.reports import markdown_text
from brinell.reports.markdown import markdown
from brinell.reports.triage_markdown import triage_markdown

PARSER = MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"])
OURS = {"table_open", "paragraph_open", "heading_open", "bullet_list_open", "list_item_open", "fence", "inline"}
TAGS = {"<code>", "</code>"}


def tokens(text):
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def assert_inert(text):
    """Nothing but our own structure: no HTML, link, image or emphasis that crosses a subject's text."""
    for token in tokens(text):
        assert token.type not in {
            "html_block",
            "link_open",
            "image",
            "s_open",
            "hr",
            "lheading_open",
            "ordered_list_open",
        }
        assert token.type != "html_inline" or token.content in TAGS


def assert_columns_hold(text):
    """In every table each row has as many cells as its header."""
    width = 0
    for token in tokens(text):
        if token.type == "tr_open":
            cells = 0
        elif token.type in {"th_open", "td_open"}:
            cells += 1
        elif token.type == "tr_close":
            width = width or cells
            assert cells == width
        elif token.type == "table_close":
            width = 0


def table_rows(text):
    """Count the pipes GitHub would split at, row by row, in runs of table lines outside fences."""
    run, fence = [], ""
    for line in [*text.split("\n"), ""]:
        opening = re.match("^(`{3,})", line)
        if opening and not fence:
            fence = opening[1]
        elif fence and line == fence:
            fence = ""
        elif line.startswith("| ") and not fence:
            run.append(len(re.findall(r"(?<!\\)\|", line)))
        elif run:
            yield run
            run = []


REPORTS = (markdown, triage_markdown)


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("name", ["realistic", "hostile", "passing", "empty"])
def test_nothing_of_the_subject_is_interpreted(build, report, name):
    text = report(getattr(build, name)())
    assert_inert(text)
    assert_columns_hold(text)
    assert all(len(set(run)) == 1 for run in table_rows(text))


@pytest.mark.parametrize("report", REPORTS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_judgement_renders_twice_the_same_and_inert(build, data, report):
    judgement = data.draw(build.judgements())
    text = report(judgement)
    assert text == report(judgement)
    assert_inert(text)
    assert_columns_hold(text)


ANY = st.one_of(st.text(max_size=120), st.text("|`\\<>[]()!*_#@&;-+=~ \n\t:/.1w", max_size=60))


def shown(text):
    """Return the text a reader sees in a paragraph, without the joiners that part links."""
    inline = next(token for token in PARSER.parse(text) if token.type == "inline")
    return "".join(child.content for child in inline.children if child.type in {"text", "code_inline"}).replace(
        "\u2060", ""
    )


@given(ANY.filter(lambda text: text.strip()))
def test_prose_reads_as_it_was(text):
    expected = markdown_text.one_line(text, 500).replace("\u2060", "")
    if expected.strip():
        assert_inert(markdown_text.text(text))
        assert shown(markdown_text.text(text)).strip() == expected.strip()


@given(ANY.filter(lambda text: text.strip()))
def test_prose_with_quotes_is_inert(text):
    assert_inert(markdown_text.prose(text) or "x")


def test_what_our_sentences_quote_is_code():
    assert markdown_text.prose("`a*b` leaves *c*") == r"`a*b` leaves \*c\*"
    assert markdown_text.prose("one ` only") == r"one \` only"


@given(ANY)
def test_a_code_span_reads_as_it_was(text):
    expected = markdown_text.one_line(text, 500)
    if expected.strip():
        assert shown(f"x {markdown_text.code(text)}").strip() == f"x {expected}".replace("\u2060", "").strip()


@given(ANY, ANY)
def test_a_table_keeps_its_columns_whatever_is_in_them(one, other):
    text = markdown_text.table(("a", "b"), [(markdown_text.cell(one), markdown_text.cell(other))])
    assert_columns_hold(text)
    assert_inert(text)
    assert all(len(set(run)) == 1 for run in table_rows(text))


@given(ANY)
def test_a_block_ends_where_we_end_it(text):
    fences = [token for token in PARSER.parse(markdown_text.block(text)) if token.type == "fence"]
    assert len(fences) == 1
    assert len(PARSER.parse(markdown_text.block(text))) == 1


@pytest.mark.parametrize(
    "text", ["@everyone", "see #12", "GH-12", "https://evil.example", "www.evil.example", "a :smile: b"]
)
def test_what_github_links_or_notifies_is_parted(text):
    assert "\u2060" in markdown_text.text(text)


def test_the_triage_report_has_what_a_fix_needs(build):
    text = triage_markdown(build.realistic())
    for piece in ("**Severity:**", "**SLA:**", "**Tests:**", "**Error:**", "**Root cause:**", "**Reproduction:**"):
        assert text.count(piece) == 3
    assert text.count("**Fix strategy:**") == 3
    assert "| P0 | 1 | 4 |" in text
    assert "| P1 | 0 | 0 |" in text
    assert "Date: 2026-11-21T01:45:00Z" in text
    assert "Totals: 3 bugs; 412 tests" in text


def test_no_suite_is_no_triage_and_no_bug_is_said(build):
    assert triage_markdown(build.empty()) == ""
    assert "No bug was found." in triage_markdown(build.passing())


def test_reasons_that_are_the_same_are_one_line(build):
    assert "`soak`, `recovery`, `bench`, `websocket`: no trial of this version measures it" in markdown(
        build.realistic()
    )


def test_thousands_of_tests_of_one_bug_are_counted(build):
    judgement = build.realistic()
    bug = build.msgspec.structs.replace(judgement.bugs[0], tests=tuple(f"t.py::t{n}" for n in range(5000)))
    text = triage_markdown(build.msgspec.structs.replace(judgement, bugs=(bug,)))
    assert "and 4,950 more, listed in `judgement.json`" in text
    assert len(text) < 20_000


@pytest.mark.parametrize("title", ["wrong total", "\u4e16\U0001f600|`" * 60])
def test_ten_thousand_bugs_give_files_one_can_open(build, title):
    judgement = build.realistic()
    replace = build.msgspec.structs.replace
    bugs = tuple(replace(judgement.bugs[-1], id=f"b1-{n:05}", title=title, error=title) for n in range(10_000))
    judgement = replace(judgement, bugs=(*bugs, judgement.bugs[0]))
    text = triage_markdown(judgement)
    assert_inert(text)
    assert_columns_hold(text)
    assert len(text.encode()) < 500_000
    assert text.index("## P0") < text.index(f"## {bugs[0].severity}")  # the most urgent is told, however late it comes
    told, listed = text.count("**Fix strategy:**"), len(re.findall("^\\| P", text, re.MULTILINE)) - 4
    assert min(told, listed) > 50
    assert f"## {10_001 - told:,} further bugs" in text
    assert f"and {10_001 - told - listed:,} more bugs not listed here, in `judgement.json`" in text
    short = markdown(judgement)
    assert len(short.encode()) < 250_000
    assert "and 9,801 more bugs, the least urgent, in `judgement.json`" in short


def test_one_bug_is_told_whatever_its_size(build):
    judgement = build.realistic()
    tests = tuple(f"t.py::{n}" + "x" * 490 for n in range(40))
    huge = build.msgspec.structs.replace(judgement.bugs[0], tests=tests, error="\u4e16" * 200_000)
    assert "**Fix strategy:**" in triage_markdown(build.msgspec.structs.replace(judgement, bugs=(huge,)))


def test_workers_and_what_they_gained_are_told(build):
    judgement = build.realistic()
    suite = msgspec.structs.replace(
        judgement.suite, workers=2, serial_seconds=22.0, parallel_seconds=12.0, parallel_speedup=1.833
    )
    text = markdown(msgspec.structs.replace(judgement, suite=suite))
    assert "on 2 forked workers, target" in text
    assert "In parallel 1.83 times as fast: 12.0 s instead of 22.0 s." in text
