"""The WebSocket side of the hub: one connection from handshake to close.

Pings are the server's: uvicorn sends one every 20 s (`--ws-ping-interval`) and drops who doesn't answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from noticeboard.api.problems import as_response
from noticeboard.errors import Problem
from noticeboard.hub.rooms import GOING_AWAY, POLICY_VIOLATION, TOO_BIG, TRY_AGAIN_LATER, Farewell, Hub, Member

if TYPE_CHECKING:
    from noticeboard.metrics import Metrics

_ROOM_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FAREWELL_TIMEOUT_S = 1.0  # a peer that doesn't read can't be told why it is let go


class RoomEndpoint:
    """`WS /rooms/{room}`."""

    def __init__(self, hub: Hub, metrics: Metrics, max_message_bytes: int) -> None:
        self._hub = hub
        self._refused = metrics.websocket_refused
        self._delivered = metrics.room_messages.labels("delivered")
        self._dropped = metrics.room_messages.labels("dropped")
        self._max_message_bytes = max_message_bytes

    async def serve(self, websocket: WebSocket) -> None:
        """Join the room, and relay until either side leaves."""
        room = websocket.path_params["room"]
        try:
            member = self._hub.join(_checked(room))
        except Problem as problem:
            self._refused.labels(problem.kind).inc()
            await _refuse(websocket, problem)
            return
        try:
            await websocket.accept()
            await self._relay(websocket, member)
        except WebSocketDisconnect:
            pass
        finally:
            self._hub.leave(member)

    async def _relay(self, websocket: WebSocket, member: Member) -> None:
        hear = asyncio.create_task(self._hear(websocket, member))
        speak = asyncio.create_task(_speak(websocket, member))
        waits: set[asyncio.Future[Any]] = {hear, speak, member.farewell}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (hear, speak):
                task.cancel()
            await asyncio.gather(hear, speak, return_exceptions=True)
        if member.farewell.done():
            with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):  # the peer may be gone already
                async with asyncio.timeout(_FAREWELL_TIMEOUT_S):
                    await _bid_farewell(websocket, member, member.farewell.result())

    async def _hear(self, websocket: WebSocket, member: Member) -> None:
        """Publish what the client sends until it goes, or sends what it must not."""
        while (message := await websocket.receive())["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                member.dismiss(POLICY_VIOLATION, "this room speaks text")
                return
            if len(text.encode()) > self._max_message_bytes:
                member.dismiss(TOO_BIG, f"messages have at most {self._max_message_bytes} bytes")
                return
            reached, slow = self._hub.publish(member.room, text)
            self._delivered.inc(reached)
            self._dropped.inc(slow)
            # A burst arrives without a pause between its messages; without this one nobody could send meanwhile, and
            # members that keep up would look slow.
            await asyncio.sleep(0)


def _checked(room: str) -> str:
    if not _ROOM_NAME.fullmatch(room):
        raise Problem("not-found", "a room has 1 to 64 letters, digits, dots, dashes or underscores")
    return room


async def _speak(websocket: WebSocket, member: Member) -> None:
    """Send the client what it is to hear; stands still while the client doesn't read."""
    while True:
        await websocket.send_text(await member.outbox.get())


async def _bid_farewell(websocket: WebSocket, member: Member, farewell: Farewell) -> None:
    if farewell.code == GOING_AWAY:  # it has done nothing wrong, so it gets what was published before
        for text in member.unsent():
            await websocket.send_text(text)
    await websocket.close(*farewell)


async def _refuse(websocket: WebSocket, problem: Problem) -> None:
    """Answer the handshake with HTTP; where the server can't, accept and close with the matching code."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(as_response(problem))
        return
    await websocket.accept()
    await websocket.close(TRY_AGAIN_LATER if problem.status == 503 else POLICY_VIOLATION, problem.title)
