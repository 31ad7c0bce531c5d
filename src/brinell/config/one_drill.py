"""The plan of one drill from the command line: of the configuration ``[project]``, ``[service]`` and ``[[load]]``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from brinell.config import checks, sockets, source
from brinell.config.compose import Settings, plan_of, read_settings
from brinell.config.drills import (
    CONNECTIONS,
    RATE,
    STARTS,
    apart,
    fields_of,
    filled,
    options_of,
    step_of,
    unfit,
    unspoken,
)
from brinell.config.problems import Problems, Unfit, as_meant
from brinell.core.errors import UsageError, nearest
from brinell.core.plan import DrillSpec, LoadSpec, Plan, RequestSpec, ServiceSpec
from brinell.core.redact import address
from brinell.rosters.drills import DRILLS


def for_drill(
    root: Path,
    kind: str,
    target: str | None,
    *,
    words: Iterable[str] = (),
    load: str | None = None,
    rate: float | None = None,
    request: dict[str, Any],
    service: ServiceSpec | None = None,
    **fields: Any,
) -> Plan:
    """Return the plan of one drill. ``target`` is an address, or a path of the service; ``words`` are ``key=value`` of
    the drill's own options; ``load`` names a scenario whose requests it takes; ``fields`` are further ones of
    ``LoadSpec``. ``UsageError`` for what cannot be.
    """
    if kind not in DRILLS:
        close = nearest(kind, list(DRILLS))
        hint = f"did you mean brinell drill {close}?" if close else "brinell drill says what each does"
        raise UsageError(f"there is no drill '{kind}'; there are {', '.join(DRILLS)}", hint=hint)
    settings = read_settings(source.read(root))
    if service is not None:
        settings = msgspec.structs.replace(settings, service=service)
    url, path = _place(kind, target)
    _refuse_without(kind, url, settings)
    options = _options(kind, words)
    traffic = _scenario(kind, settings, load, target, request) if load is not None else None
    if traffic is None:
        shape = {"kind": "constant", "rate": rate or RATE, "duration": 1.0}
        requests: tuple[RequestSpec, ...] = (RequestSpec(path=path or "/", **request),)
        traffic = LoadSpec(name=kind, shape=shape, url=url, requests=requests, connections=CONNECTIONS)
        if target is None and settings.service is not None and request == {"method": "GET"}:
            traffic = filled(kind, settings.loads, settings.service.ready, traffic)
    given = {name: value for name, value in fields.items() if value is not None}
    if "headers" in given:
        given["headers"] = {**traffic.headers, **given["headers"]}
    if given.get("version", "1.1") not in DRILLS[kind].versions:
        raise UsageError(f"--http2: the drill {kind} speaks HTTP/1.1", hint="leave --http2 away")
    traffic = msgspec.structs.replace(traffic, **given)
    spec = DrillSpec(kind, kind, traffic, rate or float(traffic.shape.get("rate") or RATE), options)
    return plan_of(root, settings, [step_of(spec)])


def service_of(command: str | None, ready: str | None, stop_s: float | None) -> ServiceSpec | None:
    """Return a service from the command line; None where no command was given. ``UsageError`` for what cannot be."""
    if command is None:
        if ready is not None or stop_s is not None:
            raise UsageError(
                "--ready and --stop-timeout belong to --service", hint='--service "uvicorn shop.app:app --port {port}"'
            )
        return None
    given: dict[str, Any] = {} if stop_s is None else {"stop_timeout_s": stop_s}
    try:
        return ServiceSpec(command=checks.command(command), ready=checks.path(ready or "/"), **given)
    except Unfit as unfit:
        raise UsageError(f"--service {command}: {unfit.why}", hint='--service "python app.py {port}"') from None


def _place(kind: str, target: str | None) -> tuple[str | None, str | None]:
    """An address and the path in it; a path alone is the service's."""
    if target is None:
        return None, None
    try:
        if target.startswith("/"):
            return None, checks.path(target)
        found = apart(checks.target_url(target))
        why = unspoken(kind, target)
    except Unfit as unfit:
        why = unfit.why
    if why is not None:
        scheme = "ws" if DRILLS[kind].driver == sockets.SOCKETS else "http"
        hint = as_meant(f"brinell drill {kind} {{}}", target, scheme, "/path, or an address")
        raise UsageError(f"{address(target)}: {why}", hint=hint) from None
    if DRILLS[kind].starts:
        raise UsageError(STARTS.format(kind), hint=f'brinell drill {kind} /path --service "uvicorn shop.app:app ..."')
    return found


def _refuse_without(kind: str, url: str | None, settings: Settings) -> None:
    if url is not None or settings.service is not None:
        return
    if DRILLS[kind].starts:
        why = f"the drill {kind} starts and ends the service itself, and there is no [service]"
        raise UsageError(why, hint=f'brinell drill {kind} --service "uvicorn shop.app:app --port {{port}}"')
    raise UsageError(
        f"the drill {kind} needs an address, or a [service] that it can start",
        hint=f"brinell drill {kind} http://127.0.0.1:8000/",
    )


def _options(kind: str, words: Iterable[str]) -> dict[str, Any]:
    problems = Problems("brinell drill", hint="brinell drill lists every drill's options")
    given: dict[str, Any] = {}
    for word in words:
        key, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not key:
            name, field = next(iter(fields_of(kind).items()))
            raise UsageError(f"--set {word}: an option is KEY=VALUE", hint=f"--set {name}={field.default}")
        given[key] = _toml(value)
    options = options_of(given, kind, ("--set",), problems)
    problems.finish()
    return options


def _toml(text: str) -> Any:
    """Read a value as TOML writes it; what is none is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _scenario(kind: str, settings: Settings, name: str, target: str | None, request: dict[str, Any]) -> LoadSpec:
    found = next((spec for spec in settings.loads if spec.name == name), None)
    if found is None:
        names = [spec.name for spec in settings.loads]
        close = nearest(name, names)
        there = f"there are {', '.join(names)}" if names else "there are none in brinell.toml"
        raise UsageError(f"--load {name}: no [[load]] has this name; {there}", hint=close and f"--load {close}")
    if (why := unfit(kind, found)) is not None:
        raise UsageError(f"--load {name}: {why}")
    if target is not None or request.keys() - {"method"} or request.get("method", "GET") != "GET":
        raise UsageError(f"--load {name} has its own requests", hint="leave the address, --method and --body away")
    return msgspec.structs.replace(found, thresholds={})
