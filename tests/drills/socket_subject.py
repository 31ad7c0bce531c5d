"""WebSockets with a number of places: ``socket_subject.py PORT [DEFECT] [--places N] [--path PATH] [--token TOKEN]``.

Limits: refuses (503 once all places are taken), closes (lets in and closes with 1013). Elsewhere than at ``--path`` it
is 404, and without the token 401. Defects: forgets (a place is given back only by a close frame; cut connections keep
theirs), queues (one handshake at a time, each 50 ms), drops (a connection that came after the first ``--places`` is
closed again at once), cuts (at SIGTERM it is gone, and no connection is told).
"""

from __future__ import annotations

import argparse
import asyncio
import http
import signal

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK
from websockets.http11 import Request, Response


class Rooms:
    def __init__(self, defect: str, places: int, path: str, token: str) -> None:
        self.defect = defect
        self.places = places
        self.path = path
        self.token = token
        self.taken = self.seen = 0
        self.door = asyncio.Lock()

    async def enter(self, connection: ServerConnection, request: Request) -> Response | None:
        if "upgrade" not in request.headers.get("Connection", "").lower():
            return connection.respond(http.HTTPStatus.OK, "ready\n")
        if self.path and request.path != self.path:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "nothing here\n")
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "who are you\n")
        if self.defect == "queues":
            async with self.door:
                await asyncio.sleep(0.05)
        if self.defect in {"forgets", "refuses"} and self.taken >= self.places:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "full\n")
        return None

    async def stay(self, connection: ServerConnection) -> None:
        if self.defect == "closes" and self.taken >= self.places:
            await connection.close(1013, "full")
            return
        self.taken += 1
        self.seen += 1
        if self.defect == "drops" and self.seen > self.places:
            return
        try:
            await connection.wait_closed()
            await connection.recv()
        except ConnectionClosedOK:
            self.taken -= 1
        except ConnectionClosed:
            self.taken -= self.defect != "forgets"


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("defect", nargs="?", default="healthy")
    parser.add_argument("--places", type=int, default=100)
    parser.add_argument("--path", default="")
    parser.add_argument("--token", default="")
    given = parser.parse_args()
    rooms = Rooms(given.defect, given.places, given.path, given.token)
    asked = asyncio.Event()
    if given.defect != "cuts":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    async with serve(rooms.stay, "127.0.0.1", given.port, process_request=rooms.enter, compression=None):
        await asked.wait()


if __name__ == "__main__":
    asyncio.run(main())
