from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from noticeboard.errors import Problem
from noticeboard.service.drafts import MAX_TAG_CHARACTERS, MAX_TAGS, MAX_TEXT_CHARACTERS, parse_draft
from noticeboard.service.text import clean, fold

any_text = st.text(st.characters(exclude_categories=()), max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=8,
)
near_drafts = st.fixed_dictionaries(
    {}, optional={"text": any_text | json_values, "tags": st.lists(any_text, max_size=12) | json_values}
)


@given(any_text)
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)


@given(any_text)
def test_what_is_clean_can_be_stored_anywhere(text):
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned
    assert "\x00" not in cleaned
    assert "\r" not in cleaned
    assert cleaned == cleaned.strip()


@given(any_text)
def test_folding_twice_is_folding_once_and_cleaning_first_changes_nothing(text):
    assert fold(fold(text)) == fold(text) == fold(clean(text))


@given(st.text(st.characters(codec="ascii"), max_size=40))
def test_folding_ignores_the_case(text):
    assert fold(text.upper()) == fold(text.lower())


@given(any_text.filter(clean), st.lists(any_text.filter(fold), max_size=MAX_TAGS))
def test_a_draft_is_what_it_is_after_a_round_trip(text, tags):
    tags = [tag for tag in tags if len(fold(tag)) <= MAX_TAG_CHARACTERS]
    draft = parse_draft({"text": text, "tags": tags})
    document = json.loads(json.dumps({"text": draft.text, "tags": draft.tags}))
    assert parse_draft(document) == draft


@given(json_values | near_drafts)
def test_any_document_is_a_draft_or_a_problem(document):
    try:
        draft = parse_draft(document)
    except Problem as problem:
        assert problem.status == 422
        assert 0 < len(problem.detail) <= 500
    else:
        assert 1 <= len(draft.text) <= MAX_TEXT_CHARACTERS
        assert len(set(draft.tags)) == len(draft.tags) <= MAX_TAGS
