from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from brinell.load.cache.door import Door
from brinell.load.cache.variants import MOST_KEYS, Variants
from brinell.load.cache.verdicts import usual


def language(headers, _):
    return "fr" if headers.get("Accept-Language", "").startswith("fr") else "en"


def by_key(_, key):
    return "fr" if key % 3 else "en"  # which no five keys of ten are


def constant(*_):
    return "en"


@pytest.fixture
def endpoint():
    """A cache in front of what tells languages and encodings apart. ``heeds``: the headers that are in its key."""
    servers = []

    def begin(*, heeds=(), vary="Accept-Encoding, Accept-Language", speaks=language, says=True, gone=False):
        held = {}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                entry = (self.path, *(self.headers.get(name, "") for name in heeds))
                hit = entry in held
                held.setdefault(entry, self.made())
                self.send_response(404 if gone else 200)
                body, told = held[entry]
                told = {**told, "Content-Length": len(body), **({"X-Cache": "HIT" if hit else "MISS"} if says else {})}
                for name, value in told.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def made(self):
                tongue = speaks(self.headers, int(self.path.rpartition("/")[2]))
                told = {"Content-Language": tongue, **({"Vary": vary} if vary else {})}
                body = f"{self.path} in {tongue}".encode()
                if "gzip" in self.headers.get("Accept-Encoding", ""):
                    return gzip.compress(body), {**told, "Content-Encoding": "gzip"}
                return body, told

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


def tried(door, keys=MOST_KEYS, headers=""):
    def request_of(number):
        return f"GET /{number} HTTP/1.1\r\nHost: shop\r\n{headers}\r\n".encode()

    return Variants(door, request_of, usual, iter(range(keys))).tried()


def test_a_cache_that_does_not_heed_vary_is_found(endpoint):
    found = tried(endpoint())
    assert (found.what, found.tried, found.wrong, found.why) == ("vary", 20, 20, "")
    assert "asked with Accept-Language: " in found.example
    found = tried(endpoint(heeds=("Accept-Language",)))  # and knows one of the two
    assert (found.tried, found.wrong) == (20, 10)


def test_one_that_does_is_sound(endpoint):
    found = tried(endpoint(heeds=("Accept-Encoding", "Accept-Language")), headers="accept-language: de\r\n")
    assert (found.tried, found.wrong, found.why, found.example) == (20, 0, "", "")


@pytest.mark.parametrize("speaks", [by_key, constant])
def test_what_the_endpoint_does_not_tell_apart_accuses_nobody(endpoint, speaks):
    found = tried(endpoint(vary="Accept-Language", speaks=speaks))
    assert found.wrong == 0


@pytest.mark.parametrize(("kind", "why"), [({"says": False}, "no two values"), ({"gone": True}, "no two values")])
def test_where_nothing_can_be_said_it_is_told(endpoint, kind, why):
    found = tried(endpoint(**kind))
    assert (found.tried, found.wrong) == (0, 0)
    assert why in found.why


def test_without_vary_there_is_nothing_to_try(endpoint):
    assert tried(endpoint(vary="")) is None
    assert tried(endpoint(vary="*")) is None
    assert tried(endpoint(vary="X-Tenant")) is None


def test_too_few_keys_are_told(endpoint):
    assert "too few keys" in tried(endpoint(), keys=4).why
