"""The plan of one load scenario from the command line or a test: of the configuration only ``[project]`` is used.

Each function takes a shape's table (``kind`` and its options), ``limits`` (thresholds by name), and further ``fields``
of ``LoadSpec``. ``UsageError`` for what cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

import msgspec

from brinell.config import caches, calls, checks, sessions, sockets, source
from brinell.config.compose import plan_of, read_settings, slug
from brinell.config.problems import OPTIONS, Problem, Problems, Unfit, as_meant
from brinell.config.scenarios import shape, shape_of, thresholds
from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec, Plan, RequestSpec, Step
from brinell.core.redact import address
from brinell.core.thresholds import CACHE_METRICS, METRICS, SOCKET_METRICS
from brinell.load.cache.address import is_store, lacking, name_of

Table = Mapping[str, Any]
Limits = Mapping[str, float]


def for_load(root: Path, url: str, load_shape: Table, *, request: Table, limits: Limits, **fields: Any) -> Plan:
    """Return the plan of one kind of request to an address; its path is the address's own."""
    parts = _parts(url, "brinell load {}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields |= {"url": f"{parts.scheme}://{parts.netloc}", "requests": (RequestSpec(path=path, **request),)}
    return _plan(root, slug(parts.path) or "load", load_shape, limits, fields, agree=_agree)


def for_document(root: Path, url: str, load_shape: Table, *, limits: Limits, **fields: Any) -> Plan:
    """Return the plan of requests that a document describes, below the path of ``url``."""
    fields["url"] = _below(_parts(url, "brinell load {}"))
    return _plan(root, "openapi" if fields.get("openapi") else "har", load_shape, limits, fields)


def for_flows(root: Path, url: str, flows: Path, load_shape: Table, *, limits: Limits, **fields: Any) -> Plan:
    """Return the plan of flows; the address's path stands before theirs."""
    fields |= {"url": _below(_parts(url, "brinell load {} --flows FILE")), "flows": str(flows)}
    return _plan(root, slug(flows.stem) or "flows", load_shape, limits, fields)


def for_cache(root: Path, load_shape: Table, *, table: Table, limits: Limits, **fields: Any) -> Plan:
    """Return the plan of operations on a cache; ``table`` is what ``[load.cache]`` would say."""
    try:
        caches.target(table["target"])
    except Unfit as unfit:
        where = table["target"]
        why, hint = (
            unfit.why,
            "brinell cache redis://127.0.0.1:6379" if is_store(where) else "brinell cache shop.cache:cache",
        )
        if (scheme := lacking(where)) is not None:
            why = "an address starts with http://, https://, redis:// or memcached://"
            hint = as_meant("brinell cache {}", where, scheme)
        raise UsageError(f"{address(where)}: {why}", hint=hint) from None
    problems = Problems("brinell cache", hint="brinell cache --help")
    spec = caches.read(dict(table), OPTIONS, problems)
    problems.found = [_as_option(one) for one in problems.found]
    problems.finish()
    if spec is None:
        raise TypeError("what is wrong with the table has been told")
    settings = read_settings(source.read(root))
    fields |= {"cache": spec, **caches.placed(spec)}
    if fields["driver"] == caches.CACHE:
        fields["python"] = fields["python"] or settings.project.get("python")
    elif fields["url"] is None:
        raise UsageError(
            f"{spec.target}: of which service?", hint=f"brinell cache 'http://127.0.0.1:8000{spec.target}'"
        )
    return _plan(root, slug(name_of(spec.target)) or "cache", load_shape, limits, fields, metrics=CACHE_METRICS)


def _as_option(problem: Problem) -> Problem:
    """Return a problem with a key of the table as one with its option; ``--no-probe`` has no value."""
    key = caches.option_of(problem.key)
    given = "" if key.startswith("no-") else problem.given
    return msgspec.structs.replace(problem, key=key, given=given, example="")


def for_websocket(root: Path, url: str, load_shape: Table, *, table: Table, limits: Limits, **fields: Any) -> Plan:
    """Return the plan of connections that stay; ``table`` is what ``websocket = { ... }`` would say but its path, which
    is the address's own.
    """
    parts = _parts(url, "brinell websocket {}", checks.target_url, "ws")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    problems = Problems("brinell websocket", hint="brinell websocket --help")
    found = sockets.read({**table, "path": path}, Path.cwd(), OPTIONS, problems, fields["connections"])
    if found:
        sockets.asked(limits, found[sockets.SOCKETS], ("--slo",), problems)
    problems.finish()
    fields |= {"driver": sockets.SOCKETS, "url": f"{parts.scheme}://{parts.netloc}", **found}
    name = slug(parts.path) or "websocket"
    return _plan(root, name, load_shape, limits, fields, metrics=SOCKET_METRICS)


def for_call(root: Path, call: str, load_shape: Table, *, limits: Limits, **fields: Any) -> Plan:
    """Return the plan of calls of a function of the project."""
    try:
        name = calls.target(call)
        fields["setup"] = None if fields["setup"] is None else calls.target(fields["setup"])
        fields["args"] = calls.arguments(fields["args"])
        checks.payload(fields["kwargs"])
    except Unfit as unfit:
        raise UsageError(f"--call {call}: {unfit.why}", hint="brinell load --call shop.cache:get_user") from None
    settings = read_settings(source.read(root))
    fields |= {"driver": calls.CALL, "call": name, "python": fields["python"] or settings.project.get("python")}
    return _plan(root, slug(name.partition(":")[2]) or "call", load_shape, limits, fields)


def _parts(url: str, command: str, check: Callable[[str], str] = checks.url, scheme: str = "http") -> SplitResult:
    """Split an address. UsageError for what is none, with the ``command`` as it was most likely meant."""
    try:
        return checks.split(check(url))
    except Unfit as unfit:
        elsewhere = url.startswith(sockets.SCHEMES) and check is checks.url
        told = address(url)
        hint = f"brinell websocket {told}" if elsewhere else as_meant(command, url, scheme)
        raise UsageError(f"{told}: {unfit.why}", hint=hint) from None


def _below(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _agree(spec: LoadSpec) -> None:
    sessions.agree_alone(spec, shape_of(spec.shape).planned())


def _plan(
    root: Path,
    name: str,
    load_shape: Table,
    limits: Limits,
    fields: Table,
    *,
    agree: Callable[[LoadSpec], None] = lambda _: None,
    metrics: Sequence[str] = METRICS,
) -> Plan:
    problems = Problems("brinell load", hint="brinell load --help")
    spec = LoadSpec(
        name=name,
        shape=shape(load_shape, OPTIONS, problems, Path.cwd()),
        thresholds=thresholds(limits, ("--slo",), problems, metrics),
        **fields,
    )
    problems.finish()
    agree(spec)
    return plan_of(root, read_settings(source.read(root)), [Step(f"load:{name}", "load", spec)])
