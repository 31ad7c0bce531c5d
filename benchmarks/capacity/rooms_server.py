"""A WebSocket server whose capacity is what it says: each message or delivery takes its turn, so many a second.

``/echo``: every message comes back. Any other path is a room: every message goes to all of its members. What is sent
takes the place that is free first (``slots_server.Places``); when it goes out follows from that alone and not from how
busy this process is, so the capacity is exactly ``--per-second`` messages or deliveries. ``--most`` connections are
accepted at once, the next ones are refused with 503. With ``--queue-ms`` what would wait for longer is lost, so that
reach is what breaks: at ``--per-second`` / reach. Prints its port.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
from http import HTTPStatus

from slots_server import Places
from websockets.asyncio.server import Request, Response, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed


class Rooms:
    """Who is where, and whose turn it is when."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._places = Places(1, 1 / given.per_second, exponential=False, seed=given.seed)
        self._most = given.most
        self._longest_s = given.queue_ms / 1e3
        self._order = random.Random(given.seed)  # noqa: S311 - an order, no secret
        self._rooms: dict[str, set[ServerConnection]] = {}
        self._open = 0
        self._loop = asyncio.get_running_loop()

    def look(self, connection: ServerConnection, _request: Request) -> Response | None:
        """Refuse whoever is too many."""
        if self._most and self._open >= self._most:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "full\n")
        self._open += 1
        return None

    async def talk(self, connection: ServerConnection) -> None:
        """Serve one connection to its end."""
        path = connection.request.path if connection.request else "/"
        members = {connection} if path == "/echo" else self._rooms.setdefault(path, set())
        members.add(connection)
        try:
            with contextlib.suppress(ConnectionClosed):
                async for message in connection:
                    self._send([*members], message)
        finally:
            members.discard(connection)
            self._open -= 1

    def _send(self, members: list[ServerConnection], message: str | bytes) -> None:
        """Let each take its turn; the order among the members is drawn, so that none is always the last."""
        now = self._loop.time()
        self._order.shuffle(members)
        for member in members:
            if not self._longest_s or self._places.wait(now) <= self._longest_s:
                self._loop.call_at(self._places.done_at(now), broadcast, [member], message)


async def run(given: argparse.Namespace) -> None:
    rooms = Rooms(given)
    async with serve(
        rooms.talk,
        "127.0.0.1",
        given.port,
        process_request=rooms.look,
        compression=None,
        ping_interval=None,
        backlog=4096,
    ) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--per-second", type=float, default=2000.0)
    options.add_argument("--most", type=int, default=0, help="connections; 0: as many as come")
    options.add_argument("--queue-ms", type=float, default=0.0, help="0: everything waits for its turn")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--port", type=int, default=0)
    asyncio.run(run(options.parse_args()))


if __name__ == "__main__":
    main()
