"""``[[load]]`` tables to load specifications: the shape by the roster of shapes, thresholds by the metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from brinell.config import caches, calls, checks, documents, probing, sessions, sockets, tables
from brinell.config.durations import seconds
from brinell.config.keys import kind_of, read_table
from brinell.config.problems import Place, Problems, Unfit
from brinell.core.plan import LoadSpec
from brinell.core.thresholds import CACHE_METRICS, METRICS, SOCKET_METRICS, example_limit, why_no_limit
from brinell.load.contract import Shape
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

_METRICS = {caches.CACHE: CACHE_METRICS, sockets.SOCKETS: SOCKET_METRICS}
VARYING = ("ramp", "steps", "spike", "sine", "replay")


def scenarios(entries: Any, root: Path, problems: Problems) -> tuple[LoadSpec, ...]:
    """Read every ``[[load]]``; those with problems are left out."""
    if not isinstance(entries, list):
        problems.add(("load",), "", Unfit("scenarios are a list: write [[load]] with two brackets"))
        return ()
    specs: list[LoadSpec] = []
    for number, entry in enumerate(entries):
        before = len(problems.found)
        values = scenario(entry, root, ("load", number), problems)
        name = values.get("name")
        if name in {spec.name for spec in specs}:
            problems.add(("load", number), "name", Unfit("another scenario has this name"), value=name)
        if len(problems.found) == before:
            spec = LoadSpec(**values)
            if spec.websocket is None:
                sessions.agree(spec, shape_of(spec.shape).planned(), root, ("load", number), problems)
            probing.agree(spec, ("load", number), problems)
            specs.append(spec)
    return tuple(specs)


def scenario(entry: Any, root: Path, place: Place, problems: Problems) -> dict[str, Any]:
    """Read one scenario into the fields of ``LoadSpec``."""
    keys, later = tables.load(root), tables.LATER["load"]
    is_socket = isinstance(entry, dict) and entry.get("driver") == sockets.SOCKETS
    required = ("name",) if is_socket else ("name", "shape")
    values = read_table(entry, keys, place, problems, later=later, required=required)
    if isinstance(entry, dict):
        calls.agree(entry, keys, place, problems)
        caches.agree(entry, keys, place, problems)
        documents.agree(entry, place, problems)
    if "flows" in values:
        _file(values, "flows", root, place, problems)
    if "driver" in values:
        _driver(values["driver"], place, problems)
    if "shape" in values:
        values["shape"] = shape(values["shape"], (*place, "shape"), problems, root)
    if "requests" in values:
        values["requests"] = sessions.requests(values["requests"], place, problems, tables.request(root))
    _sessions(values, root, place, problems)
    if "thresholds" in values:
        metrics = _METRICS.get(str(values.get("driver")), METRICS)
        values["thresholds"] = thresholds(values["thresholds"], (*place, "thresholds"), problems, metrics)
    if "cache" in values:
        values["cache"] = caches.read(values["cache"], (*place, "cache"), problems)
        values |= {} if values["cache"] is None else caches.placed(values["cache"])
    if isinstance(entry, dict):
        sockets.scenario(entry, values, root, place, problems)
    for key, why in disagreeing(str(values.get("shape", {}).get("kind")), values):
        problems.add(place, key, Unfit(why), value=values[key])
    return values


def disagreeing(kind: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the keys of a scenario that don't go with its kind of shape, and why."""
    found = []
    if kind == "closed" and values.get("shed_after_s") is not None:
        found.append(("shed_after_s", "users of a closed model wait for nothing: there is nothing to shed"))
    if kind == "closed" and values.get("grain_s"):
        found.append(("grain_s", "in a closed model nothing falls due: users come back when they were answered"))
    if kind in VARYING and values.get("steady"):
        found.append(("steady", f"the rate of a {kind} changes by plan, so that there is no one steady state"))
    return found


def _sessions(values: dict[str, Any], root: Path, place: Place, problems: Problems) -> None:
    if "data" in values:
        values["data"] = sessions.data(values["data"], root, place, problems)
    if "sessions" not in values:
        return
    values["sessions"] = sessions.sessions(values["sessions"], place, problems, tables.request(root))
    if "requests" in values:
        problems.add(place, "sessions", Unfit("sessions have their own requests: take one or the other"))
    values["requests"] = ()


def shape(table: Mapping[str, Any], place: Place, problems: Problems, root: Path) -> dict[str, Any]:
    """Check a shape against its kind's fields; return the table with durations in seconds, and files made absolute."""
    kind = table.get("kind")
    kinds = list(SHAPES)
    if kind is None:
        problems.add(place, "kind", Unfit("missing: every shape has a kind", kinds, ""))
        return {}
    if not isinstance(kind, str) or kind not in SHAPES:
        problems.add(place, "kind", Unfit("no such kind of shape", kinds), value=kind)
        return {}
    before = len(problems.found)
    read = {"kind": kind} | _fields(table, SHAPES[kind], place, problems, root)
    if len(problems.found) == before:
        _whole(read, place, problems)
    return read


def shape_of(table: Mapping[str, Any]) -> Shape:
    """Return the shape that a checked table describes."""
    options = {name: value for name, value in table.items() if name != "kind"}
    return msgspec.convert(options, SHAPES[table["kind"]])


def thresholds(
    table: Mapping[str, Any], place: Place, problems: Problems, metrics: Sequence[str] = METRICS
) -> dict[str, float]:
    """Check threshold names and limits."""
    found: dict[str, float] = {}
    for name, limit in table.items():
        if name not in metrics:
            problems.add(place, name, Unfit("no such threshold", metrics, name), value=limit)
            continue
        try:
            found[name] = _limit(name, limit)
        except Unfit as unfit:
            problems.add(place, name, unfit, value=limit, example=f"{name} = {example_limit(name)}")
    return found


def _limit(name: str, limit: Any) -> float:
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        raise Unfit(f"a limit is a number, this is {kind_of(limit)}")
    if why := why_no_limit(name, limit):
        raise Unfit(why)
    return float(limit)


def _file(values: dict[str, Any], key: str, root: Path, place: Place, problems: Problems) -> None:
    try:
        values[key] = checks.file(root)(values[key])
    except Unfit as unfit:
        problems.add(place, key, unfit, value=values[key])


def _driver(name: str, place: Place, problems: Problems) -> None:
    choices = [one for one in DRIVERS if one not in caches.UNWRITTEN]
    if name not in choices:
        problems.add(place, "driver", Unfit("no such driver", choices), value=name)


def _fields(table: Mapping[str, Any], kind: Any, place: Place, problems: Problems, root: Path) -> dict[str, Any]:
    """Convert each key of a shape to the type its kind gives it; durations may be text, paths are below ``root``."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name == "kind":
            continue
        if name not in fields:
            problems.unknown(place, name, list(fields), value=value)
            continue
        try:
            found[name] = _field(value, fields[name], root)
        except Unfit as unfit:
            problems.add(place, name, unfit, value=value)
    for name, field in fields.items():
        if field.required and name not in table:
            problems.add(place, name, Unfit(f"missing: a shape of kind '{table['kind']}' needs it"))
    return found


def _field(value: Any, field: msgspec.structs.FieldInfo, root: Path) -> Any:
    if field.name == "file" and isinstance(value, str):
        return checks.file(root)(value)
    if _is_duration(field.name):
        value = [_seconds(one) for one in value] if isinstance(value, list) else _seconds(value)
    try:
        msgspec.convert(value, field.type)
    except (msgspec.ValidationError, OverflowError) as error:
        raise Unfit(_plainly(str(error), value)) from None
    return value


def _seconds(value: Any) -> Any:
    """Read a duration that is text; leave anything else to the type."""
    if not isinstance(value, str):
        return value
    try:
        return seconds(value)
    except ValueError as error:
        raise Unfit(str(error)) from None


def _is_duration(name: str) -> bool:
    return name == "duration" or name.endswith("_s")


def _whole(table: dict[str, Any], place: Place, problems: Problems) -> None:
    """Let the kind itself look at all its fields together; its words begin with the field they are about."""
    try:
        shape_of(table).planned()  # a recording is read for this
    except (msgspec.ValidationError, ValueError) as error:
        said = _plainly(str(error), None)
        key = said.partition(" ")[0]
        problems.add(place, key if key in table else "", Unfit(said), value=table.get(key))


def _plainly(message: str, value: Any) -> str:
    """Word a msgspec message for people: without its paths, and with what was given."""
    said = message.partition(" - at ")[0].replace("`", "'")
    said = said.replace("Expected 'float'", "a number is needed").replace("Expected 'int'", "a whole number is needed")
    return said if value is None or "got" not in said else f"{said.split(', got')[0]}, this is {kind_of(value)}"
