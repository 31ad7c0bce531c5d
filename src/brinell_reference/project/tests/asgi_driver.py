"""Talks to an ASGI application in this process: its lifespan, and one WebSocket as a client sees it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import httpx

from noticeboard.app import create_app


@asynccontextmanager
async def running(settings):
    """Start an application, and stop it as a server would."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def talking(settings):
    """Start an application and give a client for it; `client.app` is the application."""
    async with running(settings) as app:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://noticeboard.test") as client:
            client.app = app
            client.parts = app.state.parts
            yield client


class RoomClient:
    """A WebSocket client. `reads_ahead` is how many messages fit on the way to it while it doesn't listen."""

    def __init__(self, app, room, *, reads_ahead=0, denial=True):
        self._app = app
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "path": f"/rooms/{room}",
            "raw_path": f"/rooms/{room}".encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}} if denial else {},
            "state": {},
        }
        self._said = asyncio.Queue()
        self._heard = asyncio.Queue(reads_ahead)

    async def __aenter__(self):
        self._said.put_nowait({"type": "websocket.connect"})
        self.served = asyncio.create_task(self._app(self._scope, self._said.get, self._heard.put))
        self.handshake = await self._heard.get()
        return self

    async def __aexit__(self, *_):
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1000})
        self._heard = None
        self.served.cancel()
        await asyncio.gather(self.served, return_exceptions=True)

    def say(self, text):
        self._said.put_nowait({"type": "websocket.receive", "text": text})

    def say_bytes(self, data):
        self._said.put_nowait({"type": "websocket.receive", "bytes": data})

    def hang_up(self):
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def event(self):
        return await self._heard.get()

    async def hear(self):
        event = await self._heard.get()
        assert event["type"] == "websocket.send", event
        return event["text"]
