"""The plan of one search for the breaking point from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brinell.config import checks, scenarios, source
from brinell.config.capacity import OPEN_CONNECTIONS, SEARCH, specification, step_of
from brinell.config.compose import plan_of, read_settings, slug
from brinell.config.problems import OPTIONS, Problems, Unfit
from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec, Plan, RequestSpec

EXAMPLE = "brinell capacity http://127.0.0.1:8000/"


def one_capacity(
    root: Path, target: str | None, *, request: Mapping[str, Any], limits: Mapping[str, float], **given: Any
) -> Plan:
    """Return the plan of one search from the command line. ``target``: an address, or a path of the ``[service]`` that
    the run starts, "/" where it is None. ``given``: keys of the table, None: not given.
    """
    settings = read_settings(source.read(root))
    if settings.service is None and (target is None or target.startswith("/")):
        raise UsageError("brinell capacity needs an address, or a [service] that it can start", hint=EXAMPLE)
    url, path = _place(target or "/")
    problems = Problems("brinell capacity", hint="brinell capacity --help")
    given = {key: value for key, value in given.items() if value is not None}
    traffic = {key: value for key, value in given.items() if key not in SEARCH}
    load = LoadSpec(
        name=slug(path.partition("?")[0]) or "capacity",
        shape={},
        url=url,
        requests=(RequestSpec(path=path, **request),),
        **{"connections": OPEN_CONNECTIONS, **traffic},
    )
    searched = {key: value for key, value in given.items() if key in SEARCH}
    stated = scenarios.thresholds(limits, ("--slo",), problems)
    spec = specification(load, stated, searched, OPTIONS, problems)
    problems.finish()
    if spec is None:
        raise AssertionError("what is wrong with a search is told")
    return plan_of(root, settings, [step_of(spec)])


def _place(target: str) -> tuple[str | None, str]:
    """Return an address and the path in it; a path alone is the service's."""
    try:
        if target.startswith("/"):
            return None, checks.path(target)
        parts = checks.split(checks.url(target))
    except Unfit as unfit:
        raise UsageError(f"{target}: {unfit.why}", hint=EXAMPLE) from None
    return f"{parts.scheme}://{parts.netloc}", (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
