"""``brinell capacity``: the highest rate, or number of users, connections, rooms or receivers, at which a service still
keeps its thresholds.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from brinell.cli import load, load_request, options, websocket
from brinell.cli.examining import examining, shown
from brinell.config.capacity import LIMIT, OPEN_CONNECTIONS, START, quantity, share
from brinell.config.one_capacity import named_capacity, one_capacity, socket_capacity, tabled_capacity
from brinell.config.problems import Unfit
from brinell.core.capacity_search import CONNECTIONS, QUANTITIES, RATE
from brinell.core.errors import UsageError, nearest
from brinell.core.plan import Plan
from brinell.core.thresholds import ALL_METRICS, METRICS, SOCKET_METRICS

EXAMPLES = """
brinell capacity http://127.0.0.1:8000/notes                  up to which rate p95 stays below 500 ms
brinell capacity /notes --slo p95_ms=200                       the [service] of brinell.toml, started for it
brinell capacity /notes --slo p95_ms=200 --probe               and looked into: why does it break?
brinell capacity http://127.0.0.1:8000/ --slo p95_ms=200 --slo error_rate=0.001
brinell capacity http://127.0.0.1:8000/ --slo p95_ms=200 --at-least 1000    passes or fails, for CI
brinell capacity http://127.0.0.1:8000/ --start 2000 --tolerance 2%         begin higher, be more exact
brinell capacity http://127.0.0.1:8000/ --quantity connections              users in turn instead of a rate
brinell capacity http://127.0.0.1:8000/ --step 30s --budget 15m             for a service whose answers vary much
brinell capacity ws://127.0.0.1:8000/echo --slo p95_ms=50                   messages a second over 100 connections
brinell capacity ws://127.0.0.1:8000/echo --quantity connections --rate 20  100 of them say 20/s: how many fit?
brinell capacity ws://127.0.0.1:8000/rooms/a --broadcast --connections 500 --slo p99_ms=100 --slo reach=0.999
brinell capacity 'ws://127.0.0.1:8000/rooms/{{room}}' --broadcast --quantity rooms --connections 20 --rate 2
brinell capacity ws://127.0.0.1:8000/rooms/a --broadcast --quantity receivers --rate 10
brinell capacity --load visitors --slo p95_ms=300              a [[load]] of brinell.toml: users, caches, sockets
brinell capacity http://127.0.0.1:8000/notes --body @note.json --header 'Content-Type: application/json'
brinell capacity http://127.0.0.1:8000/ --watch               in a browser too, as it happens
brinell capacity --resume latest                              go on with an interrupted search
"""

_USUAL_SOCKETS = 100
_TRAFFIC = {
    "url", "connections", "workers", "timeout", "method", "header", "body", "pid", "no_calibrate", "echo", "broadcast",
    "request_reply", "rooms", "rate", "message", "size", "join", "joined",
}  # fmt: skip
_DEFAULT_STARTS = f"{START[RATE]:g}/s, {START[CONNECTIONS]:g} connection"
_DEFAULT_LIMITS = f"{LIMIT[RATE]:g}/s, {LIMIT[CONNECTIONS]:g} connections"


def _tolerance(text: str) -> float:
    try:
        return share(text)
    except Unfit as unfit:
        raise typer.BadParameter(f"'{text}': {unfit.why}") from None


Target = Annotated[
    str | None,
    typer.Argument(
        metavar="URL|PATH",
        help="What to ask for: an address, or a path of the [service]. Without one, what the [capacity] table says, or "
        "/. Not loopback: see [project] allow_targets.",
    ),
]
Quantity = Annotated[
    str,
    typer.Option(
        "--quantity",
        metavar="|".join(QUANTITIES),
        help="Requests, messages, publishes, operations or sessions a second; users in turn, or connections that stay; "
        "rooms; receivers of a room.",
    ),
]
Start = Annotated[
    float | None, typer.Option("--start", metavar="N", min=1, help=f"The first level. Default: {_DEFAULT_STARTS}.")
]
Limit = Annotated[
    float | None,
    typer.Option("--limit", metavar="N", min=1, help=f"The highest level to try. Default: {_DEFAULT_LIMITS}."),
]
Tolerance = Annotated[
    float | None,
    typer.Option(
        "--tolerance", metavar="5%", parser=_tolerance, help="How near what held is to what broke. Default: 5%."
    ),
]
StepTime = Annotated[
    float | None,
    typer.Option(
        "--step", metavar="10s", parser=options.duration, help="Longest step; what proves the answer: thrice."
    ),
]
Budget = Annotated[
    float | None,
    typer.Option("--budget", metavar="10m", parser=options.duration, help="No step begins later. Default: 10m."),
]
AtLeast = Annotated[
    float | None,
    typer.Option("--at-least", metavar="N", min=1, help="Fail if it is less; needs --slo."),
]
OpenConnections = Annotated[
    int | None,
    typer.Option(
        "--connections",
        metavar="N",
        min=1,
        max=100_000,
        help=f"Open at most, for a rate. Default: {OPEN_CONNECTIONS}. Of WebSocket: how many there are, where they are "
        f"not searched for. Default: {_USUAL_SOCKETS}.",
    ),
]
Scenario = Annotated[
    str | None,
    typer.Option("--load", metavar="NAME", help="Press with the traffic of this [[load]] of brinell.toml."),
]
Rate = Annotated[
    float | None,
    typer.Option(
        "--rate",
        metavar="N",
        min=0.001,
        max=1e6,
        help="WebSocket: messages a second of these connections or rooms, where not the rate is searched for. "
        "Default: 100; 10 published.",
    ),
]
Probe = Annotated[
    bool,
    typer.Option("--probe", help="Look into the service that is started for it from inside, too: what limits it?"),
]


@examining(shown)
def command(
    ctx: typer.Context,
    url: Target = None,
    *,
    scenario: Scenario = None,
    slo: websocket.Slo = None,
    quantity_: Quantity = RATE,
    start: Start = None,
    limit: Limit = None,
    tolerance: Tolerance = None,
    step: StepTime = None,
    budget: Budget = None,
    at_least: AtLeast = None,
    connections: OpenConnections = None,
    echo: websocket.Echo = False,
    broadcast: websocket.Broadcast = False,
    request_reply: websocket.RequestReply = False,
    rooms: websocket.Rooms = None,
    rate: Rate = None,
    message: websocket.Message = None,
    size: websocket.Size = None,
    join: websocket.Join = None,
    joined: websocket.Joined = None,
    workers: load.Workers = 1,
    timeout: load.Timeout = "5s",  # type: ignore[assignment]  # the parser turns it into seconds
    method: load_request.Method = None,
    header: load.Header = None,
    body: load_request.Body = None,
    pid: load.Pid = None,
    probe: Probe = False,
    no_calibrate: load.NoCalibrate = False,
) -> Plan:
    """Find the highest load at which thresholds hold, and say what was at its limit beyond it.

    Presses harder step by step until something breaks, halves the bracket until it is narrow, and tries what bounds the
    answer again. It overloads the service on purpose. Without --at-least the answer is a number, and passes.
    """
    searched = {
        "quantity": _quantity(quantity_), "start": start, "limit": limit, "tolerance": tolerance, "step_s": step,
        "budget_s": budget, "at_least": at_least,
    }  # fmt: skip
    mode = _mode(echo=echo, broadcast=broadcast, request_reply=request_reply, url=url)
    sockets = {"rooms": rooms, "message": message, "size": size, "join": join, "joined": joined}
    sockets = {name: value for name, value in sockets.items() if value is not None}
    if scenario is not None:
        _only_search(ctx, "the scenario that --load names")
        limits = options.limits(slo, ALL_METRICS)
        return named_capacity(options.here(), scenario, limits=limits, **searched, probe=probe or None)
    if url is None and (plan := _tabled(ctx, options.limits(slo, ALL_METRICS), searched, probe=probe)) is not None:
        return plan
    fields: dict[str, Any] = {"workers": workers, "timeout_s": timeout, "calibrate": not no_calibrate}
    fields |= {"headers": load.headers_of(header), "pid": load.process_of(pid), "probe": probe}
    if mode is None:
        _only_sockets([*sockets, *(["rate"] if rate is not None else [])])
        fields["connections"] = _connections(ctx, quantity_, connections)
        request = load_request.fields(method, body, None)
        limits = options.limits(slo, METRICS)
        return one_capacity(options.here(), url, request=request, limits=limits, **searched, **fields)
    if method is not None or body is not None:
        raise UsageError("--method and --body are of requests; messages go over WebSocket here", hint="--message TEXT")
    return socket_capacity(
        options.here(),
        url,
        table={"mode": mode, **sockets},
        rate=websocket.USUAL_RATE[mode] if rate is None else rate,
        connections=_USUAL_SOCKETS if connections is None else connections,
        limits=options.limits(slo, SOCKET_METRICS),
        **searched,
        **fields,
    )


def _tabled(ctx: typer.Context, limits: dict[str, float], searched: dict[str, Any], *, probe: bool) -> Plan | None:
    """Return the plan of the ``[capacity]`` table's search; None where there is none."""
    asked = searched if options.is_given(ctx, "quantity_") else searched | {"quantity": None}
    plan = tabled_capacity(options.here(), limits=limits, **asked, probe=probe or None)
    if plan is not None:
        _only_search(ctx, "the [capacity] table, which is meant where no path is named,")
    return plan


def _only_search(ctx: typer.Context, of: str) -> None:
    """Refuse what describes traffic where that is described elsewhere."""
    for parameter in ctx.command.params:
        if parameter.name in _TRAFFIC and options.is_given(ctx, parameter.name):
            option = parameter.opts[0] if parameter.opts[0].startswith("-") else "an address"
            raise UsageError(f"{option}: {of} has its own", hint=f"leave {option} away")


def _mode(*, echo: bool, broadcast: bool, request_reply: bool, url: str | None) -> str | None:
    """Return what connections that stay do; None: requests are sent."""
    given = {"--echo": echo, "--broadcast": broadcast, "--request-reply": request_reply}
    chosen = [option for option, is_given in given.items() if is_given]
    if len(chosen) > 1:
        raise UsageError(f"{chosen[0]} and {chosen[1]}: a scenario does one of these", hint=f"leave {chosen[1]} away")
    if chosen:
        return chosen[0].removeprefix("--")
    return "echo" if url is not None and url.startswith(("ws://", "wss://")) else None


def _only_sockets(given: list[str]) -> None:
    if given:
        raise UsageError(
            f"--{given[0]} is of WebSocket messages, and this address is asked with requests",
            hint="brinell capacity ws://127.0.0.1:8000/echo, or --broadcast",
        )


def _quantity(name: str) -> str:
    try:
        return quantity(name)
    except Unfit as unfit:
        close = nearest(name, list(QUANTITIES))
        raise UsageError(
            f"--quantity {name}: {unfit.why}; there are {', '.join(QUANTITIES)}",
            hint=f"did you mean --quantity {close}?" if close else None,
        ) from None


def _connections(ctx: typer.Context, of: str, connections: int | None) -> int | None:
    if of == CONNECTIONS and options.is_given(ctx, "connections"):
        raise UsageError(
            "--connections bounds a search for a rate; here their number is what is searched for",
            hint=f"--start {connections}, or --limit {connections}",
        )
    return connections
