from __future__ import annotations

import re
import sys

import pytest

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec, RequestSpec, WebSocketSpec
from brinell.load.drivers.websocket import HEAD_START_S, Sockets, lead_s
from brinell.load.schedule import Schedule
from brinell.load.shapes.constant import Constant
from brinell.subject.targets import check_target


def spec(url="ws://127.0.0.1:8000", path="/", **fields):
    does = fields.pop("does", {})
    given = {"connections": 10, "websocket": WebSocketSpec(**does), **fields}
    return LoadSpec(
        name="chat", shape={"kind": "constant", "rate": 10, "duration": 1.0}, driver="websocket", url=url,
        requests=(RequestSpec(path=path),), **given,
    )  # fmt: skip


def wire(one, root):
    return Sockets().wire(one, check_target(one.url, ()), root)


def test_what_a_worker_is_told(tmp_path):
    found = wire(spec(path="/rooms/{{room}}?user={{connection}}&q=ä", compression=True), tmp_path)
    assert found.path == "/rooms/{{room}}?user={{connection}}&q=%C3%A4"
    assert found.authority == "127.0.0.1:8000"
    assert (found.connections, found.compression, found.root) == (10, True, str(tmp_path.resolve()))
    assert dict(found.headers)["User-Agent"].startswith("brinell/")


def test_the_path_of_the_address_comes_first(tmp_path):
    assert wire(spec("ws://127.0.0.1:8000/api/", "/rooms/a"), tmp_path).path == "/api/rooms/a"


def test_headers_take_secrets_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    found = wire(spec(headers={"Authorization": "Bearer ${TOKEN}", "User-Agent": "mine"}), tmp_path)
    assert dict(found.headers) == {"Authorization": "Bearer s3cret", "User-Agent": "mine"}
    monkeypatch.delenv("TOKEN")
    with pytest.raises(UsageError, match="TOKEN"):
        wire(spec(headers={"Authorization": "${TOKEN}"}), tmp_path)


@pytest.mark.parametrize(
    ("scheme", "name"), [("ws", None), ("http", None), ("wss", "localhost"), ("https", "localhost")]
)
def test_workers_share_the_connections_and_know_of_all(tmp_path, scheme, name):
    one = spec(f"{scheme}://localhost:8000", workers=3)
    schedule = Schedule(one, Constant(rate=10, duration=1.0), tmp_path)
    workers = Sockets().workers(one, schedule, check_target(one.url, ()), "127.0.0.1", tmp_path)
    assert [worker.connections for worker in workers] == [4, 3, 3]
    assert {worker.socket.connections for worker in workers} == {10}
    assert {worker.tls_name for worker in workers} == {name}
    assert {tuple(worker.address) for worker in workers} == {("127.0.0.1", 8000)}


def test_the_schedule_begins_when_all_connections_were_due():
    assert lead_s(spec(connections=500), WebSocketSpec(connect_rate=100)) == 5 + HEAD_START_S


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"websocket": None}, 'needs websocket = { mode = "echo" }'),
        ({"path": "rooms"}, "a path starts with a slash"),
        ({"workers": 11}, "11 workers cannot share 10 connections"),
        ({"workers": 2, "does": {"mode": "limit", "limit": 5}}, "workers = 2: a limit is tried by one process"),
        ({"path": "/rooms/{{rom}}"}, "path: nothing is called rom; there are room, connection"),
        ({"path": "/rooms/{{room"}, "path: {{ has no end"),
        ({"headers": {"X-User": "{{connection}}"}}, "headers: X-User is the same on every connection"),
        ({"headers": {"a b": "c"}}, "is not a header name"),
        ({"does": {"message": '{"a": "{{nothing}}", "b": "{{stamp}}"}'}}, "nothing"),
        ({"does": {"codec": "msgpack", "message": "no JSON {{stamp}}"}}, "the codec cannot send it"),
    ],
)
def test_what_cannot_be_is_told_before_anything_runs(tmp_path, fields, said):
    one = spec(**fields)
    with pytest.raises(UsageError, match=said):
        Sockets().look(one, check_target(one.url, ()), tmp_path)


CODEC = "from brinell.load.websocket.codec import Json\n\nclass Mine(Json):\n    "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class Mine: ...", "codec: mine.py has no class Mine that is a Codec"),
        ("raise SystemExit(3)", "codec: importing mine.py failed with SystemExit"),
        ("import os\nos._exit(3)", "codec: importing mine.py came to no end (exit status 3)"),
        (CODEC + "def __init__(self, size): ...", "codec: one cannot be made without arguments: TypeError"),
    ],
)
def test_a_codec_of_the_projects_is_tried_in_a_process_of_its_own(tmp_path, text, said):
    (tmp_path / "mine.py").write_text(text)
    one = spec(does={"codec": "mine.py:Mine"})
    with pytest.raises(UsageError, match=re.escape(said)):
        Sockets().look(one, check_target(one.url, ()), tmp_path)


def test_a_codec_that_will_do_is_not_imported_here(tmp_path):
    text = "import sys\nprint('loud')\nsys.brinell_codec_was_here = True\n" + CODEC + "x = 1"
    (tmp_path / "mine.py").write_text(text)
    one = spec(does={"codec": f"{tmp_path / 'mine.py'}:Mine"})
    Sockets().look(one, check_target(one.url, ()), tmp_path)
    assert not hasattr(sys, "brinell_codec_was_here")
