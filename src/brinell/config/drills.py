"""``[[drill]]`` tables to specifications: the drill's own keys by its roster, with all its defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from brinell.config import checks, sessions, tables
from brinell.config.durations import seconds
from brinell.config.keys import Key, Keys, kind_of, read_table
from brinell.config.problems import Place, Problems, Unfit
from brinell.core.plan import DrillSpec, LoadSpec, RequestSpec, Step
from brinell.drills.contract import Drill
from brinell.load.drivers.http import VERSIONS
from brinell.rosters.drills import DRILLS

RATE = 100.0
CONNECTIONS = 256
_A_DURATION = "a duration (a number of seconds, or text such as '30s')"


def keys() -> Keys:
    """Keys of every ``[[drill]]``; those of its kind stand beside them."""
    return {
        "drill": Key(str, "text", 'drill = "drain"', kind_of_drill),
        "name": Key(str, "text", 'name = "restart"', checks.name),
        "load": Key(str, "the name of a scenario", 'load = "browse"', checks.name),
        "url": Key(str, "text", 'url = "http://127.0.0.1:8000"', checks.target_url),
        "requests": Key(list[Any], "a list of tables", 'requests = [{ path = "/notes" }]'),
        "headers": Key(dict[str, str], "a table of text values", 'headers = { Accept = "*/*" }', checks.headers),
        "rate": Key(Annotated[float, Meta(gt=0, le=1e6)], "a number above 0", "rate = 100"),
        "connections": Key(
            Annotated[int, Meta(ge=1, le=100_000)], "a whole number from 1 to 100000", "connections = 256"
        ),
        "workers": Key(Annotated[int, Meta(ge=1, le=256)], "a whole number from 1 to 256", "workers = 1"),
        "timeout_s": Key(float | str, _A_DURATION, 'timeout_s = "5s"', checks.duration),
        "verify_tls": Key(bool, "true or false", "verify_tls = true"),
        "version": Key(str, '"1.1" or "2"', 'version = "2"', _version),
    }


def drills(
    entries: Any, root: Path, loads: Sequence[LoadSpec], problems: Problems, *, service: Any = None
) -> tuple[DrillSpec, ...]:
    """Read every ``[[drill]]``; those with problems are left out. ``service`` is the table, None if there is none."""
    if not isinstance(entries, list):
        problems.add(("drill",), "", Unfit("drills are a list: write [[drill]] with two brackets"))
        return ()
    found: list[DrillSpec] = []
    for number, entry in enumerate(entries):
        before = len(problems.found)
        spec = _drill(entry, root, ("drill", number), loads, problems)
        if spec is not None:
            spec = _agreed(spec, service, loads, ("drill", number), problems)
        if len(problems.found) == before and spec is not None:
            if spec.name in {one.name for one in found}:
                problems.add(("drill", number), "name", Unfit("another drill has this name"), value=spec.name)
            found.append(spec)
    return tuple(found)


def usual(kind: str, loads: Sequence[LoadSpec], ready: str) -> tuple[RequestSpec, ...]:
    """Return what a drill asks the service for where nothing is said: what the first scenario asks it for, else its
    ready path. There 503 is an answer, too: not to be ready is what a service should say before it ends.

    Requests that race have to be conflicting ones, which no scenario's are.
    """
    for one in loads if DRILLS[kind].loads else ():
        plain = one.driver == "http" and one.version == "1.1" and one.url is None
        if plain and one.requests and not (one.openapi or one.har or one.flows or one.data):
            return one.requests
    return (RequestSpec(path=ready, expect=(*range(200, 400), 503)),)


def filled(kind: str, loads: Sequence[LoadSpec], ready: str, load: LoadSpec) -> LoadSpec:
    """Return traffic on the service that has no requests yet with the usual ones (``usual``). Whoever speaks WebSocket
    takes the first scenario that does.
    """
    if DRILLS[kind].driver == "http":
        return msgspec.structs.replace(load, requests=usual(kind, loads, ready))
    found = next((one for one in loads if one.driver == DRILLS[kind].driver and one.url is None), None)
    if found is None:
        return msgspec.structs.replace(load, requests=(RequestSpec(),))
    headers = {**found.headers, **load.headers}
    return msgspec.structs.replace(load, requests=found.requests, headers=headers, websocket=found.websocket)


def _agreed(spec: DrillSpec, service: Any, loads: Sequence[LoadSpec], place: Place, problems: Problems) -> DrillSpec:
    """Note what a drill lacks, and ask for the usual where nothing is asked for."""
    if isinstance(service, dict):
        if spec.load.url is None and not spec.load.requests and not spec.load.sessions:
            return msgspec.structs.replace(
                spec, load=filled(spec.drill, loads, str(service.get("ready", "/")), spec.load)
            )
    elif DRILLS[spec.drill].starts:
        problems.add(place, "", Unfit(f"the drill {spec.drill} starts and ends the service itself: add [service]"))
    elif spec.load.url is None:
        why = "missing: a drill needs an address, or a [service] that Brinell starts"
        problems.add(place, "url", Unfit(why), example='url = "http://127.0.0.1:8000"')
    if not spec.load.requests and not spec.load.sessions:
        return msgspec.structs.replace(spec, load=msgspec.structs.replace(spec.load, requests=(RequestSpec(),)))
    return spec


def step_of(spec: DrillSpec) -> Step:
    """Return the step that does a drill."""
    return Step(f"drill:{spec.name}", "drill", spec, needs_service=spec.load.url is None)


def _drill(entry: Any, root: Path, place: Place, loads: Sequence[LoadSpec], problems: Problems) -> DrillSpec | None:
    kind = str(entry.get("drill")) if isinstance(entry, dict) else ""
    own = fields_of(kind) if kind in DRILLS else {}
    known, common = keys(), entry
    if isinstance(entry, dict):
        common = {key: value for key, value in entry.items() if key in known}
        for key in [key for key in entry if key not in known and key not in own]:
            problems.unknown(place, key, [*own, *known], value=entry[key])
    values = read_table(common, known, place, problems, required=("drill",))
    if "requests" in values:
        values["requests"] = sessions.requests(values["requests"], place, problems, tables.request(root))
    if not own or "drill" not in values:
        return None
    options = options_of({key: entry[key] for key in entry if key in own}, kind, place, problems)
    load = _load(values, place, loads, problems)
    if load is None:
        return None
    if DRILLS[kind].starts and load.url is not None:
        problems.add(place, "url", Unfit(STARTS.format(kind)), value=load.url)
    elif "url" in values and load.url is not None and (why := unspoken(kind, load.url)):
        problems.add(place, "url", Unfit(why), value=load.url)
    if load.version not in DRILLS[kind].versions:
        problems.add(place, "version", Unfit(f"the drill {kind} speaks HTTP/1.1"), value=load.version)
    rate = values.get("rate") or float(load.shape.get("rate") or RATE)
    return DrillSpec(values.get("name", kind), kind, load, rate, options)


def _load(values: dict[str, Any], place: Place, loads: Sequence[LoadSpec], problems: Problems) -> LoadSpec | None:
    """The traffic: a scenario by its name, or what the drill says itself."""
    given = {key: values[key] for key in _TRAFFIC if key in values}
    if "load" not in values:
        shape = {"kind": "constant", "rate": values.get("rate", RATE), "duration": 1.0}
        name = values.get("name", values["drill"])
        if "url" in given and "requests" not in given:
            given["url"], path = apart(given["url"])
            given["requests"] = (RequestSpec(path=path),)
        return LoadSpec(name=name, shape=shape, **{"connections": CONNECTIONS, "requests": (), **given})
    if "requests" in values:
        problems.add(place, "requests", Unfit("the scenario that load names has its own: take one or the other"))
    found = next((spec for spec in loads if spec.name == values["load"]), None)
    if found is None:
        names = [spec.name for spec in loads]
        problems.add(place, "load", Unfit("no [[load]] has this name", names), value=values["load"])
    elif (why := unfit(values["drill"], found)) is not None:
        problems.add(place, "load", Unfit(why), value=found.name)
    else:
        return msgspec.structs.replace(found, thresholds={}, **given)
    return None


def unfit(kind: str, load: LoadSpec) -> str | None:
    """Say why a drill cannot take a scenario's requests, None if it can."""
    drill = DRILLS[kind]
    if load.driver != drill.driver:
        return f'the drill {kind} takes requests of driver = "{drill.driver}", and this is "{load.driver}"'
    if load.version not in drill.versions:
        return f'the drill {kind} speaks HTTP/1.1, and this has version = "{load.version}"'
    return None


def unspoken(kind: str, url: str) -> str | None:
    """Say why a drill does not speak to an address, None if it does."""
    if url.startswith(("ws://", "wss://")) and DRILLS[kind].driver != "websocket":
        return f"an address for storms: the drill {kind} speaks http:// and https://"
    return None


def apart(url: str) -> tuple[str, str]:
    """Return an address without its path, and the path with its query."""
    parts = checks.split(url)
    return f"{parts.scheme}://{parts.netloc}", (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _version(word: str) -> str:
    """A version of HTTP."""
    if word not in VERSIONS:
        raise Unfit("HTTP is spoken in these versions", VERSIONS)
    return word


def options_of(given: Mapping[str, Any], kind: str, place: Place, problems: Problems) -> dict[str, Any]:
    """Check a drill's own options, and fill in those that are not given."""
    fields, found = fields_of(kind), {}
    for name, value in given.items():
        if name not in fields:
            problems.unknown(place, name, list(fields), value=value)
            continue
        try:
            found[name] = _value(value, fields[name])
        except Unfit as unfit:
            problems.add(place, name, unfit, value=value)
    try:
        drill = msgspec.convert(found, DRILLS[kind])
    except (msgspec.ValidationError, ValueError) as error:
        said = str(error).partition(" - at ")[0]
        key = said.partition(" ")[0]
        problems.add(place, key if key in found else "", Unfit(said), value=found.get(key))
        return {}
    whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(drill))
    return whole


def _value(value: Any, field: msgspec.structs.FieldInfo) -> Any:
    if field.name.endswith("_s") and isinstance(value, str):
        try:
            value = seconds(value)
        except ValueError as error:
            raise Unfit(str(error)) from None
    if field.type is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        msgspec.convert(value, field.type)
    except (msgspec.ValidationError, OverflowError) as error:
        wanted = str(error).partition(", got")[0].replace("`", "'").replace("Expected ", "")
        raise Unfit(f"{wanted} is needed, this is {kind_of(value)}") from None
    return value


def fields_of(kind: str) -> dict[str, msgspec.structs.FieldInfo]:
    """Return a drill's own options by name."""
    return {field.encode_name: field for field in msgspec.structs.fields(_struct(DRILLS[kind]))}


def _struct(drill: type[Drill]) -> Any:
    return drill


def kind_of_drill(name: str) -> str:
    """A drill of the roster."""
    if name not in DRILLS:
        raise Unfit("there is no such drill", list(DRILLS))
    return name


_TRAFFIC = ("url", "requests", "headers", "connections", "workers", "timeout_s", "verify_tls", "version")
STARTS = "the drill {} starts and ends the service itself: an address will not do"
