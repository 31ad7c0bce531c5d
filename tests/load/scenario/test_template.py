from __future__ import annotations

import contextlib
import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.scenario.draws import Draws
from brinell.load.scenario.generators import GENERATORS, WORDS, Wrong
from brinell.load.scenario.scope import Scope
from brinell.load.scenario.template import filled, has_template, names, parts, text_of

KNOWN = {"user": ("name", "address"), "id": None}
VALUES = {"user": {"name": "ada", "address": {"city": "London"}}, "id": 17}


def scope(seed=1, number=0):
    return Scope(Draws(seed, number), itertools.count(1), VALUES)


def fill(text, where=None):
    return filled(parts(text, KNOWN), where or scope())


@given(st.text())
def test_text_without_templates_stays_as_it_is(text):
    if not has_template(text):
        assert parts(text, KNOWN) == ([text] if text else [])
        assert fill(text) == text


@given(st.lists(st.sampled_from(["{{id}}", "{{ user.name }}", "{{'{{'}}", "a", "}}", "{", "{{user.address.city}}"])))
def test_templates_are_filled_in_where_they_stand(pieces):
    values = {"{{id}}": "17", "{{ user.name }}": "ada", "{{'{{'}}": "{{", "{{user.address.city}}": "London"}
    text = " ".join(pieces)  # a space between: a brace before a template would be the template's
    assert fill(text) == " ".join(values.get(piece, piece) for piece in pieces)


@given(st.text(st.characters(exclude_characters="'")))
def test_a_quoted_text_comes_out_as_it_is(text):
    assert fill("{{'" + text + "'}}") == text


@given(st.text(), st.dictionaries(st.text(), st.none()))
def test_whatever_stands_in_the_braces_is_read_or_refused_in_words(inside, known):
    where = Scope(Draws(1, 1), itertools.count(), dict.fromkeys(known, "x"))
    with contextlib.suppress(Wrong):
        assert isinstance(filled(parts("{{" + inside + "}}", known), where), str)


def test_generators():
    where = scope()
    assert uuid.UUID(fill("{{uuid}}", where)).version == 4
    assert [fill("{{seq}}", where) for _ in range(3)] == ["1", "2", "3"]
    assert fill("{{word}}", where) in WORDS
    assert {fill("{{int(1, 3)}}", where) for _ in range(100)} == {"1", "2", "3"}
    assert {fill("{{int(-2,-2)}}", where)} == {"-2"}
    assert all(0.5 <= float(fill("{{float(0.5, 2)}}", where)) <= 2 for _ in range(50))
    assert {fill("{{choice(red, 'a, b', green)}}", where) for _ in range(100)} == {"red", "a, b", "green"}
    told = datetime.fromisoformat(fill("{{now}}", where))
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=5)


def test_each_use_draws_anew_and_the_same_for_the_same_session():
    text = "{{uuid}} {{uuid}} {{int(1, 1000000)}} {{word}}"
    one, two, *_ = fill(text).split()
    assert one != two
    assert fill(text) == fill(text)
    assert fill(text) != fill(text, scope(seed=2))
    assert fill(text) != fill(text, scope(number=1))


def test_another_start_has_identities_of_its_own_and_else_the_same():
    text = "{{int(1, 1000000)}} {{uuid}} {{word}} {{uuid}} {{int(1, 1000000)}}"

    def drawn(fresh):
        where = Scope(Draws(1, 7, fresh), itertools.count(1), VALUES)
        first, one, word, two, last = fill(text, where).split()
        assert {uuid.UUID(one).version, uuid.UUID(two).version} == {4}
        return (first, word, last), {one, two}

    rest, ids = zip(*(drawn(fresh) for fresh in (0, 1, 2, 2**64 - 1)), strict=True)
    assert len(set(rest)) == 1
    assert len(set().union(*ids)) == 8
    assert drawn(2)[1] == ids[2]


def test_every_generator_shows_how_it_is_used():
    for name, generator in GENERATORS.items():
        assert generator.usage.startswith(name)
        assert fill("{{" + generator.usage + "}}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{idd}}", "nothing is called idd"),
        ("{{id.}}", "neither a variable nor a generator"),
        ("{{}}", "neither"),
        ("{{uuid(1)}}", "takes nothing in brackets"),
        ("{{int}}", "two whole numbers"),
        ("{{int(1)}}", "two whole numbers"),
        ("{{int(1.5, 2)}}", "two whole numbers"),
        ("{{int(1, 2, 3)}}", "two whole numbers"),
        ("{{float(a, b)}}", "two numbers"),
        ("{{choice(a,,b)}}", "what to choose from"),
        ("{{choice(a, b,)}}", "what to choose from"),
        ("{{choice('a)}}", "neither"),
        ("{{user}}", "name its column"),
        ("{{user.nam}}", "no column nam"),
        ("{{__import__('os')}}", "there is no __import__"),
    ],
)
def test_what_is_no_template_is_said(text, why):
    if not has_template(text):
        assert parts(text, KNOWN) == [text]  # an unbalanced quote: the braces are text
        return
    with pytest.raises(Wrong, match=why):
        parts(text, KNOWN)


def test_names_are_the_variables_that_are_used():
    assert names("{{user.name}} {{id}} {{uuid}} {{int(1, 2)}} {{'a.b'}} id") == {"user", "id"}


def test_values_as_text():
    assert [text_of(one) for one in ("a", 1, 1.5, True, None, [1, "b"], {"c": 2})] == [
        "a", "1", "1.5", "true", "", '[1,"b"]', '{"c":2}',
    ]  # fmt: skip


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists))
def test_what_is_no_text_is_json(value):
    if not isinstance(value, str) and value is not None:
        assert json.loads(text_of(value)) == value
