"""A service whose answers are cached, as one of several kinds: python service.py PORT KIND [silent].

``GET /users/N`` gives a user, ``PUT /users/N`` renames one, ``DELETE /users/N`` removes one, ``GET /metrics`` counts loads. ``silent``: nothing says
whether an answer was cached.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOAD_S = 0.03


class Users:
    """Sound: one load for one user, and a change throws away what is cached, and what is being loaded."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.held: dict[str, dict] = {}
        self.locks: dict[str, threading.Lock] = {}
        self.changes: dict[str, int] = {}
        self.loads = 0
        self.lock = threading.Lock()
        self.gone: set[str] = set()

    def load(self, key: str) -> dict:
        with self.lock:
            self.loads += 1
        name = self.names.get(key, "nobody")
        time.sleep(LOAD_S)
        return {"id": key, "name": name, "made": uuid.uuid4().hex}

    def get(self, key: str) -> tuple[dict, bool]:
        if key in self.held:
            return self.held[key], True
        with self.lock:
            lock = self.locks.setdefault(key, threading.Lock())
        with lock:
            while True:
                if key in self.held:
                    return self.held[key], True
                seen = self.changes.get(key, 0)
                found = self.load(key)
                with self.lock:
                    if self.changes.get(key, 0) == seen:
                        self.held[key] = found
                        return found, False

    def remove(self, key: str) -> None:
        self.rename(key, "")
        self.gone.add(key)

    def rename(self, key: str, name: str) -> None:
        with self.lock:
            self.names[key] = name
            self.changes[key] = self.changes.get(key, 0) + 1
            self.held.pop(key, None)


class EveryoneLoads(Users):
    def get(self, key: str) -> tuple[dict, bool]:
        if key in self.held:
            return self.held[key], True
        found = self.held[key] = self.load(key)
        return found, False


class ForgetsTheCache(Users):
    """A change is written, and the cache is not told."""

    def rename(self, key: str, name: str) -> None:
        self.names[key] = name


class TellsItLater(Users):
    """The cache is told half a second after the change was answered."""

    def rename(self, key: str, name: str) -> None:
        self.names[key] = name
        threading.Timer(0.5, super().rename, [key, name]).start()


class NeverCaches(Users):
    def get(self, key: str) -> tuple[dict, bool]:
        return self.load(key), False


KINDS = {
    "sound": Users, "everyone-loads": EveryoneLoads, "forgets": ForgetsTheCache, "later": TellsItLater,
    "never": NeverCaches,
}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    users: Users
    silent = False

    def do_GET(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        if path == "/metrics":
            self.answer(f"# TYPE loads_total counter\nloads_total {self.users.loads}\n".encode())
            return
        key = path.rpartition("/")[2]
        if key in self.users.gone and key not in self.users.held:
            self.answer(b"{}", status=404)
            return
        found, is_hit = self.users.get(key)
        headers = {} if self.silent else {"X-Cache": "HIT" if is_hit else "MISS"}
        self.answer(json.dumps(found).encode(), headers)

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.users.rename(self.path.rpartition("/")[2], body["name"])
        self.answer(b"{}")

    def do_DELETE(self) -> None:
        self.users.remove(self.path.rpartition("/")[2])
        self.answer(b"{}")

    def answer(self, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


if __name__ == "__main__":
    Handler.users, Handler.silent = KINDS[sys.argv[2]](), "silent" in sys.argv[3:]
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever(0.05)
