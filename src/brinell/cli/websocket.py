"""``brinell websocket``: thousands of connections that stay, messages over them, and a limit of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from brinell.cli import load, load_shape, options
from brinell.cli.examining import examining, shown_and_exported
from brinell.config import for_websocket
from brinell.config.sockets import limit_shape
from brinell.core.errors import UsageError
from brinell.core.plan import Plan
from brinell.core.thresholds import SOCKET_METRICS

EXAMPLES = """
brinell websocket ws://127.0.0.1:8000/echo                     100 messages a second over 100 connections, 20 s
brinell websocket ws://127.0.0.1:8000/echo --connections 5000 --rate 2000 --workers 2 --slo p99_ms=50
brinell websocket ws://127.0.0.1:8000/rooms/a --broadcast --connections 2000 --rate 10 --slo p99_ms=100 --slo reach=1.0
brinell websocket 'ws://127.0.0.1:8000/rooms/{{room}}' --broadcast --rooms 20 --connections 1000 --rate 200
brinell websocket ws://127.0.0.1:8000/rpc --request-reply --message '{"method": "ping", "id": "{{stamp}}"}'
brinell websocket ws://127.0.0.1:8000/rooms/a --limit 100      100 fit, and the next one is refused
brinell websocket ws://127.0.0.1:8000/rooms/a --hostile        who sends what no client may harms nobody else
brinell websocket http://127.0.0.1:8000/ --codec socketio --request-reply
brinell websocket ws://127.0.0.1:8000/rooms/a --broadcast --join '{"join": "room-{{room}}"}' --joined welcome
brinell websocket wss://127.0.0.1:8443/echo --header 'Authorization: Bearer ${TOKEN}' --subprotocol chat.v2
brinell websocket ws://127.0.0.1:8000/echo --rate 50..500 --duration 1m --watch    a ramp, in a browser as it happens
"""
USUAL_RATE = {"echo": 100.0, "request-reply": 100.0, "broadcast": 10.0}
ONE_BY_ONE = {
    "limit": "nothing is sent while a limit is tried",
    "hostile": "bad manners are tried one by one, at no rate",
}
_USUAL_CONNECTIONS = 100
_CODECS = "json|socketio|msgpack|text|FILE:CLASS"


def _metric_names(incomplete: str) -> list[str]:
    return [f"{name}=" for name in SOCKET_METRICS if name.startswith(incomplete)]


Url = Annotated[
    str | None,
    typer.Argument(metavar="URL", help="ws:// or wss://, http:// or https://; {{room}} in it is the room's number."),
]
Echo = Annotated[bool, typer.Option("--echo", help="Every message comes back. The default.")]
Broadcast = Annotated[
    bool, typer.Option("--broadcast", help="One connection of a room publishes, and every one of it receives.")
]
RequestReply = Annotated[
    bool, typer.Option("--request-reply", help="Every message is answered; the answer holds its stamp or its number.")
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, max=100_000, help="Try whether N connections fit, and no more do."),
]
Hostile = Annotated[
    bool, typer.Option("--hostile", help="Try frames that no client may send: are they cut off, and others not?")
]
Connections = Annotated[
    int | None, typer.Option("--connections", metavar="N", min=1, max=100_000, help="Open at once. Default: 100.")
]
Rate = Annotated[
    str | None,
    typer.Option(
        "--rate",
        metavar="N|A..B|A,B,C",
        help="Messages a second, over all connections or rooms: even, a ramp, or steps. Default: 100; 10 published.",
    ),
]
Duration = Annotated[
    float,
    typer.Option(
        "--duration", metavar="TIME", parser=options.duration, help="How long messages are sent, such as 20s."
    ),
]
ConnectRate = Annotated[
    float, typer.Option("--connect-rate", metavar="N", min=0.001, max=1e6, help="Connections begun a second.")
]
Rooms = Annotated[
    int | None,
    typer.Option(
        "--rooms", metavar="N", min=1, max=65_536, help="Connection c is in room c modulo that; {{room}} is its number."
    ),
]
Publishers = Annotated[
    int | None, typer.Option("--publishers", metavar="N", min=1, help="With --broadcast: of each room. Default: 1.")
]
Silent = Annotated[
    bool, typer.Option("--not-to-publisher", help="With --broadcast: the publisher is sent nothing of its own.")
]
Join = Annotated[str | None, typer.Option("--join", metavar="TEXT", help="Sent first on every connection.")]
Joined = Annotated[str | None, typer.Option("--joined", metavar="TEXT", help="With --join: what its answer holds.")]
Message = Annotated[
    str | None,
    typer.Option(
        "--message",
        metavar="TEXT",
        help="What is sent; {{stamp}} is where the stamp goes. {{room}}, {{n}}, {{uuid}} ... are filled in.",
    ),
]
Size = Annotated[
    int | None, typer.Option("--size", metavar="BYTES", min=1, max=16 << 20, help="Fill messages up to that.")
]
Codec = Annotated[str | None, typer.Option("--codec", metavar=_CODECS, help="What messages look like. Default: json.")]
Binary = Annotated[bool, typer.Option("--binary", help="Send binary messages.")]
Subprotocol = Annotated[
    list[str] | None, typer.Option("--subprotocol", metavar="NAME", help="Offer it; may be given again.")
]
Compression = Annotated[bool, typer.Option("--compression", help="Offer permessage-deflate.")]
Fragments = Annotated[
    int | None, typer.Option("--fragments", metavar="N", min=1, max=1000, help="Send each message in N frames.")
]
Ping = Annotated[
    float | None,
    typer.Option("--ping", metavar="TIME", parser=options.duration, help="Ping on every connection, this often."),
]
Slow = Annotated[
    float | None,
    typer.Option("--slow", metavar="SHARE", min=0.0, max=1.0, help="With --broadcast: so many receivers read slowly."),
]
Reconnect = Annotated[
    float | None,
    typer.Option(
        "--reconnect",
        metavar="TIME",
        parser=options.duration,
        help="Make connections that the server ended again, this much later. Default: never.",
    ),
]
Refusals = Annotated[
    int | None,
    typer.Option("--refusals", metavar="N", min=1, max=1_000_000, help="With --limit: attempts beyond. Default: 1000."),
]
FreeWithin = Annotated[
    float | None,
    typer.Option(
        "--free-within",
        metavar="TIME",
        parser=options.duration,
        help="With --limit: a closed connection's place is free again. Default: 5s.",
    ),
]
Insecure = Annotated[
    bool,
    typer.Option("--no-verify", help="Do not look at certificates. SSL_CERT_FILE=ca.pem names a CA of your own."),
]
Slo = Annotated[
    list[str] | None,
    typer.Option(
        "--slo",
        metavar="NAME=LIMIT",
        help="A threshold; may be given again. Names: those of brinell load, reach, lost, duplicated, reordered, "
        "delivery_p99_ms, skew_p99_ms, connect_p95_ms and the like.",
        autocompletion=_metric_names,
    ),
]


@examining(shown_and_exported)
def command(
    ctx: typer.Context,
    url: Url = None,
    *,
    echo: Echo = False,
    broadcast: Broadcast = False,
    request_reply: RequestReply = False,
    limit: Limit = None,
    hostile: Hostile = False,
    connections: Connections = None,
    rate: Rate = None,
    duration: Duration = "20s",  # type: ignore[assignment]  # the parser turns it into seconds
    connect_rate: ConnectRate = 1000.0,
    rooms: Rooms = None,
    publishers: Publishers = None,
    not_to_publisher: Silent = False,
    join: Join = None,
    joined: Joined = None,
    message: Message = None,
    size: Size = None,
    codec: Codec = None,
    binary: Binary = False,
    subprotocol: Subprotocol = None,
    compression: Compression = False,
    fragments: Fragments = None,
    ping: Ping = None,
    slow: Slow = None,
    reconnect: Reconnect = None,
    refusals: Refusals = None,
    free_within: FreeWithin = None,
    workers: load.Workers = 1,
    timeout: load.Timeout = "5s",  # type: ignore[assignment]  # the parser turns it into seconds
    header: load.Header = None,
    no_verify: Insecure = False,
    no_calibrate: load.NoCalibrate = False,
    slo: Slo = None,
    pid: load.Pid = None,
) -> Plan:
    """Open WebSocket connections to a service that is already running, send messages, and judge what came back.

    A broadcast is timed at every receiver, from the moment its message was due to be published. Reach is what was
    delivered of what was owed.
    """
    if url is None:
        raise UsageError("brinell websocket needs an address", hint="brinell websocket ws://127.0.0.1:8000/")
    mode = _mode(echo=echo, broadcast=broadcast, request_reply=request_reply, limit=limit, hostile=hostile)
    given = {
        "mode": mode, "connect_rate": connect_rate, "limit": limit, "rooms": rooms, "publishers": publishers,
        "publisher_hears": False if not_to_publisher else None, "join": join, "joined": joined, "message": message,
        "size": size, "codec": _codec(codec), "binary": binary or None, "subprotocols": subprotocol or None,
        "fragments": fragments, "ping_s": ping, "slow_share": slow, "reconnect_s": reconnect, "refusals": refusals,
        "free_s": free_within,
    }  # fmt: skip
    table = {key: value for key, value in given.items() if value is not None}
    fields = {
        "connections": connections or _USUAL_CONNECTIONS, "workers": workers, "timeout_s": timeout,
        "compression": compression, "headers": load.headers_of(header), "verify_tls": not no_verify,
        "calibrate": not no_calibrate, "pid": load.process_of(pid),
    }  # fmt: skip
    shape = _shape(ctx, mode, rate, duration)
    if mode in ONE_BY_ONE and connections is not None:
        raise UsageError(f"--connections: --{mode} says how many there are", hint="leave --connections away")
    limits = options.limits(slo, SOCKET_METRICS)
    return for_websocket(options.here(), url, shape, table=table, limits=limits, **fields)


def _mode(*, echo: bool, broadcast: bool, request_reply: bool, limit: int | None, hostile: bool) -> str:
    given = {
        "--echo": echo, "--broadcast": broadcast, "--request-reply": request_reply, "--limit": limit is not None,
        "--hostile": hostile,
    }  # fmt: skip
    chosen = [option for option, is_given in given.items() if is_given]
    if len(chosen) > 1:
        raise UsageError(f"{chosen[0]} and {chosen[1]}: a scenario does one of these", hint=f"leave {chosen[1]} away")
    return chosen[0].removeprefix("--") if chosen else "echo"


def _codec(name: str | None) -> str | None:
    """A file is meant from here."""
    file, colon, attribute = (name or "").rpartition(":")
    return f"{Path.cwd() / file}:{attribute}" if colon and file.endswith(".py") else name


def _shape(ctx: typer.Context, mode: str, rate: str | None, duration: float) -> dict[str, Any]:
    if mode not in ONE_BY_ONE:
        return load_shape.of_rate(rate if rate is not None else f"{USUAL_RATE[mode]:g}", duration)
    if rate is not None:
        raise UsageError(f"--rate: {ONE_BY_ONE[mode]}", hint="leave --rate away")
    return limit_shape(duration) if options.is_given(ctx, "duration") else limit_shape()
