"""``brinell cache``: ask a cache as a workload would, and say how often it had the answer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from brinell.cli import load, load_shape, options
from brinell.cli.examining import examining, shown
from brinell.config import for_cache
from brinell.core.errors import UsageError
from brinell.core.key_choice import DISTRIBUTIONS, WORKLOADS
from brinell.core.plan import Plan
from brinell.core.redact import address
from brinell.core.thresholds import CACHE_METRICS, CACHE_THRESHOLDS
from brinell.load.cache.address import is_endpoint, is_store

EXAMPLES = """
brinell cache shop.cache:cache                               95 % reads, 5 % updates, 10,000 keys, for 10 s
brinell cache shop.cache:cache --capacity 1000 --keys 10000 --slo hit_rate=0.6    a working set that does not fit
brinell cache shop.cache:make_cache --workload ycsb-a --rate 5000 --duration 30s
brinell cache shop.cache:cache --mix read=0.9,update=0.08,delete=0.02 --slo stale_reads=0
brinell cache shop.cache:cache --distribution hotspot --value-bytes 100..10000
brinell cache shop.cache:cache --model closed --connections 8    as many operations as it can do
brinell cache shop.cache:cache --loader-time 20ms --no-prefill    a cold cache in front of a slow source
brinell cache shop.cache:cache --stampede shop.cache:get_or_load --slo stampede_loads=1
brinell cache shop.cache:cache --stampede shop.users:get_user --loader shop.users:fetch_user --key '{key}'
brinell cache shop.users:get_user --loader shop.users:fetch_user --key '{key}'    a function that caches what it loads
brinell cache shop.cache:cache --set-option ttl=2 --expires 2s    whether entries live as long as they are to
brinell cache shop.cache:cache --directory var/cache --slo directory_bytes=134217728
brinell cache 'http://127.0.0.1:8000/notes/{key}' --keys 500 --slo hit_rate=0.9    an endpoint, by what its headers say
brinell cache redis://127.0.0.1:6379 --workload ycsb-a --rate 5000    or memcached://127.0.0.1:11211
brinell cache 'http://127.0.0.1:8000/users/{key}' --hit 'X-Served-From: memory|disk'
brinell cache 'http://127.0.0.1:8000/users/{key}' --keys 500 --counter '/metrics#loads_total'    stampedes, counted
brinell cache 'http://127.0.0.1:8000/users/{key}' --update 'PUT /users/{key} {"name": "{stamp}"}'    stale reads
"""
_HINT = "brinell cache shop.cache:cache"
_NAMES = {
    "no_load": "load_on_miss",
    "loader_time": "loader_s",
    "no_prefill": "prefill",
    "no_probe": "probe",
    "expires": "expires_s",
}

Target = Annotated[
    str | None,
    typer.Argument(
        metavar="MODULE:OBJECT|URL",
        help="A cache with get and set, a mapping, or a function that makes one; redis://, memcached://; or an "
        "endpoint with {key} in its path.",
    ),
]
Workload = Annotated[
    str | None, typer.Option("--workload", metavar="NAME", help=f"{', '.join(WORKLOADS)}. Default: ycsb-b.")
]
Mix = Annotated[
    str | None,
    typer.Option("--mix", metavar="read=0.9,update=0.1", help="Operations by share, in place of a workload's."),
]
Distribution = Annotated[
    str | None,
    typer.Option("--distribution", metavar="NAME", help=f"{', '.join(DISTRIBUTIONS)}. Default: the workload's."),
]
Exponent = Annotated[
    float | None, typer.Option("--exponent", metavar="S", help="Of zipfian and latest. Default: 0.99.")
]
Keys = Annotated[int | None, typer.Option("--keys", metavar="N", min=1, help="How many there are. Default: 10000.")]
KeyFormat = Annotated[
    str | None, typer.Option("--key", metavar="TEXT", help="With {key} for the number; alone: a number.")
]
Capacity = Annotated[
    int | None,
    typer.Option("--capacity", metavar="N", min=1, help="Entries that it can hold; what it could reach follows."),
]
ValueBytes = Annotated[
    str | None, typer.Option("--value-bytes", metavar="N|A..B", help="Size of values. Default: 100.")
]
ValueSizes = Annotated[
    str | None, typer.Option("--value-sizes", metavar="even|zipf", help="Between two sizes; zipf: mostly small ones.")
]
Value = Annotated[str | None, typer.Option("--value", metavar="bytes|text", help="What values are. Default: bytes.")]
ScanKeys = Annotated[
    int | None, typer.Option("--scan-keys", metavar="N", min=1, help="Keys of one scan, at most. Default: 100.")
]
NoLoad = Annotated[bool, typer.Option("--no-load", help="A get that misses is not followed by a set.")]
LoaderTime = Annotated[
    float | None,
    typer.Option("--loader-time", metavar="TIME", parser=options.duration, help="What a load on a miss costs."),
]
NoPrefill = Annotated[bool, typer.Option("--no-prefill", help="Begin with the cache as it is.")]
NoProbe = Annotated[bool, typer.Option("--no-probe", help="Do not delete keys under readers before the load.")]
Method = Annotated[
    list[str] | None,
    typer.Option("--method", metavar="get=NAME", help="Its method for get, set or delete; may be given again."),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set-option", metavar="NAME=VALUE", help="A keyword of every set, such as ttl=60.")
]
Directory = Annotated[
    str | None, typer.Option("--directory", metavar="DIR", help="Its folder on disk, to see how that grows.")
]
Stampede = Annotated[
    str | None,
    typer.Option(
        "--stampede", metavar="MODULE:FUNCTION", help="A get that loads: called with a cold key and a loader by many."
    ),
]
Loader = Annotated[
    str | None,
    typer.Option(
        "--loader",
        metavar="MODULE:FUNCTION",
        help="What it loads with, counted in place; without --stampede, the cache is a function that loads.",
    ),
]
Callers = Annotated[
    int | None, typer.Option("--callers", metavar="N", min=2, max=1000, help="Of a stampede. Default: 100.")
]
ColdKeys = Annotated[
    int | None, typer.Option("--cold-keys", metavar="N", min=1, max=500, help="Stampedes, a key each. Default: 20.")
]
Hit = Annotated[
    str | None,
    typer.Option("--hit", metavar="'HEADER: REGEX'", help="Of an endpoint: which answers are hits, if not the usual."),
]
Expires = Annotated[
    float | None,
    typer.Option(
        "--expires", metavar="TIME", parser=options.duration, help="How long a set is to live, which is then tried."
    ),
]
Counter = Annotated[
    str | None,
    typer.Option("--counter", metavar="/PATH#NAME", help="Of an endpoint: the service's own count of its loads."),
]
Update = Annotated[
    str | None,
    typer.Option(
        "--update",
        metavar="'PUT /PATH BODY'",
        help="Of an endpoint: changes what it gives for {key}, after which {stamp} is in it.",
    ),
]
Delete = Annotated[
    str | None,
    typer.Option("--delete", metavar="'DELETE /PATH'", help="Of an endpoint: deletes what it gives for {key}."),
]
Connections = Annotated[
    int, typer.Option("--connections", metavar="N", min=1, max=10_000, help="Operations under way at most.")
]
Workers = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, max=256, help="Processes, each with a cache of its own.")
]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="TIME", parser=options.duration, help="Longest wait for an operation.")
]
Duration = Annotated[
    float, typer.Option("--duration", metavar="TIME", parser=options.duration, help="How long, such as 30s or 5m.")
]
Model = Annotated[str, typer.Option("--model", metavar="open|closed", help="Operations at a rate, or one by one.")]
Python = Annotated[
    str | None, typer.Option("--python", metavar="PY", help="The interpreter. Default: the project's own.")
]
Slo = Annotated[
    list[str] | None,
    typer.Option(
        "--slo",
        metavar="NAME=LIMIT",
        help=f"A threshold; may be given again. Names: {', '.join(CACHE_THRESHOLDS)}, and those of brinell load.",
    ),
]


@examining(shown)
def command(
    ctx: typer.Context,
    target: Target = None,
    *,
    workload: Workload = None,
    mix: Mix = None,
    distribution: Distribution = None,
    exponent: Exponent = None,
    keys: Keys = None,
    key: KeyFormat = None,
    capacity: Capacity = None,
    value_bytes: ValueBytes = None,
    value_sizes: ValueSizes = None,
    value: Value = None,
    scan_keys: ScanKeys = None,
    no_load: NoLoad = False,
    loader_time: LoaderTime = None,
    no_prefill: NoPrefill = False,
    no_probe: NoProbe = False,
    method: Method = None,
    set_option: SetOption = None,
    directory: Directory = None,
    stampede: Stampede = None,
    loader: Loader = None,
    callers: Callers = None,
    cold_keys: ColdKeys = None,
    hit: Hit = None,
    counter: Counter = None,
    update: Update = None,
    delete: Delete = None,
    expires: Expires = None,
    header: load.Header = None,
    pid: load.Pid = None,
    model: Model = "open",
    rate: load_shape.Rate = None,
    shape_text: load_shape.Shape = None,
    duration: Duration = "10s",  # type: ignore[assignment]  # the parser turns it into seconds
    connections: Connections = 16,
    workers: Workers = 1,
    timeout: Timeout = "5s",  # type: ignore[assignment]  # the parser turns it into seconds
    slo: Slo = None,
    python: Python = None,
) -> Plan:
    """Ask a cache of the project, in the project's own interpreter, as a workload would.

    Says how often it had the answer and how often it could have, what an operation takes, how often one cold key is
    loaded when many ask for it, and whether what was deleted is read again.
    """
    if target is None:
        raise UsageError("brinell cache needs the cache to ask", hint=_HINT)
    given = {
        "workload": workload, "mix": mix, "distribution": distribution, "exponent": exponent, "keys": keys, "key": key,
        "capacity": capacity, "value_bytes": value_bytes, "value_sizes": value_sizes, "value": value,
        "scan_keys": scan_keys, "no_load": no_load, "loader_time": loader_time, "no_prefill": no_prefill,
        "no_probe": no_probe, "methods": method, "set_options": set_option, "directory": directory,
        "stampede": stampede, "loader": loader, "callers": callers, "cold_keys": cold_keys, "hit": hit,
        "counter": counter, "update": update, "delete": delete, "expires": expires,
    }  # fmt: skip
    shape = load_shape.shape_of_options(ctx, model, rate, shape_text, duration=duration, think_time=None)
    fields: dict[str, Any] = {"connections": connections, "workers": workers, "timeout_s": timeout}
    fields |= {"limits": options.limits(slo, metrics=CACHE_METRICS), "python": options.interpreter(python)}
    if is_endpoint(target) or is_store(target):
        fields |= {"headers": load.headers_of(header), "pid": load.process_of(pid), "python": None}
    _refuse_strange(ctx, target)
    return for_cache(options.here(), shape, table=_table(target, given), **fields)


def _table(target: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the table ``cache`` of what was given."""
    said = {name: one for name, one in given.items() if one is not None and one is not False and one != []}
    return {"target": target} | {_NAMES.get(name, name): _read(name, one) for name, one in said.items()}


def _refuse_strange(ctx: typer.Context, target: str) -> None:
    """UsageError for options that another kind of cache has."""
    is_address = is_endpoint(target) or is_store(target)
    for name, has_it in (("header", is_endpoint(target)), ("pid", is_address), ("python", not is_address)):
        if options.is_given(ctx, name) and not has_it:
            raise UsageError(
                f"--{name} is for another kind of cache than {address(target)}", hint=f"leave --{name} away"
            )


def _read(name: str, value: Any) -> Any:
    """Return an option's value as the table ``cache`` has it."""
    if isinstance(value, bool):
        return not value  # --no-probe: probe = false
    if name == "mix":
        return {operation: _number(name, share) for operation, share in _pairs(name, value.split(","))}
    if name == "methods":
        return dict(_pairs(name, value))
    if name == "set_options":
        return {key: _plain(text) for key, text in _pairs(name, value)}
    if name == "value_bytes":
        sizes = [_whole(part) for part in value.split("..")]
        return sizes[0] if len(sizes) == 1 else sizes
    return value


def _pairs(name: str, words: list[str]) -> list[tuple[str, str]]:
    found = []
    for word in words:
        key, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not key:
            option = {"methods": "--method", "set_options": "--set-option"}.get(name, f"--{name}")
            raise UsageError(f"{option} {word[:40]}: NAME=VALUE is needed", hint="--mix read=0.9,update=0.1")
        found.append((key, value))
    return found


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--{name}: '{text[:40]}' is not a number", hint="--mix read=0.9,update=0.1") from None


def _whole(text: str) -> int:
    if not text.strip().isdecimal() or len(text) > 12:
        raise UsageError(f"--value-bytes: '{text[:40]}' is not a number of bytes", hint="--value-bytes 100..10000")
    return int(text)


def _plain(text: str) -> Any:
    """A number, true or false, or text."""
    if text in {"true", "false"}:
        return text == "true"
    try:
        return int(text) if text.lstrip("-").isdecimal() and len(text) < 18 else float(text)
    except ValueError:
        return text
