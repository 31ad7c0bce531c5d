"""Load told while it runs: a real scrape, real deliveries over HTTP, and endpoints that misbehave."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as new_format
from prometheus_client.parser import text_string_to_metric_families as old_format

from brinell.core.errors import UsageError
from brinell.core.observation import Vitals
from brinell.load.export import feeds, otlp, push, remote_write
from brinell.load.export.feeds import Endpoints, Feeds
from brinell.load.export.metrics import BOUNDS_S, MOST_SERIES, OTHER, Totals


class Receiver:
    """An HTTP server that keeps what it is sent and answers with ``status``."""

    def __init__(self, status=204):
        self.got = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.status = status
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def quick(monkeypatch):
    """Often; and whoever answers has time for it."""
    monkeypatch.setattr(feeds, "WRITE_EVERY_S", 0.05)
    monkeypatch.setattr(feeds, "OTLP_EVERY_S", 0.05)
    monkeypatch.setattr(push, "PATIENCE_S", 30.0)
    monkeypatch.setattr(push, "LAST_S", 60.0)
    monkeypatch.setattr(feeds, "LAST_S", 60.0)


@pytest.fixture
def totals(made):
    found = Totals()
    for envelope in made.envelopes():
        found.add(envelope)
    return found


def unsnappy(block):
    """Undo the block format, literals only, by google/snappy's description."""
    length, at = varint(block, 0)
    plain = b""
    while at < len(block):
        tag = block[at]
        assert tag & 3 == 0  # a literal
        size, at = tag >> 2, at + 1
        if size >= 60:
            more = size - 59
            size, at = int.from_bytes(block[at : at + more], "little"), at + more
        plain, at = plain + block[at : at + size + 1], at + size + 1
    assert len(plain) == length
    return plain


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


def fields(data):
    """Yield field number and content of a protobuf message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        else:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def series(body):
    """Return {labels: (value, moment in ms)} of a write request."""
    found = {}
    for number, content in fields(unsnappy(body)):
        if number == 1:
            parts = list(fields(content))
            pairs = [dict(fields(part)) for which, part in parts if which == 1]
            labels = [(one[1].decode(), one[2].decode()) for one in pairs]
            assert labels == sorted(labels)
            ((_, sample),) = (part for part in parts if part[0] == 2)
            found[tuple(labels)] = (dict(fields(sample))[1], dict(fields(sample))[2])
    return found


@given(st.binary(max_size=200_000))
def test_any_bytes_survive_the_snappy_block(plain):
    assert unsnappy(remote_write.snappy(plain)) == plain


def test_a_write_request_has_every_sample_of_the_scrape(totals):
    got = series(remote_write.body(totals.families(), 1_700_000_000.5))
    ok = ("operation", "GET /notes"), ("outcome", "ok"), ("scenario", "browse")
    assert got[("__name__", "brinell_load_requests_total"), *ok] == (12.0, 1_700_000_000_500)
    assert got[("__name__", "brinell_load_response_seconds_bucket"), ("le", "+Inf"), *ok][0] == 12.0


@pytest.mark.usefixtures("quick")
def test_a_receiver_gets_totals_that_end_complete(receiver, made):
    with Feeds(Endpoints(remote_write=f"{receiver.url}/api/v1/write", headers={"Authorization": "Bearer x"})) as told:
        for envelope in made.envelopes():
            told.watch(envelope)
        assert told.close() == []
    path, headers, body = receiver.got[-1]
    assert path == "/api/v1/write"
    assert (headers["Content-Encoding"], headers["Authorization"]) == ("snappy", "Bearer x")
    values = {dict(labels)["__name__"]: value for labels, (value, _) in series(body).items() if len(labels) == 2}
    assert (values["brinell_load_running"], values["brinell_load_due_total"]) == (0.0, 18.0)


@pytest.mark.usefixtures("quick")
def test_nothing_is_sent_before_a_scenario_begins(receiver):
    with Feeds(Endpoints(remote_write=receiver.url, otlp=receiver.url)) as told:
        assert told.close() == []
    assert receiver.got == []


@pytest.mark.usefixtures("quick")
def test_otlp_says_it_in_the_words_of_the_conventions(receiver, made):
    with Feeds(Endpoints(otlp=receiver.url)) as told:
        for envelope in made.envelopes():
            told.watch(envelope)
        assert told.close() == []
    path, headers, body = receiver.got[-1]
    assert (path, headers["Content-Type"]) == ("/v1/metrics", "application/json")
    ((scope,),) = (one["scopeMetrics"] for one in json.loads(body)["resourceMetrics"])
    metrics = {one["name"]: one for one in scope["metrics"]}
    duration = metrics["http.client.request.duration"]
    assert (duration["unit"], duration["histogram"]["aggregationTemporality"]) == ("s", 2)
    points = {}
    for point in duration["histogram"]["dataPoints"]:
        told = {one["key"]: next(iter(one["value"].values())) for one in point["attributes"]}
        assert (told["server.address"], told["server.port"]) == ("127.0.0.1", "8000")
        assert len(point["bucketCounts"]) == len(point["explicitBounds"]) + 1 == len(BOUNDS_S) + 1
        assert sum(map(int, point["bucketCounts"])) == int(point["count"])
        points[told["http.request.method"], told.get("error.type"), told.get("http.response.status_code")] = point
    assert {key: int(point["count"]) for key, point in points.items()} == {
        ("GET", None, None): 12, ("POST", "timeout", None): 2, ("POST", "503", "503"): 2,
    }  # fmt: skip
    assert int(metrics["brinell.load.due"]["sum"]["dataPoints"][0]["asInt"]) == 18
    assert "brinell.load.service.duration" not in metrics


def test_calls_of_functions_are_no_http(made):
    totals = Totals()
    for envelope in made.envelopes([made.started(url="call:shop:find", workers=1), made.piece(0, [5]), made.own(0)]):
        totals.add(envelope)
    text = otlp.body(totals.families(), totals.urls, start_s=1, moment_s=2).decode()
    assert "brinell.load.service.duration" in text
    assert "http." not in text


def get(url, accept=""):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    connection.request("GET", parts.path, headers={"Accept": accept} if accept else {})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_prometheus_scrapes_either_format_while_it_runs(made):
    with Feeds(Endpoints(scrape_port=0)) as told:
        entries = list(made.envelopes())
        for envelope in entries[:-1]:
            told.watch(envelope)
        answer, body = get(told.url)
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        old = {sample.name: sample for family in old_format(body) for sample in family.samples}
        assert old["brinell_load_running"].value == 1
        assert old["brinell_load_due_total"].value == 18
        told.watch(entries[-1])
        answer, body = get(told.url, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        new = {sample.name: sample for family in new_format(body) for sample in family.samples}
        assert new["brinell_load_running"].value == 0
        assert get(told.url + "/other")[0].status == 404
        url = told.url
    with pytest.raises(OSError, match="refused"):
        get(url)


def test_a_visitor_who_says_nothing_keeps_nobody_waiting(made):
    told = Feeds(Endpoints(scrape_port=0))
    for envelope in made.envelopes():
        told.watch(envelope)
    port = urlsplit(told.url).port
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.sendall(b"GET /metr")
        assert get(told.url)[0].status == 200
        assert told.close() == []


def test_a_taken_port_is_said_before_anything_runs():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="in use"):
            Feeds(Endpoints(scrape_port=taken.getsockname()[1]))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("status", "said"), [(503, "status 503"), (302, "status 302"), (None, "refused"), (0, "timed out")]
)
def test_a_dead_endpoint_is_counted_said_once_and_in_nobodys_way(made, status, said, monkeypatch):
    if status == 0:
        monkeypatch.setattr(push, "PATIENCE_S", 0.2)
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    if status == 0:
        silent.listen()  # accepts and never answers
    receiver = Receiver(status) if status else None
    url = receiver.url if receiver else f"http://127.0.0.1:{silent.getsockname()[1]}"
    told = Feeds(Endpoints(remote_write=url))
    for envelope in made.envelopes():
        told.watch(envelope)
    time.sleep(0.2)
    (note,) = told.close()
    silent.close()
    if receiver:
        receiver.close()
        assert "/elsewhere" not in {path for path, _, _ in receiver.got}
    assert said in note
    assert note.startswith("remote write: ")


def test_two_endpoints_that_never_answer_hold_up_the_end_once(monkeypatch, made):
    monkeypatch.setattr(feeds, "LAST_S", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        told = Feeds(Endpoints(remote_write=url, otlp=url))
        for envelope in made.envelopes():
            told.watch(envelope)
        notes = told.close()
    assert [note.partition(":")[0] for note in notes] == ["remote write", "OTLP"]
    assert all("took longer" in note for note in notes)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/x",
        "127.0.0.1:9090",
        "http://",
        "http://a:b@127.0.0.1/",
        "http://h:0/",
        "http://h:x/",
        "http://h/ x",
    ],
)
def test_what_is_no_address_is_refused_at_once(url):
    with pytest.raises(UsageError) as refused:
        Feeds(Endpoints(remote_write=url))
    assert "a:b@" not in str(refused.value)


def test_a_server_that_invents_outcomes_makes_no_series_without_end(made):
    totals = Totals()
    entries = [made.started(workers=1), *(made.piece(0, [5], outcome=f"status-{code}") for code in range(700))]
    for envelope in made.envelopes(entries):
        totals.add(envelope)
    (family,) = (one for one in totals.families() if one.name == "brinell_load_requests")
    assert len(family.points) == MOST_SERIES + 1
    others = [point.value for point in family.points if ("outcome", OTHER) in point.labels]
    assert others == [700 - MOST_SERIES]


def test_a_counter_never_goes_back_when_a_process_of_the_subject_ends(made):
    totals = Totals()
    seen = []
    for cpu_s in (5.0, 7.0, 1.0, 2.0):
        looks = [Vitals(made.start_ns, 1, cpu_s, None, None, None)]
        for envelope in made.envelopes([*([] if seen else [made.started()]), *looks]):
            totals.add(envelope)
        seen.append(
            next(p.value for f in totals.families() if f.name.endswith("subject_cpu_seconds") for p in f.points)
        )
    assert seen == [0.0, 2.0, 2.0, 3.0]
