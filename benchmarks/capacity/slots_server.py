"""A server whose capacity is what it says: places that are busy for so long with a request, first come first served.

A request that comes takes the place that is free first; when it is done follows from that alone and not from how busy
this process is, so the capacity is exactly places / service (a token bucket is one place and a service of 1 / rate).
The answer is written when its moment has come. ``--exponential`` draws services with that mean. Prints its port.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"


class Places:
    """When each place is free again."""

    def __init__(self, number: int, service_s: float, *, exponential: bool, seed: int) -> None:
        self._free = [0.0] * number
        self._service_s = service_s
        self._draw = random.Random(seed).expovariate if exponential else None  # noqa: S311 - service times, no secret

    def wait(self, now: float) -> float:
        """Return for how long whoever comes now would wait for a place."""
        return max(0.0, self._free[0] - now)

    def done_at(self, now: float) -> float:
        """Take the place that is free first; return when its service ends."""
        service = self._service_s * (self._draw(1.0) if self._draw else 1.0)
        until = max(now, self._free[0]) + service
        heapq.heapreplace(self._free, until)
        return until


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport  # type: ignore[assignment]  # of a stream

    def data_received(self, data: bytes) -> None:
        """Take a request: its head is all there is of it."""
        if data.endswith(b"\r\n\r\n"):
            self._loop.call_at(self._places.done_at(self._loop.time()), self._answer)

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(ANSWER)


async def serve(given: argparse.Namespace) -> None:
    places = Places(given.places, given.service_ms / 1e3, exponential=given.exponential, seed=given.seed)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(places), "127.0.0.1", given.port, backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--places", type=int, default=1)
    options.add_argument("--service-ms", type=float, default=2.0)
    options.add_argument("--exponential", action="store_true")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--port", type=int, default=0)
    asyncio.run(serve(options.parse_args()))


if __name__ == "__main__":
    main()
