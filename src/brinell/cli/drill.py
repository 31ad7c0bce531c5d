"""``brinell drill``: do to a service what production will do, under load."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from brinell.cli import load as load_options
from brinell.cli import load_request, options, say
from brinell.cli.examining import examining, shown
from brinell.config.durations import spell
from brinell.config.one_drill import for_drill, service_of
from brinell.core.plan import DrillSpec, Plan
from brinell.rosters.drills import DRILLS

EXAMPLES = """
brinell drill                                        says which drills there are, with their options
brinell drill drain                                  SIGTERM under load to the [service] of brinell.toml
brinell drill drain /notes --rate 200 --service "uvicorn shop.app:app --port {port}" --ready /health
brinell drill lifecycle --set times=20
brinell drill drain /jobs --method POST --set 'done={path="/jobs", value="$.done"}'
brinell drill race /orders --body @order.json --header 'Content-Type: application/json' --set 'expect={created=1}'
brinell drill race /pay --method POST --header 'Idempotency-Key: {{round}}' --set together=20 --set 'same="$.id"'
brinell drill spike http://127.0.0.1:8000/notes --rate 100 --set times=10 --set within_s=20s
brinell drill storm ws://127.0.0.1:8000/ws --set sockets=500
brinell drill slow-client http://127.0.0.1:8000/ --rate 100 --set slow=500 --set 'kinds=["heads"]'
"""

Name = Annotated[str | None, typer.Argument(metavar="NAME", help=f"One of {', '.join(DRILLS)}.")]
Target = Annotated[
    str | None,
    typer.Argument(metavar="URL|PATH", help="What to ask for: an address, or a path of the [service]."),
]
Rate = Annotated[
    float | None, typer.Option("--rate", metavar="N", min=0.1, max=1e6, help="Requests a second. Default: 100.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="An option of the drill's own, as in TOML; may be given again."),
]
Load = Annotated[
    str | None, typer.Option("--load", metavar="SCENARIO", help="Press with this [[load]] scenario's requests.")
]
Connections = Annotated[
    int | None, typer.Option("--connections", metavar="N", min=1, max=100_000, help="Open at most. Default: 256.")
]
Timeout = Annotated[
    float | None, typer.Option("--timeout", metavar="TIME", parser=options.duration, help="Longest wait for an answer.")
]
Http2 = Annotated[bool, typer.Option("--http2", help="race: all requests of a round on one HTTP/2 connection.")]
Service = Annotated[
    str | None, typer.Option("--service", metavar="COMMAND", help="How the service is started, with {port} in it.")
]
Ready = Annotated[
    str | None, typer.Option("--ready", metavar="PATH", help="With --service: answers 2xx once it is ready.")
]
StopTimeout = Annotated[
    float | None,
    typer.Option(
        "--stop-timeout", metavar="TIME", parser=options.duration, help="With --service: longest end. Default: 10s."
    ),
]


@examining(shown)
def command(
    ctx: typer.Context,  # noqa: ARG001 - every command's
    name: Name = None,
    target: Target = None,
    *,
    rate: Rate = None,
    set_: Set = None,
    load: Load = None,
    connections: Connections = None,
    timeout: Timeout = None,
    method: load_request.Method = None,
    body: load_request.Body = None,
    header: load_options.Header = None,
    http2: Http2 = False,
    service: Service = None,
    ready: Ready = None,
    stop_timeout: StopTimeout = None,
) -> Plan | None:
    """Do to a service what production will do, while requests go on: end it, kill it, crowd it, race it, dawdle.

    Without a name, say which drills there are. Several are [[drill]] tables of brinell.toml.
    """
    if name is None:
        say.out(listing())
        return None
    return for_drill(
        options.here(),
        name,
        target,
        words=set_ or (),
        load=load,
        rate=rate,
        request=load_request.fields(method, body, None),
        service=service_of(service, ready, stop_timeout),
        connections=connections,
        timeout_s=timeout,
        headers=load_options.headers_of(header) if header else None,
        version="2" if http2 else None,
    )


def listing() -> str:
    """Say what drills there are, and which options each has."""
    lines = []
    for name, kind in DRILLS.items():
        where = "[service] or --service" if kind.starts else "URL, or [service]"
        lines += [f"{say.style(name, 'bold')}  {kind.about}", f"    needs {where}"]
        found = [f"{field.encode_name} = {_spelled(field)}" for field in msgspec.structs.fields(kind)]  # type: ignore[arg-type]  # a struct
        lines += [f"    {line}" for line in _wrapped(found)]
    return "\n".join(lines)


def describe(spec: DrillSpec) -> list[str]:
    """Say what a drill will do, for ``brinell plan``."""
    kind = DRILLS[spec.drill]
    place = spec.load.url or "the service"
    beside = f"{spec.rate:g} requests a second to {place} beside it" if kind.loads else f"requests to {place}"
    if kind.starts and not kind.loads:
        beside = "the service is started for it"
    defaults = {field.encode_name: field.default for field in msgspec.structs.fields(kind)}  # type: ignore[arg-type]
    own = [f"{name} {_toml(value)}" for name, value in spec.options.items() if value != _plain(defaults.get(name))]
    return [kind.about, beside, *([", ".join(own)] if own else [])]


def _spelled(field: msgspec.structs.FieldInfo) -> str:
    default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    if field.encode_name.endswith("_s") and isinstance(default, int | float) and default > 0:
        return f'"{spell(default)}"'
    return "none" if default is None else _toml(_plain(default))


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }" if value else "{}"
    return msgspec.json.encode(value).decode()


def _wrapped(parts: list[str], width: int = 100) -> list[str]:
    lines = [""]
    for part in parts:
        if len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += f"{', ' if lines[-1] else ''}{part}"
    return lines
