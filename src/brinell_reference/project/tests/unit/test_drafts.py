from __future__ import annotations

import pytest

from noticeboard.errors import Problem
from noticeboard.service.drafts import MAX_TAG_CHARACTERS, MAX_TAGS, MAX_TEXT_CHARACTERS, Draft, parse_draft


def fault(document):
    with pytest.raises(Problem) as caught:
        parse_draft(document)
    assert caught.value.kind == "invalid-note"
    return caught.value.detail


def test_a_draft_is_cleaned():
    assert parse_draft({"text": " a\r\nb "}) == Draft("a\nb", ())
    assert parse_draft({"text": "a", "tags": ["B", " b ", "C"]}) == Draft("a", ("b", "c"))
    assert Draft("Straße").folded == "strasse"


def test_limits_are_inclusive():
    longest = {"text": "x" * MAX_TEXT_CHARACTERS, "tags": ["y" * MAX_TAG_CHARACTERS]}
    assert parse_draft(longest) == Draft(longest["text"], tuple(longest["tags"]))
    tags = [f"tag {number}" for number in range(MAX_TAGS)]
    assert parse_draft({"text": "x", "tags": tags}).tags == tuple(tags)
    assert parse_draft({"text": "x", "tags": [*tags, tags[0]]}).tags == tuple(tags)


@pytest.mark.parametrize("document", [None, [], "text", 1, True])
def test_only_objects(document):
    assert fault(document) == "the body must be an object"


@pytest.mark.parametrize("text", [None, 1, "", " \n ", "\x00", ["x"]])
def test_text_must_be_there(text):
    assert fault({"text": text}) == "text must be a string that isn't blank"
    assert fault({}) == "text must be a string that isn't blank"


def test_text_has_a_limit():
    assert fault({"text": "x" * 10_001}) == "text must have at most 10000 characters, not 10001"


@pytest.mark.parametrize("tags", [None, "tag", [1], ["x", None], {}])
def test_tags_are_strings(tags):
    assert fault({"text": "x", "tags": tags}) == "tags must be a list of strings"


def test_tags_have_limits():
    many = [str(number) for number in range(11)]
    assert fault({"text": "x", "tags": many}) == "there must be at most 10 tags, not 11"
    for tag in ("", " ", "y" * 33):
        assert fault({"text": "x", "tags": ["fine", tag]}) == "a tag must have 1 to 32 characters"


def test_everything_that_is_wrong_is_told_at_once():
    told = fault({"text": "", "tags": 1, "colour": "red"})
    assert told == (
        "'colour' is not a property of a note; text must be a string that isn't blank; tags must be a list of strings"
    )


def test_what_is_told_is_bounded():
    told = fault({"text": "x", **{f"{number:03}": 1 for number in range(100)}})
    assert told.count(";") == 9
    assert told.startswith("'000' is not")
    assert len(fault({"x" * 10_000: 1})) == 500


def test_the_digest_tells_drafts_apart():
    drafts = [Draft("a"), Draft("b"), Draft("a", ("b",)), Draft("a", ("b", "c")), Draft("a", ("bc",))]
    assert len({draft.digest for draft in drafts}) == len(drafts)
    assert Draft("a", ("b",)).digest == Draft("a", ("b",)).digest
    assert len(Draft("a").digest) == 64
