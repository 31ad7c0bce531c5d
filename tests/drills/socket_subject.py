"""WebSockets with a number of places: ``socket_subject.py PORT [DEFECT] [--places N] [--path PATH] [--token TOKEN]``.

Limits: refuses (503 once all places are taken), closes (lets in and closes with 1013). Elsewhere than at ``--path`` it
is 404, and without the token 401. Defects: forgets (a place is given back only by a close frame; cut connections keep
theirs), queues (one handshake at a time, each 50 ms), drops (a connection that came after the first ``--places`` is
closed again at once), cuts (at SIGTERM it is gone, and no connection is told), hoards (what it has for a connection it
keeps for good; twin: holds).

A storm is shed: paced (503 above ``--places`` handshakes a second), sheds (lets them in and closes with ``--code``).
"""

from __future__ import annotations

import argparse
import asyncio
import http
import signal
import time

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK
from websockets.http11 import Request, Response

SESSION_BYTES = 2_000_000


class Rooms:
    def __init__(self, given: argparse.Namespace) -> None:
        self.defect = given.defect
        self.places = given.places
        self.path = given.path
        self.token = given.token
        self.code = given.code
        self.came: list[float] = []  # who was let in within the last second
        self.taken = self.seen = 0
        self.door = asyncio.Lock()
        self.sessions: dict[int, bytearray] = {}

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
        if self.defect == "paced" and self.crowded():
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "later\n")
        return None

    def crowded(self) -> bool:
        now = time.monotonic()
        self.came = [at for at in self.came if at > now - 1.0]
        if len(self.came) < self.places:
            self.came.append(now)
            return False
        return True

    def let_go(self, number: int) -> None:
        if self.defect == "holds":
            del self.sessions[number]

    async def stay(self, connection: ServerConnection) -> None:
        if self.defect == "closes" and self.taken >= self.places:
            await connection.close(1013, "full")
            return
        if self.defect == "sheds" and self.crowded():
            await connection.close(self.code, "later")
            return
        self.taken += 1
        self.seen += 1
        if self.defect == "drops" and self.seen > self.places:
            return
        mine = self.seen
        if self.defect in {"hoards", "holds"}:
            self.sessions[mine] = bytearray(b"x" * SESSION_BYTES)
            connection.connection_lost_waiter.add_done_callback(lambda _: self.let_go(mine))
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
    parser.add_argument("--code", type=int, default=1013)
    given = parser.parse_args()
    rooms = Rooms(given)
    asked = asyncio.Event()
    if given.defect != "cuts":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    async with serve(rooms.stay, "127.0.0.1", given.port, process_request=rooms.enter, compression=None):
        await asked.wait()


if __name__ == "__main__":
    asyncio.run(main())
