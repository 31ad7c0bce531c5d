from __future__ import annotations

import itertools
import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.engine.session import Answer
from brinell.load.same import same
from brinell.load.scenario import checks
from brinell.load.scenario.checks import KEYS, first_wrong
from brinell.load.scenario.draws import Draws
from brinell.load.scenario.generators import Wrong
from brinell.load.scenario.json_path import Missing
from brinell.load.scenario.reading import Reading, extraction
from brinell.load.scenario.scope import Scope

BODY = {"id": 7, "state": "open", "on": True, "items": [{"sku": "a-1"}], "price": 2.0}
HEADERS = ((b"Content-Type", b"application/json"), (b"ETag", b'"x1"'), (b"etag", b"second"))
SCOPE = Scope(Draws(1, 1), itertools.count(), {"user": {"age": "7"}, "id": 7})
KNOWN = {"user": ("age",), "id": None}


def reading(body=BODY, took_ms=5):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reading(Answer(200, HEADERS, content, "ok", "", 1_000_000_000 + int(took_ms * 1e6), 1_000_000_000, 1))


def wrong(check, **fields):
    return first_wrong(checks.tests(check, KNOWN), reading(**fields), SCOPE)


@pytest.mark.parametrize(
    "check",
    [
        {"body_contains": "open"},
        {"body_contains": ["open", '"id": {{id}}']},
        {"body_regex": "a-\\d"},
        {"header": {"content-type": "application/json"}},
        {"header": {"ETAG": 'regex:^"x\\d"$'}},
        {"json": {"$.id": 7, "$.state": "open", "$.on": True, "$.price": 2, "$.items": [{"sku": "a-1"}]}},
        {"json": {"$.id": "{{id}}"}},
        {"json": {"$.id": "{{user.age}}"}},  # a cell of a CSV file is a text
        {"json": {"$.items[0].sku": "a-1"}},
        {"json_schema": {"type": "object", "required": ["id"]}},
        {"json_schema": True},
        {"max_ms": 6},
    ],
)
def test_what_fits(check):
    assert wrong(check) is None


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"body_contains": ["open", "closed"]}, "the body does not contain 'closed'"),
        ({"body_contains": "age {{user.age}}"}, "does not contain 'age 7'"),
        ({"body_regex": "^x"}, "nothing in the body fits '^x'"),
        ({"header": {"X-No": "a"}}, "there is no header X-No"),
        ({"header": {"ETag": "a"}}, "header ETag is '\"x1\"', not 'a'"),
        ({"header": {"ETag": "regex:^a"}}, "which does not fit"),
        ({"json": {"$.state": "closed"}}, "$.state is 'open', not 'closed'"),
        ({"json": {"$.on": 1}}, "$.on is 'true', not '1'"),
        ({"json": {"$.id": "7"}}, "$.id is '7', not '7'"),
        ({"json": {"$.nope": 1}}, "there is no $.nope"),
        ({"json_schema": {"properties": {"id": {"type": "string"}}}}, "$.id does not fit the schema: 7 is not of type"),
        ({"max_ms": 4}, "5 ms after it was due, more than 4"),
    ],
)
def test_what_does_not_fit_is_said(check, said):
    assert said in wrong(check)


def test_a_body_that_is_no_json_is_said():
    for body in (b"<html>", b"", b"\xff", b"[" * 100_000):
        assert "the body is not JSON" in wrong({"json": {"$": 1}}, body=body)
        assert "the body is not JSON" in wrong({"json_schema": {}}, body=body)


def test_nothing_is_fetched_for_a_schema():
    for address in ("http://127.0.0.1:9/schema.json", "file:///etc/hostname"):
        with pytest.raises(Wrong, match="nothing is fetched"):
            checks.tests({"json_schema": {"$ref": address}}, KNOWN)


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ({"body_contain": "a"}, "no check is called body_contain"),
        ({"body_contains": 1}, "body_contains: text is needed"),
        ({"body_contains": ""}, "body_contains: text is needed"),
        ({"body_contains": "{{nope}}"}, "body_contains: nothing is called nope"),
        ({"body_regex": "("}, "body_regex: this is no regular expression"),
        ({"header": "a"}, "header: a table is needed"),
        ({"json": {}}, "json: a table is needed"),
        ({"json": {"id": 1}}, "json: a JSON path begins with"),
        ({"json_schema": {"type": 5}}, "json_schema: this is no JSON Schema"),
        ({"json_schema": "x"}, "json_schema: a table is needed"),
        ({"max_ms": "5"}, "max_ms: a number"),
        ({"max_ms": True}, "max_ms: a number"),
    ],
)
def test_what_is_no_check_is_refused(check, why):
    with pytest.raises(Wrong, match=why):
        checks.tests(check, KNOWN)


def test_the_nearest_check_is_known():
    with pytest.raises(Wrong) as caught:
        checks.tests({"jsn": {}}, KNOWN)
    assert caught.value.choices == KEYS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=1), inner, max_size=3),
)


@given(JSON, JSON)
def test_the_same_value_is_the_same_json(one, other):
    assert same(one, one)
    assert same(json.loads(json.dumps(one)), one)
    assert same(one, other) == same(other, one)
    if same(one, other):
        assert one == other


def test_one_is_not_true():
    assert not same(1, True)
    assert not same([0], [False])
    assert same(1, 1.0)


# --- extraction -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("$.id", 7),
        ("$.items[0]", {"sku": "a-1"}),
        ("header:etag", '"x1"'),
        ("header: Content-Type ", "application/json"),
        ('regex:"state": "(\\w+)"', "open"),
        ("regex:a-\\d", "a-1"),
        ("regex:(x)?open", ""),
    ],
)
def test_what_is_taken(written, value):
    assert extraction(written)(reading()) == value


@pytest.mark.parametrize(
    ("written", "said"),
    [("$.no", r"no \$\.no"), ("header:X-No", "no header X-No"), ("regex:zzz", "nothing in the body fits zzz")],
)
def test_what_is_not_there(written, said):
    with pytest.raises(Missing, match=said):
        extraction(written)(reading())


@pytest.mark.parametrize("written", ["id", "", "header:", "regex:[", "$.."])
def test_what_takes_nothing_is_refused(written):
    with pytest.raises(Wrong):
        extraction(written)


@given(st.binary())
def test_any_body_can_be_read(body):
    one = Reading(SimpleNamespace(body=body, headers=()))
    assert isinstance(one.text, str)
