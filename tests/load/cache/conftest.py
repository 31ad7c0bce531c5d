"""A service whose answers are cached, as one of several kinds."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from brinell.load.cache.door import Door


class Shop:
    """``once``: one load for one key. ``each``: loads for each request counted. ``noisy``: no two answers are alike.

    ``tags``: ETags of a key's number alone. ``lumps``: one entry for all keys. ``guarded``: who does not say who it is
    is refused, but where something is cached: for everybody (``shared``), or for who asked. ``keeps``: errors as well.
    """

    def __init__(
        self,
        *,
        once=True,
        each=1,
        noisy=False,
        forgets=False,
        says=True,
        ticks=False,
        tags=False,
        lumps=False,
        guarded="",
        keeps=False,
    ):
        self.tags, self.lumps, self.guarded, self.keeps = tags, lumps, guarded, keeps
        self.once, self.each, self.noisy, self.forgets, self.says, self.ticks = once, each, noisy, forgets, says, ticks
        self.held, self.names, self.loads, self.lock = {}, {}, 0, threading.Lock()
        self.numbers, self.gone, self.begun = itertools.count(), set(), Counter()

    def load(self, key):
        with self.lock:
            self.loads += self.each
            self.begun[key] += 1
        until = time.monotonic() + (0.02 if self.once else 0.5)
        while time.monotonic() < until and (self.once or self.begun[key] < 2):  # a crowd is one, however late it comes
            time.sleep(0.005)
        time.sleep(0.0 if self.once else 0.02)
        return {"name": self.names.get(key, "Ada"), "made": next(self.numbers)}

    def get(self, key):
        if key in self.held:
            return self.held[key], True
        if not self.once:
            found = self.held[key] = self.load(key)
            return found, False
        with self.lock:
            lock = self.names.setdefault(f"lock of {key}", threading.Lock())
        with lock:
            is_hit = key in self.held
            self.held[key] = self.held[key] if is_hit else self.load(key)
            return self.held[key], is_hit

    def answer(self, key, headers):
        if key == "913" or (key in self.gone and key not in self.held):
            with self.lock:
                is_kept = self.keeps and ("error", key) in self.held
                self.held["error", key] = 1
            return {}, {"X-Cache": "HIT" if is_kept else "MISS"}, 500
        entry = "all" if self.lumps else key
        entry = f"{entry} of {headers['Authorization']}" if self.guarded == "apart" else entry
        if self.guarded and "Authorization" not in headers and entry not in self.held:
            return {}, {}, 401
        found, is_hit = self.get(entry)
        said = {"X-Cache": "HIT" if is_hit else "MISS"} if self.says else {}
        said["ETag"] = f'"{key}"' if self.tags else f'"{found["made"]}"'
        if headers["If-None-Match"] == said["ETag"]:
            return {}, said, 304
        return {**found, "now": next(self.numbers) if self.noisy else 0}, said, 200

    def delete(self, key):
        if not self.forgets:
            self.held.pop(key, None)
        self.gone.add(key)

    def put(self, key, name):
        self.names[key] = name
        if not self.forgets:
            self.held.pop(key, None)


@pytest.fixture
def serve():
    servers = []

    def begin(**kind):
        shop = Shop(**kind)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                key = self.path.rpartition("/")[2]
                if key == "stats":
                    shop.loads += shop.ticks
                    self.answer({"loads": shop.loads})
                else:
                    self.answer(*shop.answer(key, self.headers))

            def do_PUT(self):
                shop.put(self.path.rpartition("/")[2], self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.answer({})

            def do_DELETE(self):
                if self.path.startswith("/users/"):
                    shop.delete(self.path.rpartition("/")[2])
                else:
                    shop.held.clear()
                self.answer({})

            def answer(self, content, headers=None, status=200):
                body = json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **(headers or {})}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(b"" if status == 304 else body)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return Door(("127.0.0.1", server.server_port))

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()
