"""Whole scenarios: a real service that describes itself, the trial with real workers, the check of what came."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import itertools
import json
import os
import re
from pathlib import Path

import pytest

from brinell.checks.traffic import traffic
from brinell.core.errors import SubjectError, UsageError
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import Exemplar, LoadSlice
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec
from brinell.core.traffic_records import AnswersJudged, TrafficRead
from brinell.core.verdicts import Verdict
from brinell.load.openapi.prepare import base_path
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

JSON = "application/json"
ID = {"name": "thing_id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    "additionalProperties": False,
}
DRAFT = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 2}}}


def answers(schema, status="200"):
    return {"responses": {status: {"description": "", "content": {JSON: {"schema": schema}}}}}


def takes(schema):
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/things": {
            "get": answers({"type": "array", "items": THING}),
            "post": {**answers(THING, "201"), **takes(DRAFT)},
        },
        "/things/{thing_id}": {
            "get": {**answers(THING), "parameters": [ID]},
            "put": {**answers(THING), **takes(DRAFT), "parameters": [ID]},
            "delete": {"responses": {"204": {"description": ""}}, "parameters": [ID]},
        },
        "/lie": {"get": answers({"type": "object", "required": ["truth"]})},
        "/strict": {"get": {**answers({}), "parameters": [{"name": "n", "in": "query", "required": True,
                                                           "schema": {"type": "integer", "minimum": 1}}]}},
        "/secret": {"get": {**answers({}), "security": [{"bearer": []}]}},
        "/quiet": {"head": {"responses": {"200": {"description": ""}}}},
        "/broken": {"get": answers({})},
        "/users/{name}": {"get": {**answers({}), "parameters": [{"name": "name", "in": "path", "required": True,
                                                                 "schema": {"type": "string"}}]}},
        "/parts": {"get": answers({"type": "object", "required": ["text"]})},
    },
}  # fmt: skip


class Things:
    """A service with things in it; ``seen`` are its request lines and heads."""

    def __init__(self, document=None):
        self.document = json.dumps(document or DOCUMENT).encode()
        self.things = {1: {"id": 1, "name": "one"}, 2: {"id": 2, "name": "two"}}
        self.number = itertools.count(3)
        self.seen = []

    def __call__(self, lab):
        async def handler(reader, writer):
            while True:
                head, body = await lab.read_request(reader)
                self.seen.append((head, body))
                method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
                writer.write(self.answer(lab, method, target, head, body))
                await writer.drain()
                if target == "/parts":  # the rest comes by itself
                    await asyncio.sleep(0.003)
                    writer.write(b'4\r\n"ab"\r\n1\r\n}\r\n0\r\n\r\n')

        return handler

    def answer(self, lab, method, target, head, body):  # noqa: C901, PLR0911, PLR0912 - a line a route
        def said(value, status=b"200 OK", kind=b"application/json"):
            return lab.ok(json.dumps(value).encode(), b"Content-Type: " + kind, status=status)

        path = target.partition("?")[0]
        if path == "/openapi.json":
            return lab.ok(self.document, b"Content-Type: application/json")
        if path == "/things" and method == "POST":
            made = {"id": next(self.number), "name": json.loads(body)["name"]}
            self.things[made["id"]] = made
            return said(made, b"201 Created")
        if path == "/things":
            return said(list(self.things.values())[:5])
        if match := re.fullmatch(r"/things/(\d+)", path):
            identity = int(match[1])
            if identity not in self.things:
                return said({}, b"404 Not Found")
            if method == "DELETE":
                del self.things[identity]
                return b"HTTP/1.1 204 No Content\r\n\r\n"
            if method == "PUT":
                self.things[identity]["name"] = json.loads(body)["name"]
            return said(self.things[identity])
        if path == "/lie":
            return said({"lie": 1})
        if path == "/strict":
            return said({}, b"200 OK" if int(target.partition("n=")[2]) % 2 else b"422 Unprocessable")
        if path == "/quiet":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
        if path == "/secret":
            return said({}, b"200 OK" if b"authorization: bearer let-me-in" in head.lower() else b"401 No")
        if path == "/broken":
            return said({}, b"500 Sorry")
        if path == "/parts":
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            return head + b'8\r\n{"text":\r\n'
        return said({}, b"404 Not Found")


@pytest.fixture
def run(tmp_path):
    rooms = []

    def begin(port, *, rate=150, duration=1.0, **fields):
        given = {"openapi": "/openapi.json", "url": f"http://127.0.0.1:{port}", **fields}
        spec = LoadSpec(name="api", shape={"kind": "constant", "rate": rate, "duration": duration}, **given)
        room = FakeRoom(spec, tmp_path)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return room

    begin.rooms = rooms
    yield begin
    for room in rooms:
        room.close()


def of(room, kind):
    return [record for record in room.records if isinstance(record, kind)]


def outcomes(room):
    counts = {}
    for one in of(room, LoadSlice):
        counts.setdefault(one.operation, {}).setdefault(one.outcome, 0)
        counts[one.operation][one.outcome] += one.count
    return counts


def left(room):
    (read,) = of(room, TrafficRead)
    return {one.operation: one.why for one in read.left}


def judged(room):
    part = traffic(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
    return part.traffic[0], {one.id.rpartition(".")[2]: one for one in part.findings}


def test_everything_that_only_reads_is_sent_and_the_rest_is_named(lab, run):
    service = Things()
    room = run(lab.start(service(lab)))
    (read,) = of(room, TrafficRead)
    assert (read.form, read.title, read.version, read.linked) == ("openapi", "Things", "3.1.0", ())
    sent = {
        "GET /things",
        "GET /things/{thing_id}",
        "GET /lie",
        "GET /strict",
        "HEAD /quiet",
        "GET /broken",
        "GET /parts",
    }
    assert set(read.operations) == sent
    counts = outcomes(room)
    assert set(counts) == sent
    assert set(counts["GET /things"]) == set(counts["GET /things/{thing_id}"]) == {"ok"}
    assert set(counts["GET /lie"]) == {"check"}
    assert set(counts["GET /strict"]) == {"ok"}  # what was refused beforehand is not sent again
    assert set(counts["HEAD /quiet"]) == set(counts["GET /parts"]) == {"ok"}
    assert set(counts["GET /broken"]) == {"status-500"}
    methods = {head.split(b" ")[0] for head, _ in service.seen}
    assert methods == {b"GET", b"HEAD"}
    why = left(room)
    assert "bearer (header Authorization)" in why["GET /secret"]
    assert "404 to GET /users/" in why["GET /users/{name}"]
    assert "openapi_unsafe = true" in why["DELETE /things/{thing_id}"]
    assert set(why) == {"GET /secret", "GET /users/{name}", "POST /things", "PUT /things/{thing_id}",
                        "DELETE /things/{thing_id}"}  # fmt: skip


def test_what_came_of_it_is_judged(lab, run):
    room = run(lab.start(Things()(lab)))
    numbers, findings = judged(room)
    assert len(numbers.exercised) == 7
    assert {one.operation for one in numbers.not_exercised} == set(left(room))
    assert (findings["coverage"].verdict, findings["coverage"].required) == (Verdict.UNKNOWN, False)
    assert "7 of 12 operations" in findings["coverage"].title
    assert findings["contract"].verdict is Verdict.FAIL
    assert '"truth" is a required property' in findings["contract"].detail
    assert findings["refused"].detail.startswith("GET /strict: it says 422 to GET /strict?n=")
    assert numbers.looked >= 4
    details = [one.detail for one in of(room, Exemplar) if one.operation == "GET /lie"]
    assert details
    assert all("required property" in one for one in details)
    assert all("required property" not in one.detail for one in of(room, Exemplar) if one.operation == "GET /broken")


def test_without_comparing_answers_are_what_they_say(lab, run):
    room = run(lab.start(Things()(lab)), openapi_validate=False)
    assert set(outcomes(room)["GET /lie"]) == {"ok"}
    assert not of(room, AnswersJudged)
    numbers, findings = judged(room)
    assert not numbers.judged
    assert "contract" not in findings


def test_who_is_let_in_is_and_the_token_is_in_no_record(lab, run, monkeypatch):
    monkeypatch.setenv("THINGS_TOKEN", "let-me-in")
    room = run(lab.start(Things()(lab)), headers={"Authorization": "Bearer ${THINGS_TOKEN}"})
    assert set(outcomes(room)["GET /secret"]) == {"ok"}
    assert "let-me-in" not in repr(room.records)


def test_a_bound_on_requests_holds_for_what_is_tried_too(lab, run):
    service = Things()
    room = run(lab.start(service(lab)), max_requests=5)
    assert of(room, TrafficRead)[0].tried == 5
    tried_and_sent = len(service.seen) - 1  # without the document
    assert tried_and_sent <= 10


def test_bytes_of_answers_that_repeat_are_counted_for_each_request(lab, run):
    """Prepared requests of one operation share their numbers, and their answers have other lengths."""
    number = {"name": "n", "in": "query", "required": True, "schema": {"enum": [0, 1000]}}
    operation = {**answers({"type": "string"}), "parameters": [number]}
    service = Things({"openapi": "3.1.0", "paths": {"/long": {"get": operation}}})
    answer, sent = service.answer, []

    def long(lab, method, target, head, body):
        if "/long" not in target:
            return answer(lab, method, target, head, body)
        said = lab.ok(json.dumps("x" * int(target.partition("n=")[2])).encode(), b"Content-Type: application/json")
        sent.append(len(said))
        return said

    service.answer = long
    room = run(lab.start(service(lab)), rate=600)
    (read,) = of(room, TrafficRead)
    assert read.requests == 2
    counted = sum(one.bytes_in for one in of(room, LoadSlice))
    assert counted == pytest.approx(sum(sent[read.tried :]), rel=0.1)


def test_weights_are_kept_and_zero_leaves_one_out(lab, run):
    zero = dict.fromkeys(("GET /lie", "GET /strict", "HEAD /quiet", "GET /broken", "GET /parts"), 0.0)
    room = run(lab.start(Things()(lab)), rate=400, openapi_weights={**zero, "GET /things": 9.0})
    counts = {name: sum(several.values()) for name, several in outcomes(room).items()}
    assert set(counts) == {"GET /things", "GET /things/{thing_id}"}
    assert counts["GET /things"] > 5 * counts["GET /things/{thing_id}"]
    assert left(room)["GET /lie"] == "left out by openapi_weights"


def test_a_weight_for_nothing_is_a_mistake_found_before_anything_is_tried(lab, run):
    service = Things()
    with pytest.raises(UsageError, match="describes no 'GET /thing'"):
        run(lab.start(service(lab)), openapi_weights={"GET /thing": 2.0})
    assert [head.split(b" ")[1] for head, _ in service.seen] == [b"/openapi.json"]


def test_nothing_is_changed_by_an_identifier_that_an_example_names(lab, run):
    """It is somebody's, and this run did not make it; nothing else in the document makes one."""
    named = {**ID, "example": 1}
    document = copy.deepcopy(DOCUMENT)
    document["paths"] = {
        "/things": {"get": DOCUMENT["paths"]["/things"]["get"]},
        "/things/{thing_id}": {
            "get": {**answers(THING), "parameters": [named]},
            "put": {**answers(THING), **takes(DRAFT), "parameters": [named]},
            "delete": {"responses": {"204": {"description": ""}}, "parameters": [named]},
        },
    }
    service = Things(document)
    room = run(lab.start(service(lab)), openapi_unsafe=True)
    assert {head.split(b" ")[0] for head, _ in service.seen} == {b"GET"}
    assert "would change what this run did not make" in left(room)["PUT /things/{thing_id}"]
    assert "would delete what this run did not make" in left(room)["DELETE /things/{thing_id}"]


def test_things_are_made_read_changed_and_taken_away(lab, run):
    service = Things()
    before = dict(service.things)
    room = run(lab.start(service(lab)), openapi_unsafe=True, duration=2.0, openapi_weights={"POST /things": 5.0})
    counts = outcomes(room)
    for name in ("POST /things", "GET /things/{thing_id}", "PUT /things/{thing_id}", "DELETE /things/{thing_id}"):
        assert set(counts[name]) == {"ok"}, name
    (read,) = of(room, TrafficRead)
    assert set(read.linked) == {"GET /things/{thing_id}", "PUT /things/{thing_id}", "DELETE /things/{thing_id}"}
    # What was there before is as it was: a session changes and deletes what it made and nothing else.
    assert {identity: service.things[identity] for identity in before} == before
    made = [body for head, body in service.seen if head.startswith(b"POST")]
    assert all(len(json.loads(body)["name"]) >= 2 for body in made)
    assert set(left(room)) == {"GET /secret", "GET /users/{name}"}
    assert set(counts["GET /lie"]) == {"check"}
    assert judged(room)[0].linked


def test_what_the_documents_links_say_is_followed(lab, run):
    """The thing is made in one place and read in another, and only the link says so; its name is deep in the answer."""
    document = copy.deepcopy(DOCUMENT)
    link = {"operationId": "readThing", "parameters": {"thing_id": "$response.body#/made/0/number"}}
    made = {"201": {"description": "", "links": {"it": link}}}
    paths = {"/make": {"post": {"responses": made}}, "/things/{thing_id}": document["paths"]["/things/{thing_id}"]}
    paths["/things/{thing_id}"]["get"]["operationId"] = "readThing"
    service = Things({**document, "paths": paths})
    answer = service.answer

    def making(lab, method, target, head, body):
        if target != "/make":
            return answer(lab, method, target, head, body)
        identity = next(service.number)
        service.things[identity] = {"id": identity, "name": "made"}
        said = json.dumps({"made": [{"number": identity}]}).encode()
        return lab.ok(said, b"Content-Type: application/json", status=b"201 Created")

    service.answer = making
    room = run(lab.start(service(lab)), openapi_unsafe=True)
    counts = outcomes(room)
    assert set(counts["GET /things/{thing_id}"]) == set(counts["DELETE /things/{thing_id}"]) == {"ok"}
    assert set(service.things) >= {1, 2}


@pytest.mark.parametrize("location", [b"/things/%d", b"http://127.0.0.1/things/%d?x=1"])
def test_a_location_names_what_was_made_where_the_body_does_not(lab, run, location):
    service = Things()
    answer = service.answer

    def silent(lab, method, target, head, body):
        if method != "POST":
            return answer(lab, method, target, head, body)
        identity = next(service.number)
        service.things[identity] = {"id": identity, "name": "made"}
        return lab.ok(b"", b"Location: " + location % identity, status=b"201 Created")

    service.answer = silent
    room = run(lab.start(service(lab)), openapi_unsafe=True, openapi_validate=False)
    assert set(outcomes(room)["DELETE /things/{thing_id}"]) == {"ok"}


def test_what_needs_an_answer_that_never_comes_is_not_exercised(lab, run):
    service = Things()
    service.answer_made = service.answer

    def nameless(lab, method, target, head, body):
        if method == "POST":
            return lab.ok(b"{}", b"Content-Type: application/json", status=b"201 Created")
        return service.answer_made(lab, method, target, head, body)

    service.answer = nameless
    room = run(lab.start(service(lab)), openapi_unsafe=True)
    numbers, _ = judged(room)
    why = {one.operation: one.why for one in numbers.not_exercised}
    assert why["DELETE /things/{thing_id}"] == "no answer before it gave what it needs"
    assert not any(head.startswith(b"DELETE") for head, _ in service.seen)


@pytest.mark.prove
def test_the_same_seed_sends_the_same_requests(lab, run):
    targets = []
    for _ in range(2):
        service = Things()
        run(lab.start(service(lab)), rate=20)
        targets.append([head.split(b" ")[1] for head, _ in service.seen if head.startswith(b"GET /strict")][:8])
    assert targets[0]
    assert targets[0] == targets[1]


def test_a_document_in_a_file_with_its_schemas_beside_it(lab, run, tmp_path):
    (tmp_path / "schemas.json").write_text(json.dumps({"Things": {"type": "array", "maxItems": 1}}))
    document = {"openapi": "3.0.0", "servers": [{"url": "https://elsewhere.example"}], "paths": {
        "/things": {"get": answers({"$ref": "schemas.json#/Things"})}}}  # fmt: skip
    (tmp_path / "api.json").write_text(json.dumps(document))
    room = run(lab.start(Things()(lab)), openapi="api.json")
    assert set(outcomes(room)["GET /things"]) == {"check"}


@pytest.mark.parametrize(
    ("base", "home", "path"),
    [
        ("", "http://127.0.0.1/v1/openapi.json", ""),
        ("/", "http://127.0.0.1/v1/openapi.json", ""),
        ("/v2/", "http://127.0.0.1/v1/openapi.json", "/v2"),
        ("https://elsewhere.example/v2", "http://127.0.0.1/openapi.json", "/v2"),
        ("v2", "http://127.0.0.1/api/openapi.json", "/api/v2"),
        (".", "http://127.0.0.1/api/openapi.json", "/api"),
        ("v2", "file:///home/me/openapi.json", "/v2"),
        ("/a b\u00fc", "http://127.0.0.1/openapi.json", "/a%20b%C3%BC"),
    ],
)
def test_of_the_server_in_the_document_the_path_counts(base, home, path):
    assert base_path(base, home) == path


def test_the_base_path_of_the_document_stands_before_every_path(lab, run):
    document = {"openapi": "3.0.0", "servers": [{"url": "/things/"}], "paths": {"/1": {"get": answers({})}}}
    room = run(lab.start(Things(document)(lab)))
    assert set(outcomes(room)["GET /1"]) == {"ok"}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"openapi": "3.0.0"}, "no paths"),
        ({"hello": 1}, "nowhere that it is OpenAPI"),
        ({"openapi": "3.0.0", "paths": {}}, "none of its operations can be sent: it describes none"),
        ({"openapi": "3.0.0", "paths": {"/a": {"post": {}}}}, "none of its operations .* POST /a: POST changes"),
        (
            {"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "http://elsewhere.example/p"}]}}}},
            "another place than the document's own: refused",
        ),
        (
            {"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "file:///etc/passwd"}]}}}},
            "another place than the document's own: refused",
        ),
        (
            {"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "http://[nowhere"}]}}}},
            r"\$ref http://\[nowhere is no address",
        ),
        (
            {"openapi": "3.0.0", "servers": [{"url": "http://[nowhere"}], "paths": {"/a": {"get": {}}}},
            r"its server 'http://\[nowhere' is no address",
        ),
    ],
)
def test_a_document_that_will_not_do_says_why(lab, run, document, why):
    with pytest.raises(UsageError, match=re.compile(why, re.DOTALL)):
        run(lab.start(Things(document)(lab)))


def test_a_file_outside_the_documents_folder_is_not_read(lab, run, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "secret.json").write_text("{}")
    paths = {"/a": {"get": {"parameters": [{"$ref": "../secret.json"}]}}}
    (tmp_path / "docs" / "api.json").write_text(json.dumps({"openapi": "3.0.0", "paths": paths}))
    with pytest.raises(UsageError, match="another place"):
        run(lab.start(Things()(lab)), openapi="docs/api.json")


@pytest.mark.parametrize(("reference", "why"), [("a%00.json", "names no file"), ("pipe", "pipe is no file")])
def test_what_is_no_file_is_not_read(lab, run, tmp_path, reference, why):
    os.mkfifo(tmp_path / "pipe")  # whoever reads it waits for ever
    paths = {"/a": {"get": {"parameters": [{"$ref": reference}]}}}
    (tmp_path / "api.json").write_text(json.dumps({"openapi": "3.0.0", "paths": paths}))
    with pytest.raises(UsageError, match=why):
        run(lab.start(Things()(lab)), openapi="api.json")


def test_a_file_of_100_mb_is_not_even_opened(lab, run, tmp_path):
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(UsageError, match="at most"):
        run(lab.start(Things()(lab)), openapi="huge.json")


@pytest.mark.parametrize("place", ["/nowhere.json", "/things/999"])
def test_where_there_is_no_document_the_subject_says_so(lab, run, place):
    with pytest.raises(SubjectError, match="it says 404"):
        run(lab.start(Things()(lab)), openapi=place)


def test_a_host_that_is_not_allowed_is_not_asked_for_its_document(lab, run):
    with pytest.raises(UsageError, match="not in allow_targets"):
        run(lab.start(Things()(lab)), openapi="http://elsewhere.example/openapi.json")


async def _drip(_, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000):
        writer.write(b"X-%d: y\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.05)


async def _endless(_, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n{")
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b" " * 65536)
            await writer.drain()


async def _rude(_, writer):
    writer.write(b"\x00\xff" * 100 + b"\r\n\r\n")
    writer.close()


async def _lengthy(_, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n{}")
    writer.close()


@pytest.mark.parametrize("hostile", [_drip, _endless, _rude, _lengthy])
def test_a_service_that_gives_no_document_is_left_in_bounded_time(lab, run, hostile):
    with pytest.raises((SubjectError, UsageError)):
        run(lab.start(hostile), timeout_s=1.0)


def test_a_service_that_ends_while_it_is_tried_is_still_measured(lab, run):
    service = Things()

    async def handler(reader, writer):
        head, _ = await lab.read_request(reader)
        if b"openapi.json" in head:
            writer.write(lab.ok(service.document))
            await writer.drain()

    room = run(lab.start(handler))
    assert set(outcomes(room)["GET /things"]) <= {"reset", "short-body"}
    assert "it was sent and never answered" in {one.why for one in judged(room)[0].not_exercised}


def test_the_reference_backend_is_described_well_enough(read):
    import sys

    folder = Path(__file__).parents[3] / "src" / "brinell_reference" / "project" / "src"
    sys.path.insert(0, str(folder))
    try:
        from noticeboard.openapi import document
    finally:
        sys.path.remove(str(folder))
    reading = read(json.loads(document()))
    assert not reading.left
    assert len(reading.operations) == 10
