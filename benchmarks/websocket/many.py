"""Ten thousand connections, and two thousand receivers in one room: are all reached, how soon, and what does it cost?

Against ``fast_server.py``, which needs most of one core for the broadcast itself; two cores are enough for both.

    python benchmarks/websocket/many.py [--connections 10000] [--receivers 2000] [--rate 10] [--seconds 20]
                                        [--workers 1] [--rounds 3]
"""

from __future__ import annotations

import argparse

from measured import Ours, fast_server, ours, steadily

from brinell.core.plan import WebSocketSpec

CONNECT_RATE = 2000.0
HEAD = (
    "",
    "opened",
    "reach",
    "lost",
    "p50 ms",
    "p99 ms",
    "max ms",
    "skew p99",
    "connect p95",
    "busiest",
    "CPU us each",
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--connections", type=int, default=10_000)
    options.add_argument("--receivers", type=int, default=2000)
    options.add_argument("--rate", type=float, default=10.0, help="messages a second that are published")
    options.add_argument("--seconds", type=float, default=20.0)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    print("".join(f"{name:>13}" if name else f"{'':28}" for name in HEAD))
    for _ in range(given.rounds):
        with fast_server() as url:
            does = WebSocketSpec(connect_rate=CONNECT_RATE)
            done = ours(
                url, "/echo", steadily(1000, given.seconds), does, connections=given.connections, workers=given.workers
            )
            row(f"{given.connections} connections, 1000/s", done, done.entry.requests)
        with fast_server() as url:
            does = WebSocketSpec(mode="broadcast", connect_rate=CONNECT_RATE)
            shape = steadily(given.rate, given.seconds)
            done = ours(url, "/room", shape, does, connections=given.receivers, workers=given.workers)
            row(f"{given.receivers} receivers, {given.rate:g}/s", done, done.entry.received or 1)
    return 0


def row(name: str, done: Ours, messages: int) -> None:
    """Print what one scenario came to. The busiest worker's share is of a core; CPU is for each message or delivery."""
    one, times = done.entry, done.entry.response_ms
    cells = [
        f"{one.sockets.opened}",
        "-" if one.reach is None else f"{int(one.reach * 1e6) / 1e6:g}",
        "-" if one.lost is None else f"{one.lost}",
        *(f"{value:.2f}" if value is not None else "-" for value in (times.p50, times.p99, times.max)),
        "-" if one.skew_ms is None or one.skew_ms.p99 is None else f"{one.skew_ms.p99:.2f}",
        f"{one.connect_ms.p95:.2f}" if one.connect_ms.p95 is not None else "-",
        f"{(one.generator.cpu or 0) * 100:.0f} %",
        f"{done.workers_cpu_s / max(1, messages) * 1e6:.2f}",
    ]
    print(f"{name:28}" + "".join(f"{cell:>13}" for cell in cells))
    if not one.generator.valid:
        print(f"  INVALID: {one.generator.reason}")
    if one.errors or one.sockets.failed:
        print(f"  errors: {one.errors} {one.sockets.failed}")


if __name__ == "__main__":
    raise SystemExit(main())
