"""``driver = "websocket"`` in brinell.toml and as options: what goes together and what does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from brinell.config import for_websocket, from_toml, sockets
from brinell.core.errors import UsageError
from brinell.core.plan import WebSocketSpec

PAGE = (Path(__file__).parents[2] / "docs" / "WEBSOCKET.md").read_text(encoding="utf-8")
SHAPE = 'shape = { kind = "constant", rate = 10, duration = "1s" }\n'
URL = 'url = "ws://127.0.0.1:8000"\n'
TABLE = {"mode": "echo"}
FLAT = {"kind": "constant", "rate": 10, "duration": 1}


@pytest.fixture
def plan(tmp_path):
    def read(table, lines="", shape=SHAPE, url=URL):
        text = f'[[load]]\nname = "x"\ndriver = "websocket"\n{shape}{url}{lines}\n[load.websocket]\n{table}\n'
        (tmp_path / "brinell.toml").write_text(text)
        (step,) = from_toml(tmp_path).steps
        return step

    return read


def test_every_key_of_the_table_is_described_and_every_described_key_exists():
    section = PAGE.split("### Keys")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)) == set(sockets.keys(Path()))


def test_the_pages_sample_works(tmp_path):
    sample = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "brinell.toml").write_text("[service]\ncommand = 'a'\n" + sample[1])
    assert [step.id for step in from_toml(tmp_path).steps] == ["load:chat", "load:full", "load:manners"]


def test_every_example_of_a_key_is_accepted(plan):
    for name, key in sockets.keys(Path()).items():
        lines = [key.example]
        lines += (
            ['mode = "broadcast"']
            if name in {"rooms", "publishers", "publisher_hears", "slow_share", "slow_bytes_s"}
            else []
        )
        lines += ["limit = 5"] if name in {"refusals", "free_s"} else []
        lines += ['join = "x"'] if name == "joined" else []
        limit = name in {"limit", "refusals", "free_s"}
        step = plan("\n".join(lines), shape="" if limit else SHAPE)
        assert isinstance(step.spec.websocket, WebSocketSpec), name


def test_a_table_becomes_a_specification(plan):
    step = plan(
        'mode = "broadcast"\npath = "/rooms/{{room}}"\nrooms = 3\nping_s = "20s"\nsubprotocols = ["a", "b"]',
        'connections = 30\ncompression = true\nheaders = { A = "b" }\nthresholds = { reach = 1.0, p99_ms = 100 }',
    )
    spec = step.spec
    assert spec.websocket == WebSocketSpec(mode="broadcast", rooms=3, ping_s=20.0, subprotocols=("a", "b"))
    assert (spec.requests[0].path, spec.connections, spec.compression) == ("/rooms/{{room}}", 30, True)
    assert spec.thresholds == {"reach": 1.0, "p99_ms": 100}
    assert not step.needs_service


def test_what_others_than_a_broadcast_may_ask_and_when_they_have_rooms(plan):
    assert plan("", "thresholds = { connect_p95_ms = 5, p99_ms = 5 }").spec.thresholds.keys() == {
        "connect_p95_ms", "p99_ms",
    }  # fmt: skip
    for line in ("path = '/r/{{room}}'", "join = 'to {{room}}'", "message = '{{ room }} {{stamp}}'"):
        assert plan(f"rooms = 3\n{line}").spec.websocket.rooms == 3
    assert plan("rooms = 1").spec.websocket.rooms == 1


def test_what_is_sent_may_come_back(plan):
    assert plan("size = 1000").spec.websocket.max_message_bytes == 1 << 20
    assert plan("size = 2000000").spec.websocket.max_message_bytes == 4_000_000
    assert plan("size = 2000000\nmax_message_bytes = 2000000").spec.websocket.max_message_bytes == 2_000_000


def test_a_limit_needs_no_shape(plan):
    spec = plan("limit = 100", shape="").spec
    assert (spec.websocket.mode, spec.websocket.limit, spec.connections) == ("limit", 100, 100)
    assert spec.shape == {"kind": "closed", "duration": sockets.LIMIT_SPAN_S}
    assert plan("limit = 5", shape='shape = { kind = "closed", duration = "9s" }\n').spec.shape["duration"] == 9


def test_bad_manners_need_no_shape(plan):
    spec = plan('mode = "hostile"\npath = "/rooms/a"', shape="").spec
    assert (spec.websocket.mode, spec.websocket.one_by_one, spec.connections) == ("hostile", True, 4)
    assert spec.shape == {"kind": "closed", "duration": sockets.LIMIT_SPAN_S}


@pytest.mark.parametrize(
    ("table", "lines", "said"),
    [
        ('mode = "brodcast"', "", "did you mean broadcast?"),
        ('mode = "limit"', "", "how many connections"),
        ('mode = "echo"\nlimit = 3', "", "by itself"),
        ("limit = 3\nmessage = 'x'", "", "nothing is sent"),
        ("refusals = 3", "", "goes with limit"),
        ("slow_share = 0.5", "", 'belongs to mode = "broadcast"'),
        ("slow_share = 1.5\nmode = 'broadcast'", "", "a share from 0 to 1"),
        ('mode = "broadcast"\nrooms = 65', "", "65 rooms need 65 connections, and there are 64"),
        ('mode = "broadcast"\nrooms = 10\npublishers = 2\npublisher_hears = false', "connections = 29", "need 30"),
        ('joined = "x"', "", "the answer to join"),
        ("size = 3000\nmax_message_bytes = 2000", "", "messages have 3000 bytes, and come back"),
        ('path = "rooms"', "", "starts with a slash"),
        ('codec = "jsn"', "", "did you mean json?"),
        ('codec = "nowhere.py:Mine"', "", "nowhere.py"),
        ('subprotocols = ["a b"]', "", "a b"),
        ('subprotocols = ["a", "a"]', "", "each is named once"),
        ("connect_rate = 0", "", "above 0"),
        ("fragment = 3", "", "did you mean fragments?"),
        ("", "redirects = 3", "has none of that"),
        ("", "thresholds = { reech = 1 }", "did you mean reach?"),
        ("", "thresholds = { reach = 1 }", 'belongs to mode = "broadcast" (--broadcast)'),
        ("limit = 3", "thresholds = { skew_p99_ms = 5 }", 'belongs to mode = "broadcast"'),
        ("rooms = 3", "", "nothing says which room a connection is in"),
        ('mode = "hostile"\nmessage = "x"', "", "no messages of yours are sent"),
        ('mode = "hostile"\nrefusals = 3', "", "goes with limit"),
        ('mode = "hostile"\nlimit = 3', "", "by itself"),
    ],
)
def test_what_will_not_do(plan, table, lines, said):
    with pytest.raises(UsageError) as caught:
        plan(table, lines)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "table", "said"),
    [
        ("", "", "shape"),
        ('shape = { kind = "closed", duration = 1 }\n', "", "take an open shape"),
        (SHAPE, "limit = 3", "one by one"),
    ],
)
def test_shapes_that_do_not_go(plan, shape, table, said):
    with pytest.raises(UsageError) as caught:
        plan(table, shape=shape)
    assert said in str(caught.value)


def test_other_drivers_have_no_sockets(tmp_path):
    for lines, said in (
        ('url = "ws://127.0.0.1:1"\n', "speaks http:// and https://"),
        ('url = "http://127.0.0.1:1"\nwebsocket = { mode = "echo" }\n', 'belongs to driver = "websocket"'),
        ('driver = "websocket"\nurl = "http://127.0.0.1:1"\n', "what do the connections do?"),
        ('url = "http://127.0.0.1:1"\nthresholds = { reach = 1 }\n', "no such threshold"),
    ):
        (tmp_path / "brinell.toml").write_text(f'[[load]]\nname = "x"\n{SHAPE}{lines}')
        with pytest.raises(UsageError) as caught:
            from_toml(tmp_path)
        assert said in str(caught.value)


def test_the_services_address_is_enough(tmp_path):
    (tmp_path / "brinell.toml").write_text(
        f'[service]\ncommand = "a"\n[[load]]\nname = "x"\ndriver = "websocket"\n{SHAPE}'
        'websocket = { path = "/echo" }\n'
    )
    (step,) = from_toml(tmp_path).steps
    assert step.needs_service
    assert step.spec.url is None


@pytest.mark.parametrize("scheme", ["ws", "wss", "http", "https"])
def test_a_plan_of_one_address(tmp_path, scheme):
    plan = for_websocket(
        tmp_path, f"{scheme}://127.0.0.1:8000/rooms/{{{{room}}}}?a=b", FLAT, table={"mode": "broadcast", "rooms": 2},
        limits={"reach": 1.0}, connections=10,
    )  # fmt: skip
    (step,) = plan.steps
    assert step.spec.url == f"{scheme}://127.0.0.1:8000"
    assert step.spec.requests[0].path == "/rooms/{{room}}?a=b"
    assert step.spec.websocket == WebSocketSpec(mode="broadcast", rooms=2)
    assert step.id == "load:rooms-room"


def test_options_are_named_as_options(tmp_path):
    with pytest.raises(UsageError, match="--rooms = 20"):
        for_websocket(
            tmp_path, "ws://127.0.0.1:1", FLAT, table={"mode": "broadcast", "rooms": 20}, limits={}, connections=10
        )
    with pytest.raises(UsageError, match="ws:// or wss://"):
        for_websocket(tmp_path, "ftp://127.0.0.1:1", FLAT, table=TABLE, limits={}, connections=10)
