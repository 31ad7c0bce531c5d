"""Redis and memcached under a workload: real servers where they are installed, real workers, a room in memory."""

from __future__ import annotations

import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections import Counter
from typing import ClassVar

import pytest

from brinell.core.cache_records import CacheHeld, CachePrepared, CacheSecond
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import LoadSlice
from brinell.core.observation import Vitals
from brinell.core.plan import CacheSpec, LoadSpec
from brinell.load.cache.address import is_store, scheme_of
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES
from brinell.subject.sockets import listening_pids


def command(scheme, port, folder):
    if scheme == "redis":
        argv = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        return [*argv, "--dir", str(folder), "--maxmemory", "200mb"]
    return ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "64", "-u", "nobody"]


@pytest.fixture(params=["redis", "memcached"])
def store(request, tmp_path, spare_port):
    name = "redis-server" if request.param == "redis" else "memcached"
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    port = spare_port()
    server = subprocess.Popen(command(request.param, port, tmp_path), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while listening_pids("127.0.0.1", port)[0] != [server.pid]:
        assert server.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    yield f"{request.param}://127.0.0.1:{port}"
    server.terminate()
    server.wait()


def run(tmp_path, store, **fields):
    fields = {"workload": "ycsb-b", "keys": 300, "capacity": 300, "probe": False} | fields
    workers = fields.pop("workers", 1)
    spec = LoadSpec(
        name="c", driver=f"cache-{scheme_of(store)}", url=store, connections=4, workers=workers, calibrate=False,
        shape={"kind": "constant", "rate": 300, "duration": 0.8}, cache=CacheSpec(target=store, **fields),
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


def of(room, kind):
    return [record for record in room.records if isinstance(record, kind)]


class Little(socketserver.StreamRequestHandler):
    """As much of Redis as is asked for here."""

    held: ClassVar[dict[bytes, bytes]] = {}

    def handle(self):
        while line := self.rfile.readline():
            words = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
            if words[0] == b"GET":
                found = self.held.get(words[1])
                said = b"$-1\r\n" if found is None else b"$%d\r\n%b\r\n" % (len(found), found)
            else:
                self.held[words[1]] = words[2]
                said = b"-OOM no room, password=hunter2hunter2\r\n" if words[1].endswith(b"7") else b"+OK\r\n"
            self.wfile.write(said)


@pytest.fixture
def little():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Little, bind_and_activate=False) as server:
        server.daemon_threads = server.allow_reuse_address = True
        server.server_bind()
        server.server_activate()
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_what_a_store_answers_and_refuses(tmp_path, little):
    room, counts = run(tmp_path, little, prefill=False, keys=100)
    assert counts["read hit", "ok"] > 20
    assert counts["read miss", "ok"] == counts["load", "ok"] + counts["load", "raised-OOM"]
    assert counts["load", "raised-OOM"] > 0
    assert sum(one.hits for one in of(room, CacheSecond)) == counts["read hit", "ok"]
    assert "hunter2" not in str(room.records)


@pytest.mark.prove
def test_a_store_is_filled_and_asked(tmp_path, store):
    room, counts = run(tmp_path, store)
    (prepared,) = of(room, CachePrepared)
    assert (prepared.wanted, prepared.filled, prepared.why) == (300, 300, "")
    assert prepared.mode.lower() == scheme_of(store)
    assert set(counts) == {("read hit", "ok"), ("update", "ok")}
    assert sum(counts.values()) == 240
    assert sum(one.hits for one in of(room, CacheSecond)) == counts["read hit", "ok"]
    assert of(room, Vitals)


@pytest.mark.prove
def test_misses_are_loaded_by_two_workers(tmp_path, store):
    room, counts = run(tmp_path, store, prefill=False, workers=2, loader_s=0.001)
    assert counts["read miss", "ok"] == counts["load", "ok"] > 20
    assert counts["read hit", "ok"] > 20
    assert {outcome for _, outcome in counts} == {"ok"}
    assert sum(one.loads for one in of(room, CacheSecond)) == counts["load", "ok"]


@pytest.mark.prove
def test_other_operations(tmp_path, store):
    mix = {"read": 1, "scan": 1, "read-modify-write": 1, "delete": 1, "insert": 1}
    _, counts = run(tmp_path, store, mix=mix, scanned=5, value_bytes=(10, 5000), set_options={"ttl": 60})
    assert {name for name, _ in counts} >= {"scan", "read-modify-write", "delete", "insert", "update", "read hit"}
    assert {outcome for _, outcome in counts} == {"ok"}


@pytest.mark.prove
def test_a_store_says_how_full_it_is_and_what_it_evicted(tmp_path, store):
    """Twelve times as much as fits: Redis may hold 8 MB, memcached 64."""
    size, keys = ((1000, 20_000), (9000, 20_000))[store.startswith("memcached")]
    if store.startswith("redis"):
        port = int(store.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"CONFIG SET maxmemory 8mb maxmemory-policy allkeys-lru\r\n")
            assert sock.recv(100).startswith(b"+OK")
    room, counts = run(tmp_path, store, keys=keys, capacity=None, value_bytes=(size, size))
    held = of(room, CacheHeld)
    assert held
    assert all(0 < one.entries < keys for one in held)
    assert held[0].evicted == 0
    assert counts["read miss", "ok"] > 0
    (prepared,) = of(room, CachePrepared)
    assert prepared.filled == keys


@pytest.mark.prove
def test_what_speaks_another_protocol_is_told(tmp_path, store):
    other = "memcached" if store.startswith("redis") else "redis"
    _, counts = run(tmp_path, store.replace(scheme_of(store), other), prefill=False)
    assert not [outcome for _, outcome in counts if outcome == "ok"]


def test_targets():
    assert is_store("redis://127.0.0.1")
    assert is_store("memcached://h:1")
    assert not is_store("http://h/{key}")
    assert (scheme_of("redis://h"), scheme_of("shop:cache")) == ("redis", "")
