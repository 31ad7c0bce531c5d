"""Flows from a file to the judgement: a real server, real workers, a room in memory."""

from __future__ import annotations

import json
import re

import pytest

from brinell.checks.load import load
from brinell.core.errors import UsageError
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

pytestmark = pytest.mark.prove  # real workers and servers, seconds each


def server(lab):
    """A small service; ``requests`` is what it was asked, in order: (method, path, headers in lower case, body)."""

    async def handler(reader, writer):
        while True:
            head, body = await lab.read_request(reader)
            first, *lines = head.decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
            }
            handler.requests.append((method, path, headers, body))
            answer = given(lab, method, path, headers, body)
            if answer is None:
                return
            writer.write(answer)
            await writer.drain()

    handler.requests = []
    return handler


def given(lab, method, path, headers, body):
    """The service's answer; None where it hangs up."""
    is_json = b"Content-Type: application/json"
    notes = json.dumps([{"id": 17, "text": "hello"}]).encode()
    answers = {
        "GET /notes": lab.ok(notes, is_json),
        "POST /notes": lab.ok(body, is_json, status=b"201 Created"),
        "POST /login": lab.ok(b"{}", b"Set-Cookie: session=abc; Path=/; HttpOnly"),
        "GET /me": lab.ok(b"me") if "session=abc" in headers.get("cookie", "") else lab.ok(status=b"401 No"),
        "POST /moved": lab.ok(b"", b"Location: /notes", status=b"302 Found"),
        "GET /away": lab.ok(b"", b"Location: http://192.0.2.1/", status=b"302 Found"),
        "GET /nowhere-else": lab.ok(b"", status=b"302 Found"),
        "GET /strange-charset": lab.ok(b"hello", b"Content-Type: text/plain; charset=idna"),
        "GET /not-utf-8": lab.ok(b'["\xff"]', is_json),
        "GET /broken": lab.ok(b"no", status=b"500 Internal Server Error"),
        "GET /hangup": None,
        "GET /text": lab.ok("gr\xfcn".encode("latin-1"), b"Content-Type: text/plain; charset=latin-1"),
    }
    return answers.get(f"{method} {path.partition('?')[0]}", lab.ok(b"" if method == "HEAD" else b"{}"))


class Flown:
    """What a run of flows gave."""

    def __init__(self, room, requests):
        self.room = room
        self.requests = requests

    def of(self, kind):
        return [record for record in self.room.records if isinstance(record, kind)]

    @property
    def outcomes(self):
        found = {}
        for one in self.of(LoadSlice):
            counts = found.setdefault(one.operation, {})
            counts[one.outcome] = counts.get(one.outcome, 0) + one.count
        return found

    @property
    def samples(self):
        return {(one.operation, one.outcome): one.detail for one in self.of(Exemplar)}

    @property
    def load(self):
        evidence = MemoryEvidence(self.room.plan, [StepStarted(self.room.step.id), *self.room.records])
        return load(evidence).load[0]


@pytest.fixture
def fly(lab, tmp_path):
    rooms = []

    def begin(text, *, rate=5.0, duration=1.0, closed=False, prefix="", **fields):
        served = server(lab)
        port = lab.start(served)
        file = tmp_path / "loadtest.py"
        if text is not None:
            file.write_text(f"from brinell.flow import NotJson, RequestFailed, Response, User, flow\n{text}")
        shape = {"kind": "closed", "duration": duration}
        if not closed:
            shape = {"kind": "constant", "rate": rate, "duration": duration}
        fields = {"timeout_s": 2.0, "connections": 4} | fields
        url = f"http://127.0.0.1:{port}{prefix}"
        spec = LoadSpec(name="x", shape=shape, url=url, flows=str(file), **{"calibrate": False, **fields})
        room = FakeRoom(spec, tmp_path, root=tmp_path)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return Flown(room, served.requests)

    yield begin
    for room in rooms:
        room.close()


BROWSE = """
@flow
async def browse(user: User) -> None:
    notes = await user.get("/notes", params={"page": 2, "all": True})
    assert notes.status == 200 and notes.ok
    assert notes.headers["content-TYPE"] == "application/json"
    assert notes.elapsed > 0
    await user.sleep(0.02)
    made = await user.post("/notes", json={"of": notes.json()[0]["id"], "user": user.number}, expect=201)
    assert made.json()["of"] == 17
    await user.get(f"/notes/{user.number}")
    await user.get("/files/6fa459ea-ee8a-3ca4-894e-db77e160355e/raw")
"""


def test_a_flow_from_end_to_end(fly):
    flown = fly(BROWSE)
    assert flown.outcomes == {
        "GET /notes": {"ok": 5}, "POST /notes": {"ok": 5}, "GET /notes/{id}": {"ok": 5},
        "GET /files/{id}/raw": {"ok": 5},
    }  # fmt: skip
    assert flown.of(LoadStarted)[0].model == "partly-open"
    assert sum(1 for method, *_ in flown.requests if method == "POST") == 5
    assert {json.loads(body)["user"] for method, _, _, body in flown.requests if method == "POST"} == set(range(5))
    method, path, headers, _ = flown.requests[0]
    assert (method, path) == ("GET", "/notes?page=2&all=true")
    assert headers["user-agent"].startswith("brinell/")
    posted = next(entry for entry in flown.requests if entry[0] == "POST")
    assert posted[2]["content-type"] == "application/json"
    assert flown.of(GeneratorSecond)[-1].sessions == (5, 5, 0)
    assert flown.load.errors == {}


def test_a_failed_assertion_is_the_outcome_of_its_request(fly):
    flown = fly("""
@flow
async def browse(user):
    notes = await user.get("/notes")
    assert notes.json() == []
    await user.get("/never")
""")
    assert flown.outcomes == {"GET /notes": {"check": 5}}
    assert flown.samples[("GET /notes", "check")] == "assert notes.json() == [] (loadtest.py:6 in browse)"
    assert flown.load.errors == {"check": 5}
    assert flown.of(GeneratorSecond)[-1].sessions == (5, 0, 5)


def test_an_exception_is_told_with_its_line(fly):
    flown = fly("""
async def inner(notes):
    return notes.json()[0]["nothing"]

@flow
async def browse(user):
    return await inner(await user.get("/notes"))
""")
    assert flown.outcomes == {"GET /notes": {"flow-error": 5}}
    assert flown.samples[("GET /notes", "flow-error")] == "KeyError: 'nothing' (loadtest.py:4 in inner)"


def test_an_answer_that_is_not_json_is_the_answers_fault(fly):
    flown = fly("""
@flow
async def browse(user):
    found = await user.get("/text")
    assert found.text == "gr\\u00fcn"
    found.json()
""")
    assert flown.outcomes == {"GET /text": {"check": 5}}
    assert "not JSON" in flown.samples[("GET /text", "check")]


def test_unexpected_statuses_and_lost_connections_are_counted_once(fly):
    flown = fly("""
@flow
async def browse(user):
    broken = await user.get("/broken")
    assert (broken.status, broken.ok, broken.text) == (500, False, "no")
    try:
        await user.get("/hangup")
    except RequestFailed as error:
        assert error.outcome == "reset"
        await user.get("/after")
    missing = await user.get("/broken", expect=(500,), name="fine")
    assert missing.ok
    last = await user.get("/broken")
    assert last.status == 200
    await user.get("/never")
""")
    assert flown.outcomes == {
        "GET /broken": {"status-500": 10}, "GET /hangup": {"reset": 5}, "GET /after": {"ok": 5}, "fine": {"ok": 5},
    }  # fmt: skip
    assert flown.load.errors == {"status": 10, "reset": 5}


@pytest.mark.parametrize(
    ("body", "said", "advice"),
    [
        ("import asyncio\n    await asyncio.sleep(0.1)", "awaits asyncio.sleep", "await user.sleep(seconds)"),
        ("import asyncio\n    await asyncio.sleep(0)", "awaits asyncio.sleep", "await user.sleep(seconds)"),
        ("import httpx\n    await httpx.AsyncClient().get('http://127.0.0.1')", "awaits httpx.", "user.get(path)"),
        ("import anyio\n    await anyio.sleep(1)", "awaits anyio.sleep", "await user.sleep(seconds)"),
        ("class Own:\n        def __await__(self):\n            yield 3\n    await Own()", "Own.__await__", "own"),
        ("response = user.get('/')\n    response.status", "status: a request is sent when it is awaited", ""),
        ("await user.get('notes')", "'notes' is no path", ""),
        ("await user.get('http://192.0.2.1/')", "whole address", "/notes"),
        ("await user.get('/', headers={'A': 'x\\r\\nB: y'})", "line break", ""),
        ("await user.get('/', json=1, content='x')", "one body", ""),
        ("await user.sleep(-1)", "seconds from 0", ""),
        ("raise SystemExit(3)", "SystemExit: 3", "loadtest.py"),
    ],
)  # fmt: skip
def test_mistakes_in_a_flow_are_named(fly, body, said, advice):
    flown = fly(f"\n@flow\nasync def browse(user):\n    {body}\n", rate=20, duration=0.1)
    (detail,) = {text for (_, outcome), text in flown.samples.items() if outcome == "aborted"}
    assert detail.startswith("flow-error: ")
    assert said in detail
    assert advice in detail
    assert re.search(r"loadtest.py:\d+ in \w", detail)
    assert flown.requests == []
    assert flown.of(LoadEnded)[0].scheduled == 0


def test_cookies_headers_data_and_the_base_path_belong_to_the_user(fly):
    flown = fly(
        """
@flow
async def browse(user):
    assert (await user.get("/me", expect=401)).status == 401
    await user.post("/login", form={"name": "a b", "word": "\\u00fc"})
    user.headers["X-User"] = str(user.number)
    user.data["draw"] = user.random.random()
    assert (await user.get("/me")).text == "me"
    user.base_path = "/v2"
    await user.get("/thing", headers={"x-user": "other", "Accept": "text/html"})
""",
        prefix="/api/..".replace("/api/..", ""),
    )
    assert set(flown.outcomes) == {"GET /me", "POST /login", "GET /v2/thing"}
    assert all(set(counts) == {"ok"} for counts in flown.outcomes.values())
    login = next(entry for entry in flown.requests if entry[1] == "/login")
    assert login[3] == b"name=a+b&word=%C3%BC"
    thing = next(entry for entry in flown.requests if entry[1] == "/v2/thing")
    assert (thing[2]["x-user"], thing[2]["accept"], thing[2]["cookie"]) == ("other", "text/html", "session=abc")
    assert {entry[2]["x-user"] for entry in flown.requests if entry[1] == "/me" and "x-user" in entry[2]} == set(
        "01234"
    )


def test_redirects_are_followed_when_asked_for_and_never_to_strangers(fly):
    text = """
@flow
async def browse(user):
    moved = await user.post("/moved", json=1)
    user.data["status"] = moved.status
    away = await user.get("/away")
    assert away.status == 302
"""
    flown = fly(text)
    assert flown.outcomes == {"POST /moved": {"ok": 5}, "GET /away": {"ok": 5}}
    flown = fly(text, redirects=3)
    assert flown.outcomes == {"POST /moved": {"ok": 5}, "GET /notes": {"ok": 5}, "GET /away": {"check": 5}}
    assert "192.0.2.1" in flown.samples[("GET /away", "check")]


def test_weights_mix_flows_the_same_for_the_same_seed(fly):
    text = """
@flow(weight=3)
async def often(user):
    await user.get("/often")

@flow(weight=1, name="now and then")
async def seldom(user):
    await user.get("/seldom")
"""
    runs = [fly(text, rate=200, duration=0.5, seed=7, workers=workers).outcomes for workers in (1, 2)]
    assert runs[0] == runs[1]
    counts = {name: sum(found.values()) for name, found in runs[0].items()}
    assert sum(counts.values()) == 100
    assert 60 <= counts["GET /often"] <= 90


def test_users_in_turn_begin_again(fly):
    flown = fly(
        """
@flow
async def browse(user):
    await user.get("/a")
    await user.get("/b")
""",
        closed=True,
        duration=0.3,
        connections=2,
    )
    a, b = (sum(flown.outcomes[name].values()) for name in ("GET /a", "GET /b"))
    assert a >= b > 2
    assert a - b <= 2


def test_a_flow_that_blocks_is_told(fly):
    flown = fly(
        """
import time

@flow
async def browse(user):
    await user.get("/a")
    time.sleep(0.15)
    await user.get("/b")
""",
        rate=2,
    )
    assert flown.outcomes["GET /b"] == {"ok": 2}
    assert re.search(r"the flow itself took [0-9.]+ s", flown.samples[("flow browse", "flow-blocked")])


def test_what_stands_beside_the_file_can_be_imported(fly, tmp_path):
    (tmp_path / "shop_words.py").write_text("PATH = '/words'\n")
    flown = fly("""
import shop_words

@flow
async def browse(user):
    await user.head(shop_words.PATH)
""")
    assert flown.outcomes == {"HEAD /words": {"ok": 5}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no flow: mark an async def function with @flow"),
        ("@flow\ndef browse(user): ...", "browse is not async"),
        ("@flow\nasync def browse(): ...", "called with the user and nothing else"),
        ("@flow(weight=0)\nasync def browse(user): ...", "a weight is a number above 0"),
        ("1 / 0", "ZeroDivisionError: division by zero (loadtest.py:2)"),
        ("def (", "SyntaxError"),
        ("import nobody_has_this", "No module named 'nobody_has_this'"),
        ("raise SystemExit(3)", "SystemExit"),
        ("@flow(name='a')\nasync def b(user): ...\n@flow(name='a')\nasync def c(user): ...", "two flows called a"),
    ],
)
def test_a_file_that_will_not_do_is_said_before_anything_begins(fly, text, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        fly(text)


def test_a_redirect_is_followed_though_another_status_is_expected(fly):
    text = """
@flow
async def browse(user):
    notes = await user.post("/moved", json=1, expect=200, name="move")
    assert notes.json()[0]["id"] == 17
"""
    assert fly(text, redirects=3).outcomes == {"move": {"ok": 5}, "move (redirected)": {"ok": 5}}
    assert fly(text).outcomes == {"move": {"status-302": 5}}


def test_a_redirect_to_nowhere_is_an_unexpected_status_and_given_back(fly):
    text = """
@flow
async def browse(user):
    gone = await user.get("/nowhere-else", expect=200)
    assert (gone.status, gone.ok) == (302, False)
    await user.get("/after")
"""
    flown = fly(text, redirects=3)
    assert flown.outcomes == {"GET /nowhere-else": {"status-302": 5}, "GET /after": {"ok": 5}}
    assert flown.load.sessions.completed == 5


def test_what_a_server_says_of_its_text_is_no_fault_of_the_flow(fly):
    text = """
@flow
async def browse(user):
    strange = await user.get("/strange-charset")
    assert strange.text == "hello"
    try:
        (await user.get("/not-utf-8")).json()
    except NotJson:
        await user.get("/after")
"""
    flown = fly(text)
    assert {name: set(counts) for name, counts in flown.outcomes.items()} == {
        "GET /strange-charset": {"ok"},
        "GET /not-utf-8": {"ok"},
        "GET /after": {"ok"},
    }
