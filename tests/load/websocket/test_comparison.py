"""Does an echo hold what was sent?"""

from __future__ import annotations

import json

import msgspec
import pytest

from brinell.load.websocket.comparison import holds

SENT = {"stamp": "bn1", "body": {"text": "é", "tags": [1, 2]}}
TEXT = json.dumps(SENT).encode()


@pytest.mark.parametrize(
    "answer",
    [
        SENT,
        {"at": 1.5, **dict(reversed(SENT.items()))},
        {"type": "echo", "data": [1, SENT]},
        {"said": TEXT.decode()},
        {**SENT, "body": {**SENT["body"], "more": None}},
    ],
)
def test_what_is_added_moved_or_wrapped_is_still_there(answer):
    for indent in (None, 2):
        assert holds(json.dumps(answer, indent=indent).encode(), TEXT)
    assert "said" in answer or holds(msgspec.msgpack.encode(answer), msgspec.msgpack.encode(SENT))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        TEXT[:-1],
        TEXT[:-2] + b"}",
        json.dumps({**SENT, "body": {"text": "e", "tags": [1, 2]}}).encode(),
        json.dumps({"stamp": "bn1"}).encode(),
        b"[" * 5000 + TEXT[1:],
        b"\xff\xfe",
    ],
)
def test_what_is_missing_or_another_is_not(answer):
    assert not holds(answer, TEXT)


def test_texts_are_looked_for_as_they_are():
    assert holds(b"echo: hello bn1", b"hello bn1")
    assert not holds(b"ECHO: HELLO BN1", b"hello bn1")
