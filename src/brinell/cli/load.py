"""``brinell load``: press on a running service and measure honest latency."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from brinell.cli import load_call, load_document, load_flows, load_request, load_shape, options
from brinell.cli.examining import examining, shown_and_exported
from brinell.config import for_load
from brinell.core.errors import UsageError
from brinell.core.plan import Plan

EXAMPLES = """
brinell load http://127.0.0.1:8000/notes                     1000 requests a second for 30 s
brinell load http://127.0.0.1:8000/ --rate 200 --duration 1m --slo p95_ms=500 --slo error_rate=0.01
brinell load http://127.0.0.1:8000/ --model closed --connections 16 --think-time 1s..3s
brinell load http://127.0.0.1:8000/ --rate 100..1000 --duration 2m          a ramp; 100,200,400 are steps
brinell load http://127.0.0.1:8000/ --shape spike:rate=100,peak=1000,at_s=10s,lasts_s=5s --shed-after 1s
brinell load http://127.0.0.1:8000/ --shape replay:access.log,speed=2 --max-requests 10000
brinell load http://127.0.0.1:8000/notes --body @note.json --header 'Content-Type: application/json'
brinell load 'http://127.0.0.1:8000/users/{{users.id}}' --data users.csv    a row of the file for each request
brinell load http://127.0.0.1:8000/login --form user=ada --form photo=@cat.png --redirects 3
brinell load https://127.0.0.1:8443/ --http2 --connections 100 --streams 20    five sockets of twenty streams
brinell load http://127.0.0.1:8000/ --pid 4711               with the service's CPU and memory
brinell load http://127.0.0.1:8000/ --watch                  in a browser too, as it happens
brinell load http://127.0.0.1:8000/ --export hlog --export csv    and its seconds in files for other tools
brinell load http://127.0.0.1:8000/ --prometheus 9464        scraped while it runs
brinell load http://127.0.0.1:8000/ --remote-write http://127.0.0.1:9090/api/v1/write
brinell load http://127.0.0.1:8000/ --otlp http://127.0.0.1:4318
brinell load --openapi http://127.0.0.1:8000/openapi.json    what the service describes and only reads
brinell load http://127.0.0.1:8000/ --har browse.har         what a browser recorded
brinell load http://127.0.0.1:8000 --flows loadtest.py       users as async def flows in Python
brinell load --call shop.cache:get_user --args '[7]' --rate 2000    a function, in the project's own interpreter
"""


Url = Annotated[
    str | None, typer.Argument(metavar="URL", help="What to ask for. Not loopback: see [project] allow_targets.")
]
Model = Annotated[str, typer.Option("--model", metavar="open|closed", help="Arrivals at a rate, or users in turn.")]
Connections = Annotated[
    int,
    typer.Option("--connections", metavar="N", min=1, max=100_000, help="Open at most; closed model: as many users."),
]
Duration = Annotated[
    float, typer.Option("--duration", metavar="TIME", parser=options.duration, help="How long, such as 30s or 5m.")
]
Workers = Annotated[int, typer.Option("--workers", metavar="N", min=1, max=256, help="Processes that send.")]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="TIME", parser=options.duration, help="Longest wait for an answer.")
]
Http2 = Annotated[bool, typer.Option("--http2", help="Speak HTTP/2: several requests at once on each socket.")]
Streams = Annotated[
    int, typer.Option("--streams", metavar="N", min=1, max=1000, help="With --http2: connections on a socket.")
]
Header = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="'K: V'", help="May be given again; ${NAME} in it comes from the environment."),
]
Pid = Annotated[
    int | None, typer.Option("--pid", metavar="PID", min=1, help="The service's process, to see its CPU and memory.")
]
NoCalibrate = Annotated[
    bool, typer.Option("--no-calibrate", help="Do not look first at what the generator needs by itself.")
]


@examining(shown_and_exported)
def command(
    ctx: typer.Context,
    url: Url = None,
    *,
    model: Model = "open",
    rate: load_shape.Rate = None,
    shape_text: load_shape.Shape = None,
    connections: Connections = 64,
    duration: Duration = "30s",  # type: ignore[assignment]  # the parser turns it into seconds
    max_requests: load_shape.MaxRequests = None,
    think_time: load_shape.ThinkTime = None,
    shed_after: load_shape.ShedAfter = None,
    grain: load_shape.Grain = None,
    steady: load_shape.Steady = False,
    workers: Workers = 1,
    timeout: Timeout = "5s",  # type: ignore[assignment]  # the parser turns it into seconds
    http2: Http2 = False,
    streams: Streams = 10,
    method: load_request.Method = None,
    header: Header = None,
    body: load_request.Body = None,
    form: load_request.Form = None,
    data: load_request.Data = None,
    redirects: load_request.Redirects = 0,
    no_keep_alive: load_request.NoKeepAlive = False,
    no_calibrate: NoCalibrate = False,
    slo: options.Slo = None,
    pid: Pid = None,
    flows: load_flows.Flows = None,
    call: load_call.Call = None,
    args: load_call.Args = None,
    kwargs: load_call.Kwargs = None,
    setup: load_call.Setup = None,
    python: load_call.Python = None,
    openapi: load_document.Openapi = None,
    unsafe: load_document.Unsafe = False,
    no_validate: load_document.NoValidate = False,
    har: load_document.Har = None,
    think: load_document.Think = False,
) -> Plan:
    """Send HTTP requests to a service that is already running, and judge what came back.

    Response time counts from the moment a request was due, over every outcome: a service that stalls cannot
    hide it. Scenarios with several requests are [[load]] tables of brinell.toml.
    """
    shape = load_shape.shape_of_options(ctx, model, rate, shape_text, duration=duration, think_time=think_time)
    fields = load_shape.bounds(shape, shed_after, max_requests, grain=grain, steady=steady)
    fields |= {"connections": connections, "workers": workers, "timeout_s": timeout}
    fields |= {"calibrate": not no_calibrate, "limits": options.limits(slo)}
    if call is not None:
        return load_call.plan_of_call(ctx, call, shape, args=args, kwargs=kwargs, setup=setup, python=python, **fields)
    load_call.refuse_without_call(ctx)
    fields |= {"headers": headers_of(header), "pid": process_of(pid), **_version(ctx, http2=http2, streams=streams)}
    habits = load_request.habits(data, redirects, no_keep_alive=no_keep_alive)
    if flows is not None:
        return load_flows.plan_of_flows(ctx, url, flows, shape, **habits, **fields)
    if openapi is not None or har is not None:
        return load_document.plan_of_document(
            ctx, url, shape, openapi=openapi, unsafe=unsafe, no_validate=no_validate, har=har, think=think, **fields
        )
    load_document.refuse_without_document(ctx)
    request = load_request.fields(method, body, form)
    return for_load(options.here(), _address(url), shape, request=request, **habits, **fields)


def _address(url: str | None) -> str:
    if url is None:
        raise UsageError("brinell load needs the address to press on", hint="brinell load http://127.0.0.1:8000/")
    return url


def headers_of(given: list[str] | None) -> dict[str, str]:
    """Return headers by name. UsageError for what is none."""
    return options.headers("--header", given, "'Accept: text/html'")


def _version(ctx: typer.Context, *, http2: bool, streams: int) -> dict[str, Any]:
    if not http2 and options.is_given(ctx, "streams"):
        raise UsageError(
            "--streams is for --http2: in HTTP/1.1 every connection has its own socket", hint="--http2 --streams 20"
        )
    return {"version": "2", "streams": streams} if http2 else {}


def process_of(pid: int | None) -> int | None:
    """Return a process id. UsageError if there is no such process."""
    if pid is not None and Path("/proc/self").exists() and not Path(f"/proc/{pid}").exists():
        raise UsageError(f"--pid {pid}: no such process", hint="the process id of the service, on this machine")
    return pid
