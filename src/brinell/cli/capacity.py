"""``brinell capacity``: the highest rate, or number of users, at which a running service still keeps its thresholds."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from brinell.cli import load, load_request, options
from brinell.cli.examining import examining, shown
from brinell.config.capacity import LIMIT, OPEN_CONNECTIONS, START, quantity, share
from brinell.config.one_capacity import one_capacity
from brinell.config.problems import Unfit
from brinell.core.capacity_search import CONNECTIONS, QUANTITIES, RATE
from brinell.core.errors import UsageError, nearest
from brinell.core.plan import Plan

EXAMPLES = """
brinell capacity http://127.0.0.1:8000/notes                  up to which rate p95 stays below 500 ms
brinell capacity /notes --slo p95_ms=200                       the [service] of brinell.toml, started for it
brinell capacity http://127.0.0.1:8000/ --slo p95_ms=200 --slo error_rate=0.001
brinell capacity http://127.0.0.1:8000/ --slo p95_ms=200 --at-least 1000    passes or fails, for CI
brinell capacity http://127.0.0.1:8000/ --start 2000 --tolerance 2%         begin higher, be more exact
brinell capacity http://127.0.0.1:8000/ --quantity connections              users in turn instead of a rate
brinell capacity http://127.0.0.1:8000/ --step 30s --budget 15m             for a service whose answers vary much
brinell capacity http://127.0.0.1:8000/notes --body @note.json --header 'Content-Type: application/json'
brinell capacity http://127.0.0.1:8000/ --watch               in a browser too, as it happens
brinell capacity --resume latest                              go on with an interrupted search
"""

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
        help="What to ask for: an address, or a path of the [service]. Not loopback: see [project] allow_targets.",
    ),
]
Quantity = Annotated[
    str,
    typer.Option("--quantity", metavar="|".join(QUANTITIES), help="Requests a second, or users who ask in turn."),
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
        "--connections", metavar="N", min=1, max=100_000, help=f"Open at most, for a rate. Default: {OPEN_CONNECTIONS}."
    ),
]


@examining(shown)
def command(
    ctx: typer.Context,
    url: Target = None,
    *,
    slo: options.Slo = None,
    quantity_: Quantity = RATE,
    start: Start = None,
    limit: Limit = None,
    tolerance: Tolerance = None,
    step: StepTime = None,
    budget: Budget = None,
    at_least: AtLeast = None,
    connections: OpenConnections = None,
    workers: load.Workers = 1,
    timeout: load.Timeout = "5s",  # type: ignore[assignment]  # the parser turns it into seconds
    method: load_request.Method = None,
    header: load.Header = None,
    body: load_request.Body = None,
    pid: load.Pid = None,
    no_calibrate: load.NoCalibrate = False,
) -> Plan:
    """Find the highest load at which thresholds hold, and say what was at its limit beyond it.

    Presses harder step by step until something breaks, halves the bracket until it is narrow, and tries what bounds the
    answer again. It overloads the service on purpose. Without --at-least the answer is a number, and passes.
    """
    fields: dict[str, Any] = {"workers": workers, "timeout_s": timeout, "calibrate": not no_calibrate}
    fields |= {"headers": load.headers_of(header), "pid": load.process_of(pid)}
    return one_capacity(
        options.here(),
        url,
        request=load_request.fields(method, body, None),
        limits=options.limits(slo),
        quantity=_quantity(quantity_),
        start=start,
        limit=limit,
        tolerance=tolerance,
        step_s=step,
        budget_s=budget,
        at_least=at_least,
        connections=_connections(ctx, quantity_, connections),
        **fields,
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
