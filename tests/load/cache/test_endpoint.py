"""An endpoint behind a cache: a real server, real workers, a room in memory."""

from __future__ import annotations

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from brinell.core.cache_records import CachePrepared, CacheSecond, StaleProbe, Stampede
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import LoadSlice
from brinell.core.plan import CacheSpec, LoadSpec
from brinell.load.cache.address import is_endpoint, origin_of, path_in
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        asked: ClassVar[Counter[str]] = Counter()

        def do_GET(self):
            with lock:
                self.asked[self.path] += 1
                is_hit = self.asked[self.path] > 1
            self.send_response(404 if self.path.startswith("/none") else 200)
            if not self.path.startswith("/silent"):
                self.send_header("X-Cache", "HIT" if is_hit else "MISS")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args):
            pass

    lock = threading.Lock()
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
    made.asked = Handler.asked
    yield made
    made.shutdown()
    made.server_close()


def run(tmp_path, server, path, **fields):
    url = f"http://127.0.0.1:{server.server_port}"
    fields = {"workload": "ycsb-c", "keys": 40, "prefill": False, "probe": False} | fields
    spec = LoadSpec(
        name="c", driver="cache-http", url=url, shape={"kind": "constant", "rate": 200, "duration": 0.6},
        connections=4, calibrate=False, cache=CacheSpec(target=url + path, **fields),
    )  # fmt: skip
    room = FakeRoom(spec, tmp_path, root=tmp_path)
    try:
        LoadTrial(DRIVERS, SHAPES).run(room)
    finally:
        room.close()
    counts = Counter()
    for one in room.records:
        if isinstance(one, LoadSlice):
            counts[one.operation, one.outcome] += one.count
    return room, counts


def test_keys_are_asked_for_and_hits_are_told_by_the_headers(tmp_path, server):
    room, counts = run(tmp_path, server, "/users/{key}?full=1")
    assert sum(counts.values()) == 120
    assert set(counts) == {("read hit", "ok"), ("read miss", "ok")}
    assert counts["read miss", "ok"] == len(server.asked)
    assert set(server.asked) <= {f"/users/{number}?full=1" for number in range(40)}
    seconds = [one for one in room.records if isinstance(one, CacheSecond)]
    assert sum(one.gets for one in seconds) == 120
    assert sum(one.hits for one in seconds) == counts["read hit", "ok"]
    assert [one.mode for one in room.records if isinstance(one, CachePrepared)] == ["HTTP"]


@pytest.mark.prove
def test_answers_that_do_not_say_are_in_no_rate(tmp_path, server):
    room, counts = run(tmp_path, server, "/silent/{key}")
    assert counts == {("read", "ok"): 120}
    assert not [one for one in room.records if isinstance(one, CacheSecond)]


@pytest.mark.prove
def test_errors_are_no_misses(tmp_path, server):
    room, counts = run(tmp_path, server, "/none/{key}")
    assert counts == {("read", "status-404"): 120}
    assert not [one for one in room.records if isinstance(one, CacheSecond)]


@pytest.mark.prove
def test_a_stated_rule_and_several_workers(tmp_path, server):
    _, counts = run(tmp_path, server, "/silent/{key}", hit="X-Cache: HIT")
    assert counts == {("read miss", "ok"): 120}


def test_targets():
    assert all(map(is_endpoint, ("/a/{key}", "http://h/{key}", "https://h/{key}")))
    assert not any(map(is_endpoint, ("a:b", "shop.cache:cache.inner")))
    assert path_in("http://127.0.0.1:80/a/{key}?b=1") == "/a/{key}?b=1"
    assert (origin_of("http://127.0.0.1:80/a/{key}"), origin_of("/a/{key}")) == ("http://127.0.0.1:80", None)


@pytest.mark.prove
def test_crowds_and_changes_come_before_the_load_and_updates_with_it(tmp_path, serve):
    def asked(**kind):
        port = serve(**kind).address[1]
        url = f"http://127.0.0.1:{port}"
        cache = CacheSpec(
            target=url + "/users/{key}", keys=60, prefill=False, probe=True, callers=6, cold_keys=1,
            counter="/stats#loads", update="PUT /users/{key} name={stamp}", delete="DELETE /users/{key}",
            mix={"read": 0.7, "update": 0.3}, distribution="uniform",
        )  # fmt: skip
        spec = LoadSpec(
            name="c", driver="cache-http", url=url, shape={"kind": "constant", "rate": 100, "duration": 0.8},
            connections=4, calibrate=False, cache=cache,
        )  # fmt: skip
        room = FakeRoom(spec, tmp_path, root=tmp_path)
        try:
            LoadTrial(DRIVERS, SHAPES).run(room)
        finally:
            room.close()
        return room.records

    records = asked()
    assert [(one.loads, one.by) for one in records if isinstance(one, Stampede)] == [(1, "counter")]
    probes = {one.how: one for one in records if isinstance(one, StaleProbe)}
    assert {how: (one.stale, one.why) for how, one in probes.items()} == {"deleted": (0, ""), "updated": (0, "")}
    slices = [(one.operation, one.outcome) for one in records if isinstance(one, LoadSlice)]
    assert {("update", "ok"), ("read miss", "ok")} <= set(slices)
    assert {outcome for _, outcome in slices} == {"ok"}  # nobody asks for what was deleted
    records = asked(forgets=True)
    probes = {one.how: one for one in records if isinstance(one, StaleProbe)}
    assert min(one.stale for one in probes.values()) > 0
    slices = [(one.operation, one.outcome) for one in records if isinstance(one, LoadSlice)]
    assert ("read", "raised-StaleRead") in slices
