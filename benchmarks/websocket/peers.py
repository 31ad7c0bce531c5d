"""What does a message cost beside the other tools? An echo at one rate, and receivers of a broadcast, on one server.

Each tool gets one core, on which the server is not, and takes its turn, several times, on ``fast_server.py``
(``others.py`` says how each is told; what is not installed is skipped by name). CPU per message is that of all a tool's
processes from start to end (``wait4``), divided by the messages that came back or were heard; it includes starting the
tool and connecting. What one more message costs is the difference to a run a third as long. Ours is told once more with
the process that reads the worker. Ratios are medians of one sitting. Ours times every message from its due time, and
sends each when it is due; ``brinell 1ms`` and ``brinell 10ms`` send what falls due within so long together
(``grain_s``). k6 is told to send what is due every 10 ms, its cheapest way (a tick of 1 ms costs it a fifth more), and
times from when a message was sent, in whole milliseconds; Artillery sends by timers of a millisecond and does not time
messages at all. ``floor`` and ``floor 10ms`` are what any client pays, one that does nothing else (``floor.c``).

    python benchmarks/websocket/peers.py [--seconds 10] [--rounds 3] [--tools floor,k6,artillery]
                                         [--connections 100] [--rate 5000] [--receivers 500] [--published 20]

Install the others with: go install go.k6.io/k6@latest; npm install artillery. Name their folders in BRINELL_PEERS
(with colons) where they are not on the path.
"""

from __future__ import annotations

import argparse
import statistics
from typing import NamedTuple

from measured import fast_server, ours, steadily
from others import TOOLS, Said, Tool, found, run

from brinell.core.plan import WebSocketSpec

SHOWN = ("50", "99", "max")
SHORT = 3  # a run so much shorter tells what starting and connecting cost
GRAINS_S = {"brinell": 0.0, "brinell 1ms": 0.001, "brinell 10ms": 0.01}  # what falls due within it is sent together
SLOWEST = {"artillery": 1000}  # messages a second that it can send from one core


class Turn(NamedTuple):
    """What one run of one tool gave, and a shorter one."""

    said: Said
    short: Said
    with_reader_us: float | None = None
    note: str = ""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--connections", type=int, default=100)
    options.add_argument("--rate", default="1000,5000", help="messages a second that are echoed")
    options.add_argument("--receivers", type=int, default=500)
    options.add_argument("--published", type=int, default=20, help="messages a second that they all receive")
    options.add_argument("--tools", default="floor,k6,artillery")
    given = options.parse_args()
    tools = [tool for tool in TOOLS if tool.name.partition(" ")[0] in given.tools.split(",") and found(tool)]
    missing = [tool.name for tool in TOOLS if not found(tool)]
    print(f"not here: {', '.join(missing)}" if missing else "all tools are here")
    with fast_server(apart=True) as url:
        for rate in map(int, given.rate.split(",")):
            able = [tool for tool in tools if rate <= SLOWEST.get(tool.name, rate)]
            table(f"{url}/echo", able, given, rate, given.connections, publishes=False)
        table(f"{url}/room", tools, given, given.published, given.receivers, publishes=True)
    return 0


def table(
    url: str, tools: list[Tool], given: argparse.Namespace, rate: int, connections: int, *, publishes: bool
) -> None:
    """Let everybody take their turns, and print what came of it, the cheapest first."""
    short_s = max(1, given.seconds // SHORT)
    grains = {"brinell": 0.0} if publishes else GRAINS_S
    turns: dict[str, list[Turn]] = {name: [] for name in (*grains, *(tool.name for tool in tools))}
    for _ in range(given.rounds):
        for name, grain_s in grains.items():
            long = our_turn(url, given.seconds, connections, rate, grain_s, publishes=publishes)
            short = our_turn(url, short_s, connections, rate, grain_s, publishes=publishes).said
            turns[name].append(long._replace(short=short))
        for tool in tools:
            try:
                said = run(tool, url, given.seconds, connections, rate, publishes=publishes)
                short = run(tool, url, short_s, connections, rate, publishes=publishes)
                turns[tool.name].append(Turn(said, short))
            except RuntimeError as error:
                print(f"  failed: {error}")
    what = f"{rate}/s published to {connections}" if publishes else f"{rate}/s echoed over {connections} connections"
    print(f"\n{what}: median of {given.rounds}")
    head = f"{'':12} {'messages':>10} {'CPU us':>8} {'x ours':>7} {'one more':>9} {'x ours':>7}   "
    print(head + "".join(f"{name:>10}" for name in SHOWN))
    for name, some in sorted(turns.items(), key=lambda one: cost_us(one[1])):
        if some:
            row(name, some, turns["brinell"])
    for note in filter(None, (turn.note for turn in turns["brinell"])):
        print(f"  brinell: {note}")
    reader = statistics.median(turn.with_reader_us or 0.0 for turn in turns["brinell"])
    print(f"  brinell with the process that reads its worker: {reader:.2f} us")


def row(name: str, turns: list[Turn], our: list[Turn]) -> None:
    whole, more = cost_us(turns), more_us(turns)
    messages = statistics.median(turn.said.messages for turn in turns)
    cells = [
        statistics.median(turn.said.ms[key] for turn in turns) if all(key in turn.said.ms for turn in turns) else None
        for key in SHOWN
    ]
    shown = "".join(f"{'-':>10}" if cell is None else f"{cell:>10.3f}" for cell in cells)
    costs = f"{whole:>8.2f} {whole / cost_us(our):>7.2f} {more:>9.2f} {more / more_us(our):>7.2f}"
    print(f"{name:12} {messages:>10.0f} {costs}   {shown}")


def cost_us(turns: list[Turn]) -> float:
    """CPU per message; without a run, nothing that could be sorted before one."""
    return statistics.median(turn.said.cpu_s / turn.said.messages * 1e6 for turn in turns) if turns else float("inf")


def more_us(turns: list[Turn]) -> float:
    """CPU of one message more: starting and connecting left out."""
    found = [
        (turn.said.cpu_s - turn.short.cpu_s) / max(1, turn.said.messages - turn.short.messages) * 1e6 for turn in turns
    ]
    return statistics.median(found)


def our_turn(url: str, seconds: int, connections: int, rate: int, grain_s: float = 0.0, *, publishes: bool) -> Turn:
    """Run ours; a generator that is not to be believed is named."""
    address, _, path = url.rpartition("/")
    does = WebSocketSpec(mode="broadcast" if publishes else "echo", codec="text", size=64)
    done = ours(address, f"/{path}", steadily(rate, seconds), does, connections=connections, grain_s=grain_s)
    one, times = done.entry, done.entry.response_ms
    messages = (one.received or 0) if publishes else one.requests - sum(one.errors.values())
    ms = {"50": times.p50, "99": times.p99, "max": times.max}
    said = Said(messages, {key: value for key, value in ms.items() if value is not None}, done.workers_cpu_s)
    whole = (done.workers_cpu_s + done.trial_cpu_s) / max(1, messages) * 1e6
    note = "" if one.generator.valid else f"INVALID: {one.generator.reason}"
    if publishes and one.reach != 1.0:
        note = note or f"reach {one.reach}"
    return Turn(said, said, whole, note or (f"errors {one.errors}" if one.errors else ""))


if __name__ == "__main__":
    raise SystemExit(main())
