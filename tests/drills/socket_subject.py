"""WebSockets with a number of places: ``socket_subject.py PORT [DEFECT] [--places N]``.

Defects: forgets (a place is given back only by a close frame; cut connections keep theirs), queues (one handshake at a
time, each 50 ms), drops (a connection that came after the first ``--places`` is closed again at once), cuts (at SIGTERM
it is gone, and no connection is told).
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
    def __init__(self, defect: str, places: int) -> None:
        self.defect = defect
        self.places = places
        self.taken = self.seen = 0
        self.door = asyncio.Lock()

    async def enter(self, connection: ServerConnection, request: Request) -> Response | None:
        if "upgrade" not in request.headers.get("Connection", "").lower():
            return connection.respond(http.HTTPStatus.OK, "ready\n")
        if self.defect == "queues":
            async with self.door:
                await asyncio.sleep(0.05)
        if self.defect == "forgets" and self.taken >= self.places:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "full\n")
        return None

    async def stay(self, connection: ServerConnection) -> None:
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
    given = parser.parse_args()
    rooms = Rooms(given.defect, given.places)
    asked = asyncio.Event()
    if given.defect != "cuts":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    async with serve(rooms.stay, "127.0.0.1", given.port, process_request=rooms.enter, compression=None):
        await asked.wait()


if __name__ == "__main__":
    asyncio.run(main())
