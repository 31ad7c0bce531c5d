from __future__ import annotations

import json

import msgspec
import pytest

from brinell.core.errors import UsageError
from brinell.core.plan import WebSocketSpec
from brinell.load.websocket import codec as codecs
from brinell.load.websocket.codec import CODECS, Json, MessagePack, SocketIo, Text, named, opcode_of
from brinell.load.websocket.frames import BINARY, TEXT
from brinell.load.websocket.messages import Messages
from brinell.load.websocket.stamps import Stamps

STAMPS = Stamps(7)
STAMP = STAMPS.write(3, 5, 123, 4)


def made(codec, **fields):
    return Messages(WebSocketSpec(**fields), codec, STAMPS, 1, "[[load]] chat")


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
@pytest.mark.parametrize("fields", [{}, {"size": 300}, {"message": '{"a": 1}'}, {"message": '{"s": "{{stamp}}"}'}])
def test_every_message_carries_its_stamp(codec, fields):
    messages = made(codec(), **fields)
    payload = messages.payload(3, 9, 5, STAMP)
    found = STAMPS.find(payload)
    assert (found.room, found.number, found.due_ns, found.late_ns) == (3, 5, 123, 4)
    assert messages.fixed is not None
    assert messages.payload(0, 0, 6, STAMPS.write(0, 6, 1)) != payload


def test_sizes_are_kept_to():
    assert len(made(Text(), size=200).payload(0, 0, 0, STAMP)) == 200
    assert len(made(Json(), size=200).payload(0, 0, 0, STAMP)) == 200
    long = made(Json(), size=150, message='{"a": "{{stamp}}"}').payload(0, 0, 0, STAMP)
    assert len(long) == 150
    assert json.loads(long) == {"a": STAMP.decode()}
    assert len(made(Json(), size=10).payload(0, 0, 0, STAMP)) > 10
    with pytest.raises(UsageError, match="size fills up"):
        made(MessagePack(), size=900, message='{"a": 1}')
    with pytest.raises(UsageError, match="size = -1"):
        made(Json(), size=-1)


def test_json_gets_one_more_member():
    payload = made(Json(), message='{"type": "say", "text": "hi"}').payload(0, 0, 0, STAMP)
    assert json.loads(payload) == {"type": "say", "text": "hi", "stamp": STAMP.decode()}
    assert json.loads(made(Json(), message="{}").payload(0, 0, 0, STAMP)) == {"stamp": STAMP.decode()}
    with pytest.raises(UsageError, match=r"message: only a JSON object.*\{\{stamp\}\}"):
        made(Json(), message="[1, 2]")


def test_templates_are_filled_in_anew_for_each_message():
    messages = made(Json(), message='{"id": "{{uuid}}", "n": {{n}}, "room": {{room}}, "by": {{connection}}}')
    assert messages.fixed is None
    one, other = (json.loads(messages.payload(2, 8, number, STAMP)) for number in (5, 6))
    assert (one["n"], one["room"], one["by"]) == (5, 2, 8)
    assert one["id"] != other["id"]
    again = made(Json(), message='{"id": "{{uuid}}"}').payload(2, 8, 5, STAMP)
    assert json.loads(again)["id"] == one["id"]


def test_a_sequence_begins_with_the_first_message():
    assert made(Text(), message="{{seq}} {{stamp}}").payload(0, 0, 0, STAMP) == b"0 " + STAMP


def test_what_is_no_template_is_a_mistake():
    with pytest.raises(UsageError, match=r"\[\[load\]\] chat: message: .*nobody.*there are"):
        made(Json(), message='{"a": "{{nobody}}"}')
    with pytest.raises(UsageError, match="join"):
        made(Json(), join='{"a": "{{n}}"}')
    with pytest.raises(UsageError, match="codec cannot send it"):
        made(MessagePack(), message="{not json}")


def test_a_join_is_packed_too():
    messages = made(SocketIo(), join='["join", {"room": {{room}}}]')
    assert messages.join(4, 9) == b'42["join", {"room": 4}]'
    assert made(Json()).join(0, 0) is None


def test_socketio_speaks_its_protocol():
    codec = SocketIo()
    assert codec.pack('{"a": 1}', None) == b'42["message",{"a": 1}]'
    assert codec.pack('["say", 1]', 17) == b'4217["say", 1]'
    assert codec.reaction(b"2") == b"3"
    assert codec.reaction(b'0{"sid": "x"}') == b""
    assert codec.reaction(b'42["message", {}]') is None
    assert codec.greeted(b'40{"sid": "y"}')
    assert codec.answer_to(b'4317[{"ok": true}]') == 17
    assert codec.answer_to(b'42["message"]') is None
    assert codec.answer_to(b"43[]") is None
    assert codec.path("/") == "/socket.io/?EIO=4&transport=websocket"
    assert codec.path("/chat/?room=1") == "/chat/?room=1&EIO=4&transport=websocket"
    assert codec.path("/s?EIO=3") == "/s?EIO=3"
    assert made(codec).payload(0, 0, 17, STAMP, ask=True).startswith(b"4217[")


def test_msgpack_is_what_the_text_says():
    payload = made(MessagePack(), message='{"a": [1, null], "s": "{{stamp}}"}').payload(0, 0, 0, STAMP)
    assert msgspec.msgpack.decode(payload) == {"a": [1, None], "s": STAMP.decode()}


def test_opcodes_follow_from_codec_and_scenario():
    assert opcode_of(MessagePack(), binary=False) == BINARY
    assert opcode_of(SocketIo(), binary=True) == TEXT
    assert (opcode_of(Json(), binary=True), opcode_of(Json(), binary=False)) == (BINARY, TEXT)


def test_a_codec_of_ones_own(tmp_path):
    (tmp_path / "wire.py").write_text(
        "from brinell.load.websocket.codec import Codec\n"
        "class Lines(Codec):\n"
        "    def pack(self, message, number):\n"
        "        return f'SEND {message}\\n'.encode()\n"
        "class Other: pass\n"
    )
    found = named("wire.py:Lines", tmp_path, "[[load]] chat")
    assert made(found()).payload(0, 0, 0, STAMP) == b"SEND " + STAMP + b"\n"
    for name, words in [
        ("wire.py:Other", "no class Other that is a Codec"),
        ("wire.py:Missing", "no class Missing"),
        ("nowhere.py:X", "no file nowhere.py"),
        ("jsn", "there are text, json"),
    ]:
        with pytest.raises(UsageError, match=words):
            named(name, tmp_path, "[[load]] chat")
    (tmp_path / "bad.py").write_text("raise SystemExit('no')")
    with pytest.raises(UsageError, match=r"importing bad.py failed with SystemExit"):
        named("bad.py:X", tmp_path, "[[load]] chat")


def test_a_codec_that_hides_the_stamp_is_refused():
    class Hidden(codecs.Codec):
        def pack(self, message, number):  # noqa: ARG002 - as every codec
            return message.encode()[::-1]

    with pytest.raises(UsageError, match="leaves no stamp"):
        made(Hidden())


@pytest.mark.parametrize(
    ("codec", "fields", "said", "hint"),
    [
        (Json, {"message": "{{stampp}}"}, "message: nothing is called stampp; there are .*stamp", "{{stamp}}"),
        (Text, {"message": "hello {{stampp}}"}, "message: nothing is called stampp", "{{stamp}}"),
        (SocketIo, {"message": '["say", "{{conection}}"]'}, "message: nothing is called conection", "{{connection}}"),
        (Json, {"message": '{"a": "{{uid}}"}'}, "message: nothing is called uid", "{{uuid}}"),
        (Json, {"join": "{{rom}}"}, "join: nothing is called rom; there are room, connection", "{{room}}"),
        (Json, {"message": '{"a": "{{stamp}"}'}, "message: {{stamp has no end", None),
        (Text, {"join": "go to {{room}"}, "join: {{room has no end", None),
    ],
)
def test_a_name_that_there_is_not_is_refused_with_the_nearest(codec, fields, said, hint):
    with pytest.raises(UsageError, match=said) as told:
        made(codec(), **fields)
    assert told.value.hint == (None if hint is None else f"did you mean {hint}?")


@pytest.mark.parametrize(
    ("codec", "fields", "said"),
    [
        (Json, {"message": '{"id": {{stamp}}}'}, "message: the codec cannot send it: it is no JSON near .*text"),
        (Json, {"message": "{{uuid}}"}, "message: only a JSON object has room for a stamp"),
        (SocketIo, {"message": '[1, "{{stamp}}"]'}, "message: the codec cannot send it: an event is a list"),
        (SocketIo, {"message": "hello {{stamp}}"}, "message: the codec cannot send it: it is no JSON"),
        (SocketIo, {"join": "join {{room}}"}, "join: the codec cannot send it: it is no JSON"),
        (MessagePack, {"join": "join {{room}}"}, "join: the codec cannot send it: it is no JSON"),
    ],
)
def test_what_the_codec_cannot_send_is_told_before_anything_runs(codec, fields, said):
    with pytest.raises(UsageError, match=said):
        made(codec(), **fields)


def test_a_text_may_be_sent_whatever_it_looks_like():
    assert made(Json(), message="hello {{stamp}}").payload(0, 0, 0, STAMP) == b"hello " + STAMP
    assert made(Text(), message="{{'{{'}} {{stamp}}").payload(0, 0, 0, STAMP) == b"{{ " + STAMP
    assert made(Json(), message='{"a": {{int(5, 5)}}}').payload(0, 0, 0, STAMP).startswith(b'{"a": 5, "stamp": "bn')
