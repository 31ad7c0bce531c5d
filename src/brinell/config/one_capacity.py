"""The plan of one search for the breaking point from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from brinell.config import checks, probing, scenarios, sockets, source
from brinell.config.capacity import OPEN_CONNECTIONS, SEARCH, metrics_of, placed, specification, step_of
from brinell.config.compose import Settings, plan_of, read_settings, slug
from brinell.config.problems import OPTIONS, Problems, Unfit, as_meant
from brinell.core.errors import UsageError, nearest
from brinell.core.plan import LoadSpec, Plan, RequestSpec
from brinell.core.redact import address
from brinell.load.cache.address import is_store
from brinell.load.capacity.bounds import unfit

EXAMPLE = "brinell capacity http://127.0.0.1:8000/"
SOCKET_EXAMPLE = "brinell capacity ws://127.0.0.1:8000/echo"
_STEP_S = 10.0  # stands for the length of a schedule that each step makes anew


def one_capacity(
    root: Path, target: str | None, *, request: Mapping[str, Any], limits: Mapping[str, float], **given: Any
) -> Plan:
    """Return the plan of one search from the command line. ``target``: an address, or a path of the ``[service]`` that
    the run starts, "/" where it is None. ``given``: keys of the table, None: not given.
    """
    settings = _settings(root, target)
    url, path = _place(target or "/")
    load = LoadSpec(
        name=slug(path.partition("?")[0]) or "capacity",
        shape={},
        url=url,
        requests=(RequestSpec(path=path, **request),),
        **{"connections": OPEN_CONNECTIONS, **_traffic(given)},
    )
    return _plan(root, settings, load, limits, given)


def socket_capacity(
    root: Path,
    target: str | None,
    *,
    table: Mapping[str, Any],
    rate: float,
    connections: int,
    limits: Mapping[str, float],
    **given: Any,
) -> Plan:
    """Return the plan of one search with connections that stay; ``table`` is what ``websocket = { ... }`` would say but
    its path. So many ``connections`` say ``rate`` messages a second, where something else is searched for.
    """
    settings = _settings(root, target)
    url, path = _place(target or "/", sockets=True)
    problems = _problems()
    found = sockets.read({**table, "path": path}, Path.cwd(), OPTIONS, problems, connections)
    problems.finish()
    load = LoadSpec(
        name=slug(path.partition("?")[0].replace("{{", "").replace("}}", "")) or "websocket",
        shape={"kind": "constant", "rate": rate, "duration": _STEP_S},
        url=url,
        driver=sockets.SOCKETS,
        **{**_traffic(given), "connections": connections, **found},
    )
    return _plan(root, settings, load, limits, given)


def named_capacity(root: Path, name: str, *, limits: Mapping[str, float], **given: Any) -> Plan:
    """Return the plan of one search with the traffic of a ``[[load]]`` of the configuration."""
    settings = read_settings(source.read(root))
    load = next((spec for spec in settings.loads if spec.name == name), None)
    if load is None:
        names = [spec.name for spec in settings.loads]
        close = nearest(name, names)
        there = f"there are {', '.join(names)}" if names else "there are none"
        raise UsageError(
            f"--load {name}: no [[load]] has this name; {there}",
            hint=f"did you mean --load {close}?" if close else None,
        )
    traffic = {key: value for key, value in _traffic(given).items() if key != "calibrate"}
    return _plan(root, settings, msgspec.structs.replace(load, **traffic), limits, given)


def tabled_capacity(root: Path, *, limits: Mapping[str, float], **given: Any) -> Plan | None:
    """Return the plan of the search that ``[capacity]`` describes, with what is ``given`` in place of its own; None
    where the configuration has no such table.
    """
    settings = read_settings(source.read(root))
    table = settings.capacity
    if table is None:
        return None
    kept = set(SEARCH)
    if given.get("quantity") not in {None, table.quantity}:
        kept -= {"start", "limit", "at_least"}  # which are of the other quantity
    searched = {key: getattr(table, key) for key in kept} | {k: v for k, v in given.items() if v is not None}
    stated = {name: table.load.thresholds[name] for name in table.stated}
    load = msgspec.structs.replace(table.load, thresholds=stated, **_traffic(given))
    return _plan(root, settings, load, limits, searched)


def _settings(root: Path, target: str | None) -> Settings:
    settings = read_settings(source.read(root))
    if settings.service is None and (target is None or target.startswith("/")):
        raise UsageError("brinell capacity needs an address, or a [service] that it can start", hint=EXAMPLE)
    return settings


def _traffic(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None and key not in SEARCH}


def _plan(
    root: Path, settings: Settings, load: LoadSpec, limits: Mapping[str, float], given: Mapping[str, Any]
) -> Plan:
    problems = _problems()
    searched = {key: value for key, value in given.items() if value is not None and key in SEARCH}
    stated = scenarios.thresholds(limits, ("--slo",), problems, metrics_of(load)) or _kept(load)
    spec = specification(load, stated, searched, OPTIONS, problems)
    probing.agree(load, OPTIONS, problems)
    problems.finish()
    if spec is None:
        raise AssertionError("what is wrong with a search is told")
    spec = placed(spec, settings.service, settings.project.get("python")) or spec
    if spec.load.url is None and settings.service is None and step_of(spec).needs_service:
        raise UsageError(f"{load.name}: a search needs an address, or a [service] that it can start", hint=EXAMPLE)
    return plan_of(root, settings, [step_of(spec)])


def _kept(load: LoadSpec) -> dict[str, float]:
    """Return the thresholds that a scenario brings along and a search can hold a step to."""
    return {name: limit for name, limit in load.thresholds.items() if not unfit(name, load)}


def _problems() -> Problems:
    return Problems("brinell capacity", hint="brinell capacity --help")


def _place(target: str, *, sockets: bool = False) -> tuple[str | None, str]:
    """Return an address and the path in it; a path alone is the service's."""
    if is_store(target):
        raise UsageError(
            f"{address(target)}: a store's traffic is that of a [[load]], which the search takes with --load",
            hint='driver = "cache", cache = { target = "redis://127.0.0.1:6379" }: brinell capacity --load NAME',
        )
    try:
        if target.startswith("/"):
            return None, target if sockets else checks.path(target)
        parts = checks.split((checks.target_url if sockets else checks.url)(target))
    except Unfit as unfit:
        hint = as_meant("brinell capacity {}", target, "ws" if sockets else "http")
        raise UsageError(f"{address(target)}: {unfit.why}", hint=hint) from None
    return f"{parts.scheme}://{parts.netloc}", (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
