from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.load.openapi.contract import REMEMBERED, Contract, Expected, Purse, judges

NOTE = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
EXPECTED = Expected({
    "200": {"application/json": {"$ref": "#/$defs/Note"}, "text/*": None},
    "204": {},
    "4XX": {"application/problem+json": {"type": "object"}},
})  # fmt: skip
BODIES = st.sampled_from([b'{"id": "\\ud800"}', b'{"id": 1e999}', b'{"id": 1' + b"0" * 400 + b"}", b'{"\\u0000": -0}'])
JSON = "application/json; charset=utf-8"


def judge(expected=EXPECTED, share=1.0):
    return judges(Contract({"GET /a": expected}, {"Note": NOTE}), Purse(share))["GET /a"]


@pytest.mark.parametrize(
    ("status", "kind", "body", "wrong"),
    [
        (200, JSON, b'{"id": 1}', None),
        (200, "text/html", b"<p>", None),
        (204, "", b"", None),
        (404, "application/problem+json", b"{}", None),
        (200, JSON, b'{"id": "a"}', '$.id: "a" is not of type "integer"'),
        (200, JSON, b"{}", '"id" is a required property'),
        (200, JSON, b'{"id":', "not JSON"),
        (200, JSON, b'{"id": 1, "x": "\xff"}', "not JSON"),
        (200, JSON, b"[" * 100_000, "not JSON"),
        (200, "application/xml", b"<a/>", "Content-Type application/xml is not documented"),
        (200, "", b"x", "no Content-Type"),
        (200, "", b"", "without a body"),
        (202, JSON, b'{"id": 1}', "status 202 is not documented, 200, 204, 4XX"),
    ],
)
def test_answers_against_the_document(status, kind, body, wrong):
    said = judge().judge(status, kind, body)
    assert said is None if wrong is None else wrong in said


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([JSON, "", "text/html"]), st.binary(max_size=60) | BODIES)
def test_no_answer_breaks_the_judge(kind, body):
    said = judge().judge(200, kind, body)
    assert said is None or said


def test_nothing_documented_asks_nothing():
    assert judge(Expected({})).judge(200, JSON, b"nonsense") is None
    assert judge(Expected({"DEFAULT": {}})).judge(299, "", b"x") is None
    assert judge(Expected({"200": {"application/json": NOTE}}, bodiless=True)).judge(200, JSON, b"") is None


def test_an_answer_that_was_judged_is_known():
    one = judge()
    assert one.judge(200, JSON, b'{"id": "a"}') == one.judge(200, JSON, b'{"id": "a"}')
    one.judge(200, JSON, b'{"id": 2}')
    assert one.take() == (2, 1, 0)
    assert one.take() == (0, 0, 0)


def test_what_there_is_no_time_for_is_counted_and_not_called_wrong():
    one = judge(share=0.0)
    bodies = [json.dumps({"id": str(n), "x": "y" * 5000}).encode() for n in range(3000)]
    said = [one.judge(200, JSON, body) for body in bodies]
    looked, known, unseen = one.take()
    assert looked + known + unseen == len(bodies)
    assert unseen > 0
    assert said.count(None) == unseen


def test_memory_of_answers_is_bounded():
    one = judge()
    for number in range(REMEMBERED * 2 + 10):
        one.judge(200, JSON, b'{"id": %d}' % number)
    assert len(one._verdicts) <= REMEMBERED


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "#/$defs/Nowhere"}, {"pattern": "("}])
def test_a_schema_that_is_none_asks_nothing(schema):
    assert judge(Expected({"200": {"application/json": schema}})).judge(200, JSON, b"1") is None


def test_the_pattern_of_a_stranger_does_not_take_for_ever():
    one = judge(Expected({"200": {"application/json": {"pattern": "^(?=((a+)+)+$)b|(a|a)*c(?!d)$"}}}))
    one.judge(200, JSON, json.dumps("a" * 5000).encode())
    assert one.take() == (1, 0, 0)


def test_packed_answers_are_unpacked_before_they_are_compared():
    one = judge()
    assert "is not of type" in one.judge(200, JSON, gzip.compress(b'{"id": "a"}'), "gzip")
    assert one.judge(200, JSON, gzip.compress(b'{"id": 1}'), "gzip") is None
    assert one.take() == (2, 0, 0)
    for body, encoding in ((b"{}", "br"), (b"{}", "gzip"), (gzip.compress(b'{"id": 1}')[:-9], "gzip")):
        assert one.judge(200, JSON, body, encoding) is None
    assert one.take() == (0, 0, 3)


def test_a_content_type_without_end_is_not_remembered():
    one = judge()
    assert one.judge(200, "application/json;" + "x" * 1_000_000, b'{"id": 1}') is None
    assert "is not documented" in one.judge(200, "y" * 1_000_000, b"z")
    assert max(len(kind) for _, kind, *_ in one._verdicts) <= 200
