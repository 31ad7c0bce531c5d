"""Recordings: real workers replay them against a real server."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.core.errors import UsageError
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import LoadEnded, LoadSlice, LoadStarted
from brinell.core.plan import LoadSpec
from brinell.core.traffic_records import TrafficRead
from brinell.load import har
from brinell.load.har import MOST_ENTRIES
from brinell.load.openapi.assembly import Head
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES
from brinell.subject.targets import Target

pytestmark = pytest.mark.prove  # real workers and servers, seconds each


class Site:
    """Answers everything; gives a cookie to whoever logs in. ``seen`` are the requests."""

    def __init__(self):
        self.seen = []

    def __call__(self, lab):
        async def handler(reader, writer):
            while True:
                head, body = await lab.read_request(reader)
                self.seen.append((head, body))
                cookie = [b"Set-Cookie: sid=fresh; Path=/"] if head.startswith(b"POST /login") else []
                writer.write(lab.ok(b"hi", *cookie))
                await writer.drain()

        return handler

    def lines(self):
        return [head.split(b"\r\n")[0].decode() for head, _ in self.seen]


def entry(url, method="GET", *, headers=(), at="2024-05-01T10:00:00.000Z", time=10, **more):
    listed = [{"name": name, "value": value} for name, value in headers]
    return {"startedDateTime": at, "time": time, "request": {"method": method, "url": url, "headers": listed, **more}}


@pytest.fixture
def replay(tmp_path):
    rooms = []

    def begin(port, entries, *, rate=60, **fields):
        (tmp_path / "a.har").write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
        spec = LoadSpec(
            name="har", url=f"http://127.0.0.1:{port}", har="a.har", **fields,
            shape={"kind": "constant", "rate": rate, "duration": 1.0},
        )  # fmt: skip
        room = FakeRoom(spec, tmp_path)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return room

    yield begin
    for room in rooms:
        room.close()


def of(room, kind):
    return [record for record in room.records if isinstance(record, kind)]


def test_a_recording_is_a_mix_as_often_as_each_was_recorded(lab, replay):
    site = Site()
    port = lab.start(site(lab))
    home = f"http://127.0.0.1:{port}"
    entries = [entry(f"{home}/a?x=1", headers=[("Accept", "text/html"), ("Host", "old"), (":authority", "old")])] * 9
    entries += [
        entry(f"{home}/things/17/parts", "POST", postData={"mimeType": "application/json", "text": '{"ü": 1}'},
              headers=[("Content-Type", "application/json"), ("content-length", "3")]),
        entry("https://cdn.example/x.js"),
        entry("http://127.0.0.1:1/x"),
    ]  # fmt: skip
    room = replay(port, entries, rate=200)
    (read,) = of(room, TrafficRead)
    assert read.operations == ("GET /a", "POST /things/*/parts")
    assert {one.operation: one.why for one in read.left} == {
        "https://cdn.example": f"another place than {home}",
        "http://127.0.0.1:1": f"another place than {home}",
    }
    lines = site.lines()
    assert set(lines) == {"GET /a?x=1 HTTP/1.1", "POST /things/17/parts HTTP/1.1"}
    assert lines.count("GET /a?x=1 HTTP/1.1") > 3 * lines.count("POST /things/17/parts HTTP/1.1")
    heads = {head for head, _ in site.seen}
    assert len(heads) == 2
    assert all(head.lower().count(b"host: ") == 1 and b"authority" not in head for head in heads)
    assert {body for _, body in site.seen} == {b"", '{"ü": 1}'.encode()}
    assert {one.outcome for one in of(room, LoadSlice)} == {"ok"}
    assert of(room, LoadStarted)[0].model == "open"


def test_cookies_make_it_a_session_with_cookies_of_its_own(lab, replay):
    site = Site()
    port = lab.start(site(lab))
    home = f"http://127.0.0.1:{port}"
    entries = [
        entry(f"{home}/login", "POST", postData={"text": "a=b"}),
        entry(f"{home}/me", headers=[("Cookie", "sid=recorded")], at="2024-05-01T10:00:01.000Z"),
    ]
    room = replay(port, entries, rate=20)
    mine = [head for head, _ in site.seen if head.startswith(b"GET /me")]
    assert mine
    assert all(b"\r\nCookie: sid=fresh\r\n" in head for head in mine)
    assert not any(b"recorded" in head for head, _ in site.seen)
    assert of(room, LoadStarted)[0].model == "partly-open"
    assert of(room, TrafficRead)[0].title == "it was recorded with cookies"


def test_think_keeps_order_and_pauses(lab, replay):
    site = Site()
    port = lab.start(site(lab))
    home = f"http://127.0.0.1:{port}"
    entries = [
        entry(f"{home}/second", at="2024-05-01T10:00:00.400Z"),
        entry(f"{home}/first", at="2024-05-01T10:00:00.000Z", time=100),
    ]
    entries[0], entries[1] = entries[1], entries[0]
    room = replay(port, entries, rate=5, think=True)
    slices = {one.operation: one for one in of(room, LoadSlice)}
    assert set(slices) == {"GET /first", "GET /second"}
    (ended,) = of(room, LoadEnded)
    assert ended.sessions is not None
    # Whoever came in the last 0.3 s of the schedule had no second request any more.
    assert 0 < site.lines().count("GET /second HTTP/1.1") < site.lines().count("GET /first HTTP/1.1")


def test_bodies_in_base64_are_sent_as_they_were(lab, replay):
    site = Site()
    port = lab.start(site(lab))
    data = {"encoding": "base64", "text": base64.b64encode(b"\x00\xff").decode()}
    replay(port, [entry(f"http://127.0.0.1:{port}/up", "PUT", postData=data)], rate=20)
    assert {body for _, body in site.seen} == {b"\x00\xff"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[]", "an object"),
        ("{}", "no log.entries"),
        ('{"log": {"entries": []}}', "it has no entries"),
        ('{"log": {"entries": [1, {"request": {}}]}}', "no method or no address"),
        ('{"log": {"entries": [{"request": {"method": "GET", "url": "http://[::1/x"}}]}}', "its address is none"),
        ("{", "not JSON"),
    ],
)
def test_what_is_no_recording_says_why(tmp_path, content, why):
    (tmp_path / "a.har").write_text(content)
    spec = LoadSpec(
        name="har", url="http://127.0.0.1:9", har="a.har", shape={"kind": "constant", "rate": 1, "duration": 1}
    )
    with pytest.raises(UsageError, match=why):
        LoadTrial(DRIVERS, SHAPES).run(FakeRoom(spec, tmp_path))


@pytest.mark.parametrize(
    ("strange", "why"),
    [
        ({"headers": [("X\r\nEvil", "1")]}, "header"),
        ({"headers": [("X", "1\r\nEvil: 2")]}, "header"),
        ({"postData": {"encoding": "base64", "text": "%%"}}, "base64"),
        ({"postData": {"params": [{"name": "a"}]}}, "in parts"),
    ],
)
def test_an_entry_that_cannot_be_sent_is_named_and_the_others_are_sent(lab, replay, strange, why):
    site = Site()
    port = lab.start(site(lab))
    room = replay(port, [entry(f"http://127.0.0.1:{port}/bad", **strange), entry(f"http://127.0.0.1:{port}/good")])
    (left,) = of(room, TrafficRead)[0].left
    assert left.operation == "GET /bad"
    assert why in left.why
    assert {line.split()[1] for line in site.lines()} == {"/good"}


def test_more_entries_than_are_read_are_told(lab, replay):
    site = Site()
    port = lab.start(site(lab))
    room = replay(port, [entry(f"http://127.0.0.1:{port}/a")] * (MOST_ENTRIES + 7))
    assert [one.why for one in of(room, TrafficRead)[0].left] == [
        f"7 entries more than the {MOST_ENTRIES} that are read"
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["method", "url", "headers", "name", "value", "postData", "text"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.fixed_dictionaries({"request": JSON, "time": JSON, "startedDateTime": JSON}) | JSON, max_size=4))
def test_no_recording_breaks_the_reading(entries):
    reading = har._Reading(Target("http", "127.0.0.1", 80, ("127.0.0.1",)), Head((("host", b"Host: a"),), ""))
    for one in entries:
        reading.add(one)
    assert len(reading.kept) + len(reading.left) <= len(entries)


def test_cookies_are_kept_though_there_is_a_token_too(lab, replay):
    site = Site()
    port = lab.start(site(lab))
    home = f"http://127.0.0.1:{port}"
    token = ("Authorization", "Bearer recorded")
    entries = [
        entry(f"{home}/login", "POST", headers=[token], postData={"text": "a=b"}),
        entry(f"{home}/me", headers=[token, ("Cookie", "sid=recorded")], at="2024-05-01T10:00:01.000Z"),
    ]
    room = replay(port, entries, rate=20)
    mine = [head for head, _ in site.seen if head.startswith(b"GET /me")]
    assert mine
    assert all(b"\r\nCookie: sid=fresh\r\n" in head and b"Bearer recorded" in head for head in mine)
    assert of(room, TrafficRead)[0].title == "it was recorded with cookies and a token"


def test_what_was_recorded_is_asked_for_unless_something_else_was_given(lab, replay):
    site = Site()
    port = lab.start(site(lab))
    recorded = [("Accept", "application/json"), ("User-Agent", "Mozilla/5.0"), ("X-Kind", "recorded")]
    entries = [entry(f"http://127.0.0.1:{port}/a", headers=recorded)]
    replay(port, entries, headers={"X-Kind": "given", "User-Agent": "mine"})
    (head,) = {head for head, _ in site.seen}
    lines = head.split(b"\r\n")
    assert {b"Accept: application/json", b"User-Agent: mine", b"X-Kind: given"} <= set(lines)
    assert sum(line.lower().startswith((b"accept:", b"user-agent:", b"x-kind:")) for line in lines) == 3


def test_a_recording_goes_over_http2_too(lab, replay):
    port = lab.start(lab.http2())
    home = f"http://127.0.0.1:{port}"
    room = replay(port, [entry(f"{home}/a"), entry(f"{home}/b")], version="2", streams=4)
    assert {one.outcome for one in of(room, LoadSlice)} == {"ok"}
    cookie = [("Cookie", "a=b")]
    room = replay(port, [entry(f"{home}/a", headers=cookie), entry(f"{home}/b")], version="2", streams=4)
    assert {one.outcome for one in of(room, LoadSlice)} == {"ok"}
    assert of(room, LoadEnded)[0].sessions is not None


def test_entries_without_a_time_come_with_the_one_before():
    reading = har._Reading(Target("http", "127.0.0.1", 80, ("127.0.0.1",)), Head((("host", b"Host: a"),), ""))
    for number, at in enumerate(("nonsense", "2024-05-01T10:00:00Z", "2024-05-01T10:00:02Z", None)):
        reading.add(entry(f"http://127.0.0.1/{number}", at=at))
    assert [one.at_s for one in reading.kept] == [0.0, 0.0, 2.0, 2.0]
