from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.reports.html import html
from brinell.reports.html_view import samples

JOINT = "\ue0ff"
VOID = {"meta", "input", "br", "link", "hr", "img"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "div", "p", "b", "bdi", "time", "h1", "h2", "h3",
    "h4", "ul", "li", "span", "pre", "small", "dl", "dt", "dd", "nav", "main", "section", "article", "code", "button",
    "details", "summary", "figure", "figcaption", "svg", "path", "line", "text", "rect", "table", "caption", "thead",
    "tbody", "tr", "th", "td", "i", "input", "select", "option", "kbd", "footer", "script", "br",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would build: elements with their attributes, text by element, and whether all of it nests."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.stack, self.raw = [], [], [], {}
        self.feed(text)
        self.close()
        assert not self.stack, self.stack

    def handle_starttag(self, tag, attributes):
        if tag == "wbr":
            self.texts.append(JOINT)
            return
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, text):
        if self.stack and self.stack[-1] in {"script", "style"}:
            self.raw.setdefault(self.stack[-1], []).append(text)
        else:
            self.texts.append(text)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).replace(f" {JOINT} ", "").split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def assert_inert(text):
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= TAGS
    for tag, attributes in page.elements:
        assert not [
            name for name in attributes if name.startswith("on") or name in {"style", "srcdoc", "src", "action"}
        ]
        if "href" in attributes:
            assert attributes["href"].startswith("#"), (tag, attributes)
    scripts = page.all("script")
    assert scripts == [{"type": "application/json", "id": "data"}, {}]
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    for kind, body in (("script", page.raw["script"][-1]), ("style", page.raw["style"][0])):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    json.loads(page.raw["script"][0])
    return page


@pytest.mark.parametrize("name", ["realistic", "hostile", "passing", "empty"])
def test_the_page_is_well_formed_and_holds_no_code_but_ours(build, name):
    assert_inert(html(getattr(build, name)()))


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_judgement_renders_twice_the_same_and_inert(build, data):
    judgement = data.draw(build.judgements())
    text = html(judgement)
    assert text == html(judgement)
    assert_inert(text)


def test_hostile_text_is_shown_as_it_is(build):
    page = assert_inert(html(build.hostile()))
    assert "<script>document.documentElement.dataset.owned='1'</script>" in page.text
    assert "<img src=x onerror=" in page.text
    assert "{{ 7 * 7 }}" in page.text


def test_terminal_codes_and_reordering_characters_are_gone(build):
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html(build.hostile()))


def test_the_embedded_data_cannot_end_its_element(build):
    text = html(build.hostile())
    data = text.split('id="data">', 1)[1].split("</script>", 1)[0]
    assert not re.search("[<>&\u2028\u2029]", data)
    assert json.loads(data)["tests"]["name"]


def test_the_essentials_need_no_script(build):
    judgement = build.realistic()
    page = Page(html(judgement))
    for piece in (
        "Not ready", "2 of 5 required findings failed", "p95 response time is 612.4 ms, the limit is 500 ms",
        "stock went negative", "python -m pytest -p no:randomly", "src/shop/orders.py:88,91", "tied with 2 others",
        "P0, rule data-loss", "2026-11-22 01:45 UTC", "998.7/s of 1,000/s", "The generator was the limit.",
        "1.31 times its 36.8 s", "pytest ran without workers", "9b1de07 (dirty)", "status 500",
    ):  # fmt: skip
        assert piece in page.text


def test_the_verdict_comes_before_everything_else(build):
    page = Page(html(build.realistic()))
    order = [
        "Not ready",
        "7 of 412 tests failed",
        "Could not be decided",
        "Bugs by urgency",
        "Root cause",
        "Latency in",
    ]
    places = [page.text.index(piece) for piece in order]
    assert places == sorted(places)


def test_every_link_has_a_target(build):
    page = Page(html(build.realistic()))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.all("a")} <= set(ids)


def test_what_refers_to_a_name_finds_it(build):
    page = Page(html(build.realistic()))
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a} <= ids


def test_not_measured_is_a_state_of_its_own(build):
    page = Page(html(build.realistic()))
    assert "Not measured" in page.text
    assert "error_rate \u2013 0.01" in page.text


def test_a_test_whose_teardown_failed_is_not_listed_as_passed(build):
    judgement = build.passing()
    first, *others = judgement.suite.tests
    down = msgspec.structs.replace(first, teardown_error=True)
    suite = msgspec.structs.replace(judgement.suite, tests=(down, *others), errors=1)
    text = html(msgspec.structs.replace(judgement, suite=suite))
    data = json.loads(text.split('id="data">', 1)[1].split("</script>", 1)[0])["tests"]
    assert data["outcomes"][data["outcome"][0]] == "error"
    assert data["reason"][0] == "passed, then its teardown failed"
    assert "1 error" in Page(text).text


def test_what_our_sentences_quote_is_code(build):
    bug = msgspec.structs.replace(build.realistic().bugs[0], root_cause="`reserve` <b> leaves `<i>` alone")
    text = html(msgspec.structs.replace(build.realistic(), bugs=(bug,)))
    assert "<code>reserve</code> &lt;b&gt; leaves <code>&lt;i&gt;</code> alone" in text


def test_ten_thousand_tests_are_data_not_markup(build):
    small, large = html(build.many(500)), html(build.many(10_000))
    assert len(Page(large).elements) == len(Page(small).elements)
    assert len(large) < 1_500_000


def test_bugs_beyond_counting_are_left_to_the_triage_report(build):
    judgement = build.realistic()
    bugs = tuple(msgspec.structs.replace(judgement.bugs[1], id=f"B-{n}") for n in range(2000))
    page = assert_inert(html(msgspec.structs.replace(judgement, bugs=(*bugs, judgement.bugs[0]))))
    assert len(page.all("article")) == 300 + len(judgement.load)
    assert "1,701 more bugs, the least urgent" in page.text
    assert "P0, rule data-loss" in page.text


@pytest.mark.prove
def test_a_megabyte_of_message_is_cut(build):
    assert len(html(build.hostile(("x" * 1_000_000,)))) < 2_000_000


def test_a_run_of_an_hour_and_gaps_in_it_are_drawn(build):
    judgement = build.realistic()
    series = build._series(3600, 80.0, 1000)
    series = msgspec.structs.replace(series, p50_ms=(None, 0.0, *series.p50_ms[2:]), cpu=(None,) * 3600)
    load = msgspec.structs.replace(judgement.load[0], series=series, timeline=None)
    page = assert_inert(html(msgspec.structs.replace(judgement, load=(load,))))
    panels = [attributes["aria-label"].split(".")[0] for attributes in page.all("svg") if "aria-label" in attributes]
    assert "Subject: memory, MiB" in panels
    assert "Subject: cores" not in panels  # of nothing but gaps


def test_no_template_or_script_parses_text_as_markup():
    from importlib import resources

    folder = resources.files("brinell.reports").joinpath("templates")
    for file in folder.iterdir():
        source = file.read_text(encoding="utf-8")
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "|safe",
        ):
            assert word not in source
        for scheme in ("http:", "https:", "//cdn"):
            assert scheme not in source.replace("http://www.w3.org/2000/svg", "")


def test_single_requests_are_read_as_the_other_numbers_are(build):
    columns, rows = samples(build.realistic().load[0])
    heads = [name for name, _ in columns]
    assert ("response ms", "n") in columns
    assert ("detail", "text") in columns
    assert dict(zip(heads, rows[0], strict=True))["response ms"] == ("3,105", "n")
    assert dict(zip(heads, rows[0], strict=True))["at s"] == ("18.600", "n")


def test_workers_and_what_they_gained_are_told(build):
    judgement = build.realistic()
    suite = msgspec.structs.replace(
        judgement.suite, workers=2, serial_seconds=22.0, parallel_seconds=12.0, parallel_speedup=1.833
    )
    text = html(msgspec.structs.replace(judgement, suite=suite))
    assert ", 2 forked workers" in text
    assert "<dd>1.83 times as fast: 12.0 s instead of 22.0 s</dd>" in text
