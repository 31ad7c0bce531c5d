"""What every ASGI server serves: / (at once), /big (200 kB), POST /orders (gets or creates), WebSockets at /ws."""

from __future__ import annotations

import asyncio
import json
from typing import Any

ORDERS: dict[str, int] = {}


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        kind = ""
        while kind != "lifespan.shutdown":
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
    else:
        status, body = await answer(scope, receive)
        head = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body})


async def answer(scope: dict[str, Any], receive: Any) -> tuple[int, bytes]:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["path"] == "/big":
        return 200, b"x" * 200_000
    if scope["path"] != "/orders":
        return (200 if scope["path"] == "/" else 404), b"ok"
    key = json.loads(body)["key"]
    found = ORDERS.get(key)
    await asyncio.sleep(0.002)
    ORDERS.setdefault(key, len(ORDERS) + 1)
    return (200 if found else 201), json.dumps({"id": ORDERS[key]}).encode()
