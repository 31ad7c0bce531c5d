"""A service whose answers are cached, as one of several kinds."""

from __future__ import annotations

import itertools
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from brinell.load.cache.door import Door


class Shop:
    """``once``: one load for one key. ``each``: loads for each request counted. ``noisy``: no two answers are alike."""

    def __init__(self, *, once=True, each=1, noisy=False, forgets=False, says=True, ticks=False):
        self.once, self.each, self.noisy, self.forgets, self.says, self.ticks = once, each, noisy, forgets, says, ticks
        self.held, self.names, self.loads, self.lock = {}, {}, 0, threading.Lock()
        self.numbers, self.gone = itertools.count(), set()

    def load(self, key):
        with self.lock:
            self.loads += self.each
        time.sleep(0.02)
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
                elif key == "913" or (key in shop.gone and key not in shop.held):
                    self.answer({}, status=500)
                else:
                    found, is_hit = shop.get(key)
                    said = {"X-Cache": "HIT" if is_hit else "MISS"} if shop.says else {}
                    self.answer({**found, "now": next(shop.numbers) if shop.noisy else 0}, said)

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
                self.wfile.write(body)

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
