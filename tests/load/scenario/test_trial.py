"""Scenarios through the whole trial: real workers, and which of the two paths a scenario takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from brinell.checks.load import load
from brinell.core.errors import UsageError
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import Exemplar, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepStarted
from brinell.core.plan import DataSpec, LoadSpec, RequestSpec, SessionSpec
from brinell.load.drivers.http import Http
from brinell.load.trial import LoadTrial
from brinell.reports.outline import rates
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES
from brinell.subject.targets import Target

SHAPE = {"kind": "constant", "rate": 50, "duration": 0.6}
TARGET = Target("http", "127.0.0.1", 8000, ("127.0.0.1",))


@pytest.fixture
def run(tmp_path):
    rooms = []

    def begin(port, shape=SHAPE, **fields):
        url = f"http://127.0.0.1:{port}"
        room = FakeRoom(LoadSpec(name="browse", shape=shape, url=url, **{"calibrate": False, **fields}), tmp_path)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        begin.part = load(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
        return room.records

    yield begin
    for room in rooms:
        room.close()


def of(records, kind):
    return [record for record in records if isinstance(record, kind)]


def counted(records):
    found = {}
    for one in of(records, LoadSlice):
        found[one.operation, one.outcome] = found.get((one.operation, one.outcome), 0) + one.count
    return found


def test_a_service_that_keeps_what_it_was_sent_takes_a_second_run(run, shop):
    """A unique key: the same identity again would be a conflict, as a later step of a search would."""
    request = RequestSpec(path="/echo?{{uuid}}.{{int(1, 1000000)}}")

    def identities():
        before = len(shop.asked)
        run(shop.port, requests=(request,), workers=2, shape=SHAPE | {"rate": 10}, timeout_s=60)
        sent = [target.partition("?")[2].split(".") for _, target, _, _ in shop.asked[before:]]
        assert len(sent) == 6
        return {one for one, _ in sent}, sorted(number for _, number in sent)

    (first, numbers), (second, again) = identities(), identities()
    assert len(first | second) == 12
    assert numbers == again


def test_sessions_on_two_workers(run, shop, tmp_path):
    (tmp_path / "users.jsonl").write_text('{"name": "ada"}\n{"name": "grace"}\n', encoding="utf-8")
    create = RequestSpec(
        name="create", method="POST", path="/notes", json={"o": "{{user.name}}"}, extract={"id": "$.id"}
    )
    read = RequestSpec(name="read", path="/notes/{{id}}", check={"json": {"$.o": "{{user.name}}"}})
    records = run(
        shop.port,
        data=(DataSpec("users.jsonl", "user", "once"),),
        sessions=(SessionSpec("author", (create, read)),),
        workers=2,
        shape=SHAPE | {"duration": 10},  # it ends with the rows
    )
    (started,), (ended,) = of(records, LoadStarted), of(records, LoadEnded)
    assert (started.model, started.target_rate, started.session_rate) == ("partly-open", None, 50)
    assert counted(records) == {("create", "ok"): 2, ("read", "ok"): 2}  # each of the two rows once
    assert ended.sessions == (2, 2, 0)
    assert ended.worker_failures == ()
    assert ended.span_s < 10
    (numbers,) = run.part.load
    assert (numbers.sessions.begun, numbers.sessions.completed, numbers.sessions.aborted) == (2, 2, 0)
    assert rates(numbers).endswith("; 2 sessions of 50/s asked for: 2 completed")
    assert not [one for one in run.part.findings if one.id.endswith(".sessions")]


def test_requests_with_templates_are_an_open_model(run, shop):
    records = run(shop.port, requests=(RequestSpec(name="echo", path="/echo?{{seq}}"),))
    (started,), (ended,) = of(records, LoadStarted), of(records, LoadEnded)
    assert (started.model, started.target_rate, started.session_rate) == ("open", 50, None)
    assert counted(records) == {("echo", "ok"): 30}
    assert (ended.scheduled, ended.completed) == (30, 30)
    assert run.part.load[0].sessions is None  # a session of one request is that request


def test_sessions_that_ended_before_their_time_are_a_finding_with_the_reason(run, shop):
    get = RequestSpec(name="get", path="/echo", check={"body_contains": "never"})
    run(shop.port, sessions=(SessionSpec("s", (get, get)),))
    (found,) = [one for one in run.part.findings if one.id == "load.browse.sessions"]
    assert not found.required
    assert found.title == "browse: 30 of 30 sessions ended before their time"
    assert found.detail == "30 requests failed, and a session ends with the first that does"
    assert rates(run.part.load[0]).endswith("0 completed, 30 aborted")


def test_what_cannot_be_sent_is_a_finding_although_no_request_failed(run, shop, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"v": "a\\nb"}\n{"v": "b"}\n', encoding="utf-8")
    send = RequestSpec(name="send", path="/echo", headers={"X-V": "{{rows.v}}"})
    records = run(shop.port, data=(DataSpec("rows.jsonl", "rows"),), requests=(send,))
    assert counted(records) == {("send", "ok"): 15}
    (found,) = [one for one in run.part.findings if one.id == "load.browse.sessions"]
    assert found.detail == "send: header X-V: a value with a line break cannot be sent"


def test_secrets_come_from_the_environment_and_are_no_templates(run, shop, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "s3{{uuid}}t")
    request = RequestSpec(path="/echo?{{seq}}", headers={"Authorization": "Bearer ${SHOP_TOKEN}", "X-N": "{{seq}}"})
    run(shop.port, requests=(request,))
    headers = [headers for _, target, headers, _ in shop.asked if target != "/"]
    assert {one["authorization"] for one in headers} == {"Bearer s3{{uuid}}t"}
    assert len({one["x-n"] for one in headers}) == 30
    monkeypatch.delenv("SHOP_TOKEN")
    with pytest.raises(UsageError, match="SHOP_TOKEN"):
        run(shop.port, requests=(request,))


def test_samples_of_failed_checks_say_what_was_wrong(run, shop):
    records = run(shop.port, requests=(RequestSpec(path="/echo", check={"body_contains": "never"}),))
    details = {one.detail for one in of(records, Exemplar) if one.outcome == "check"}
    assert details == {"the body does not contain 'never'"}


@pytest.mark.parametrize("fields", [{}, {"requests": (RequestSpec(path="/echo?{{seq}}"),)}])
@pytest.mark.parametrize("shape", [SHAPE, {"kind": "closed", "duration": 0.2}])
def test_a_new_connection_for_every_request_even_where_the_server_keeps_it(lab, run, fields, shape):
    met, asked = [], []

    async def handler(reader, writer):
        met.append(1)
        while True:
            head, _ = await lab.read_request(reader)
            asked.append(head)
            writer.write(lab.ok())

    records = run(lab.start(handler), shape, keep_alive=False, connections=4, **fields)
    (ended,) = of(records, LoadEnded)
    assert {outcome for _, outcome in counted(records)} == {"ok"}
    assert len(met) == len(asked) == ended.completed > 4
    assert all(b"Connection: close" in head for head in asked)


STATIC = [
    {},
    {"compression": True, "keep_alive": False},
    {"requests": (RequestSpec(method="POST", form={"a": "b"}, stream=True, expect=(201,)),)},
    {"requests": (RequestSpec(method="POST", json={"a": {"b": {"c": {}}}}), RequestSpec(body="} }} {"))},
    {"data": (DataSpec("users.csv", "user"),)},  # that nothing uses
]
DYNAMIC = [
    {"requests": (RequestSpec(path="/{{uuid}}"),)},
    {"requests": (RequestSpec(json=[{"a": ["{{ word }}"]}]),)},
    {"requests": (RequestSpec(body="a={{int(1,2)}}"),)},
    {"requests": (RequestSpec(form={"a": "{{seq}}"}),)},
    {"headers": {"X-Id": "{{uuid}}"}},
    {"requests": (RequestSpec(check={"max_ms": 5}),)},
    {"sessions": (SessionSpec("s", (RequestSpec(),)),)},
    {"cookies": True},
    {"redirects": 1},
]


def chosen(fields):
    return Http().sessions(LoadSpec(name="x", shape={}, url="http://127.0.0.1:8000", **fields), TARGET, Path(), ())


@pytest.mark.parametrize("fields", STATIC)
def test_what_never_changes_stays_on_the_static_path(fields):
    assert chosen(fields) is None


@pytest.mark.parametrize("fields", DYNAMIC)
def test_what_depends_on_anything_is_sessions(fields):
    assert chosen(fields) is not None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"requests": (RequestSpec(path="/{{uuidd}}"),)}, "requests #1: path: nothing is called uuidd"),
        ({"requests": (RequestSpec(name="r", path="/{{seq}}", method="GE T"),)}, "request r: method"),
        ({"data": (DataSpec("no.csv", "u"),), "cookies": True}, "data #1: file: No such file"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(fields, words, tmp_path):
    spec = LoadSpec(name="x", shape={}, url="http://127.0.0.1:8000", **fields)
    with pytest.raises(UsageError, match=words):
        Http().sessions(spec, TARGET, tmp_path, ())
