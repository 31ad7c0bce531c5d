"""The same in aiohttp, as its documentation begins: nobody closes WebSockets at the end. ``aiohttp_app.py PORT``."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

ORDERS: dict[str, int] = {}


async def root(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def big(_: web.Request) -> web.Response:
    return web.Response(body=b"x" * 200_000)


async def orders(request: web.Request) -> web.Response:
    key = (await request.json())["key"]
    found = ORDERS.get(key)
    await asyncio.sleep(0.002)
    ORDERS.setdefault(key, len(ORDERS) + 1)
    return web.json_response({"id": ORDERS[key]}, status=200 if found else 201)


async def socket(request: web.Request) -> web.WebSocketResponse:
    answer = web.WebSocketResponse()
    await answer.prepare(request)
    async for _ in answer:
        pass
    return answer


if __name__ == "__main__":
    app = web.Application()
    app.add_routes([web.get("/", root), web.get("/big", big), web.post("/orders", orders), web.get("/ws", socket)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
