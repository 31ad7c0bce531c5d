"""``[capacity]`` to a specification; ``one_capacity`` is the way from the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from brinell.config import caches, calls, checks, documents, probing, scenarios, sessions, sockets, tables
from brinell.config.keys import Key, Keys, read_table
from brinell.config.problems import OPTIONS, Place, Problems, Unfit
from brinell.core.capacity_search import CONNECTIONS, QUANTITIES, RATE, RECEIVERS, ROOMS, WHOLE
from brinell.core.capacity_words import counted
from brinell.core.plan import CapacitySpec, LoadSpec, ServiceSpec, Step
from brinell.core.thresholds import CACHE_METRICS, METRICS, SOCKET_METRICS
from brinell.load.capacity.bounds import unfit
from brinell.load.capacity.levels import least, sockets_at

USUAL = {"p95_ms": 500.0, "error_rate": 0.01}
"""Thresholds where none are stated."""

USUAL_REACH = {"reach": 0.99}
"""Of a broadcast besides: one that loses much is quick with what is left."""

START = {RATE: 50.0, CONNECTIONS: 1.0, ROOMS: 1.0, RECEIVERS: 10.0}
START_FEW = 10.0  # where each is more than a request: publishes and sessions a second, connections that stay
LIMIT = {RATE: 100_000.0, CONNECTIONS: 10_000.0, ROOMS: 10_000.0, RECEIVERS: 10_000.0}
MOST = {RATE: 10_000_000.0, CONNECTIONS: 100_000.0, ROOMS: 65_536.0, RECEIVERS: 100_000.0}
MOST_SOCKETS = 100_000
OPEN_CONNECTIONS = 256  # with fewer, their number would set the rate of a slow subject
SEARCH = ("name", "quantity", "start", "limit", "tolerance", "step_s", "budget_s", "at_least")
"""Keys that are the search's own, and not its traffic's."""

SHORTEST_S = 4.0  # of a step: a second of warm-up and three to look at
LEAST_TOLERANCE, MOST_TOLERANCE = 0.005, 0.5
_METRICS = {caches.CACHE: CACHE_METRICS, sockets.SOCKETS: SOCKET_METRICS}
_TRAFFIC = ("url", "requests", "headers", "connections", "workers", "timeout_s", "verify_tls", "pid", "probe")
_OPTIONS = {"at_least": "at-least", "step_s": "step"}
_A_DURATION = "a duration (a number of seconds, or text such as '30s')"
_A_LEVEL = "a number above 0"
Level = Annotated[float, Meta(gt=0, le=1e7)]


def keys() -> Keys:
    """Keys of ``[capacity]``."""
    return {
        "name": Key(str, "text", 'name = "browse"', checks.name),
        "load": Key(str, "the name of a scenario", 'load = "browse"', checks.name),
        "url": Key(str, "text", 'url = "http://127.0.0.1:8000"', checks.url),
        "requests": Key(list[Any], "a list of tables", 'requests = [{ path = "/notes" }]'),
        "headers": Key(dict[str, str], "a table of text values", 'headers = { Accept = "*/*" }', checks.headers),
        "quantity": Key(str, "text", 'quantity = "rate"', quantity),
        "start": Key(Level, _A_LEVEL, "start = 50"),
        "limit": Key(Level, _A_LEVEL, "limit = 10_000"),
        "tolerance": Key(float | str, 'a share ("5%" or 0.05)', 'tolerance = "5%"', share),
        "step_s": Key(float | str, _A_DURATION, 'step_s = "10s"', checks.duration),
        "budget_s": Key(float | str, _A_DURATION, 'budget_s = "10m"', checks.duration),
        "at_least": Key(Level, _A_LEVEL, "at_least = 1000"),
        "thresholds": Key(dict[str, Any], "a table of limits", "thresholds = { p95_ms = 200, error_rate = 0.01 }"),
        "connections": Key(
            Annotated[int, Meta(ge=1, le=100_000)], "a whole number from 1 to 100000", "connections = 256"
        ),
        "workers": Key(Annotated[int, Meta(ge=1, le=256)], "a whole number from 1 to 256", "workers = 1"),
        "timeout_s": Key(float | str, _A_DURATION, 'timeout_s = "5s"', checks.duration),
        "verify_tls": Key(bool, "true or false", "verify_tls = true"),
        "probe": Key(bool, "true or false", "probe = true"),
    }


def searched(
    found: Mapping[str, Any], root: Path, loads: Sequence[LoadSpec], problems: Problems
) -> CapacitySpec | None:
    """Read ``[capacity]`` of a file's tables; None where there is none, or something is wrong with it."""
    if "capacity" not in found:
        return None
    spec = capacity(found["capacity"], root, loads, problems)
    if spec is not None and _is_pressed_on(spec.load) and "service" not in found:
        why = "missing: a search needs an address, or a [service] that Brinell starts"
        problems.add(("capacity",), "url", Unfit(why), example='url = "http://127.0.0.1:8000"')
    return spec


def placed(spec: CapacitySpec | None, service: ServiceSpec | None, python: str | None = None) -> CapacitySpec | None:
    """Return a search whose scenario knows where its document is (``documents.placed``), or its interpreter."""
    if spec is None:
        return None
    if spec.load.driver in calls.INSIDE:
        return msgspec.structs.replace(spec, load=msgspec.structs.replace(spec.load, python=python))
    return msgspec.structs.replace(spec, load=documents.placed(spec.load, service))


def capacity(entry: Any, root: Path, loads: Sequence[LoadSpec], problems: Problems) -> CapacitySpec | None:
    """Read the table; None where something is wrong with it. ``loads`` are the scenarios of the file."""
    place = ("capacity",)
    if isinstance(entry, list):
        problems.add(place, "", Unfit("there is one search in a file: write [capacity] with single brackets"))
        return None
    before = len(problems.found)
    values = read_table(entry, keys(), place, problems)
    if "requests" in values:
        values["requests"] = sessions.requests(values["requests"], place, problems, tables.request(root))
    load = _traffic(values, place, loads, problems)
    if load is not None:
        probing.agree(load, place, problems)
    if "thresholds" in values:
        metrics = METRICS if load is None else metrics_of(load)
        values["thresholds"] = scenarios.thresholds(values["thresholds"], (*place, "thresholds"), problems, metrics)
    if len(problems.found) > before or load is None:
        return None
    inherited = {name: limit for name, limit in load.thresholds.items() if not unfit(name, load)}
    stated = values.get("thresholds", inherited)
    given = {key: values[key] for key in SEARCH if key in values}
    return specification(load, stated, given, place, problems)


def step_of(spec: CapacitySpec) -> Step:
    """Return the step that searches."""
    return Step(f"capacity:{spec.name}", "capacity", spec, needs_service=_is_pressed_on(spec.load))


def metrics_of(load: LoadSpec) -> Sequence[str]:
    """Return the thresholds that a scenario of this kind can have."""
    return _METRICS.get(load.driver, METRICS)


def specification(
    load: LoadSpec, stated: Mapping[str, float], given: Mapping[str, Any], place: Place, problems: Problems
) -> CapacitySpec | None:
    """Return the search for these values; None where they do not go together, which is noted."""
    before = len(problems.found)
    for name in stated:
        if why := unfit(name, load):
            problems.add(_inside(place, "thresholds"), name, Unfit(why), value=stated[name])
    limits = _limits(load, stated)
    of = given.get("quantity", RATE)
    spec = CapacitySpec(
        name=given.get("name", load.name),
        load=msgspec.structs.replace(load, thresholds=limits, steady=False, max_requests=None, shed_after_s=None),
        stated=tuple(stated),
        **{"quantity": of, **_usual(load, of), **{k: v for k, v in given.items() if k != "name"}},
    )
    for key, why in disagreeing(spec):
        problems.add(place, _OPTIONS.get(key, key) if place == OPTIONS else key, Unfit(why), value=given.get(key))
    return spec if len(problems.found) == before else None


def disagreeing(spec: CapacitySpec) -> list[tuple[str, str]]:
    """Return the keys that do not go together, and why."""
    found = _levels(spec)
    if spec.start > spec.limit:
        found.append(("start", f"the search begins below its limit of {spec.limit:g}"))
    if spec.at_least is not None and spec.at_least > spec.limit:
        found.append(("at_least", f"what is asked for lies above the search's limit of {spec.limit:g}"))
    if spec.at_least is not None and not spec.stated:
        found.append(
            ("at_least", "enough for what? state thresholds: --slo p95_ms=200, or thresholds = { p95_ms = 200 }")
        )
    if spec.step_s < SHORTEST_S:
        found.append(("step_s", f"a step takes {SHORTEST_S:g} s or more: one of warm-up, and three to look at"))
    return found + _quantities(spec)


def _levels(spec: CapacitySpec) -> list[tuple[str, str]]:
    found = []
    lowest, most = least(spec.load, spec.quantity), MOST[spec.quantity]
    for key, value in (("start", spec.start), ("limit", spec.limit), ("at_least", spec.at_least)):
        if value is None:
            continue
        if not lowest <= value <= most:
            found.append((key, f"a search for {spec.quantity} goes from {lowest:.0f} to {most:.0f} here"))
        elif spec.quantity in WHOLE and not float(value).is_integer():
            found.append((key, f"{spec.quantity} are counted in whole numbers"))
    return found


def _quantities(spec: CapacitySpec) -> list[tuple[str, str]]:
    """Return what speaks against the quantity, by what the scenario does."""
    does, of = spec.load.websocket, spec.quantity
    broadcasts = does is not None and does.mode == "broadcast"
    if of in {ROOMS, RECEIVERS} and not broadcasts:
        return [("quantity", f"{of} belong to a broadcast of WebSocket messages")]
    if does is None:
        return []
    if does.one_by_one:
        what = "a limit of connections is" if does.limit else "bad manners are"
        option = "--limit N" if does.limit else "--hostile"
        return [("load", f"{what} tried by itself: brinell websocket URL {option}")]
    if of == CONNECTIONS and broadcasts:
        return [("quantity", f"a broadcast grows by {ROOMS}, or by {RECEIVERS} of each")]
    found = []
    if of in WHOLE and spec.load.shape.get("kind") != "constant":
        found.append(("load", f"with more {of} more is said, at an even rate: the scenario needs a constant shape"))
    elif of in WHOLE and sockets_at(spec.load, does, of, spec.limit)[0] > MOST_SOCKETS:
        found.append(("limit", f"that would take more than {MOST_SOCKETS} connections"))
    return found


def _limits(load: LoadSpec, stated: Mapping[str, float]) -> dict[str, float]:
    """Return the thresholds, with the usual ones that stay beside those that are stated."""
    usual = USUAL | (USUAL_REACH if load.websocket is not None and load.websocket.mode == "broadcast" else {})
    if not stated:
        return usual
    return {**stated, **{name: limit for name, limit in usual.items() if name not in stated and name != "p95_ms"}}


def _usual(load: LoadSpec, of: str) -> dict[str, float]:
    """Return where a search begins and ends, where nobody says."""
    does, lowest = load.websocket, least(load, of)
    start, limit = START[of], LIMIT[of]
    if (of == RATE and counted(load) in {"publishes", "sessions"}) or (of == CONNECTIONS and does is not None):
        start = START_FEW
    if does is not None and of in WHOLE:
        limit = max(lowest, limit // max(1, sockets_at(load, does, of, 1)[0]))
    return {"start": min(max(start, lowest), limit), "limit": limit}


def _is_pressed_on(load: LoadSpec) -> bool:
    """Whether it is the service that is asked, for want of an address."""
    return documents.placed(load, None).url is None and load.driver not in calls.INSIDE


def share(value: float | str) -> float:
    """A tolerance: ``0.05`` or ``5%``."""
    try:
        number = float(value.rstrip(" %")) / 100 if isinstance(value, str) and "%" in value else float(value)
    except ValueError:
        raise Unfit("a share is a percentage such as 5%, or a number such as 0.05") from None
    if not LEAST_TOLERANCE <= number <= MOST_TOLERANCE:
        raise Unfit(f"a tolerance lies between {LEAST_TOLERANCE:.1%} and {MOST_TOLERANCE:.0%}")
    return number


def quantity(name: str) -> str:
    """What is searched for."""
    if name not in QUANTITIES:
        raise Unfit("no such quantity", QUANTITIES)
    return name


def _traffic(values: dict[str, Any], place: Place, loads: Sequence[LoadSpec], problems: Problems) -> LoadSpec | None:
    """What is sent: a scenario by its name, or what the table says itself."""
    given = {key: values[key] for key in _TRAFFIC if key in values}
    if "load" not in values:
        name = values.get("name", "capacity")
        return LoadSpec(name=name, shape={}, **{"connections": OPEN_CONNECTIONS, **given})
    if "requests" in values:
        problems.add(place, "requests", Unfit("the scenario that load names has its own: take one or the other"))
    found = next((spec for spec in loads if spec.name == values["load"]), None)
    if found is None:
        problems.add(
            place, "load", Unfit("no [[load]] has this name", [one.name for one in loads]), value=values["load"]
        )
    else:
        return msgspec.structs.replace(found, **given)
    return None


def _inside(place: Place, name: str) -> Place:
    return ("--slo",) if place == OPTIONS else (*place, name)
