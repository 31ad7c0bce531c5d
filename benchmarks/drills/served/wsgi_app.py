"""What every WSGI server serves: / (at once), /big (200 kB), POST /orders (gets or creates, in a race)."""

from __future__ import annotations

import json
import time
from typing import Any

ORDERS: dict[str, int] = {}


def app(environ: dict[str, Any], start: Any) -> list[bytes]:
    status, body = answer(environ)
    start(status, [("Content-Length", str(len(body))), ("Content-Type", "text/plain")])
    return [body]


def answer(environ: dict[str, Any]) -> tuple[str, bytes]:
    path = environ["PATH_INFO"]
    if path == "/big":
        return "200 OK", b"x" * 200_000
    if path != "/orders":
        return ("200 OK" if path == "/" else "404 Not Found"), b"ok"
    key = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))["key"]
    found = ORDERS.get(key)
    time.sleep(0.002)
    ORDERS.setdefault(key, len(ORDERS) + 1)
    return ("200 OK" if found else "201 Created"), json.dumps({"id": ORDERS[key]}).encode()
