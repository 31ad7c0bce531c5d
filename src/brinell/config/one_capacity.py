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


def one_capacity(
    root: Path, url: str, *, request: Mapping[str, Any], limits: Mapping[str, float], **given: Any
) -> Plan:
    """Return the plan of one search from the command line. ``given``: keys of the table, None: not given."""
    example = "brinell capacity http://127.0.0.1:8000/"
    try:
        parts = checks.split(checks.url(url))
    except Unfit as unfit:
        raise UsageError(f"{url}: {unfit.why}", hint=example) from None
    problems = Problems("brinell capacity", hint="brinell capacity --help")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    given = {key: value for key, value in given.items() if value is not None}
    traffic = {key: value for key, value in given.items() if key not in SEARCH}
    load = LoadSpec(
        name=slug(parts.path) or "capacity",
        shape={},
        url=f"{parts.scheme}://{parts.netloc}",
        requests=(RequestSpec(path=path, **request),),
        **{"connections": OPEN_CONNECTIONS, **traffic},
    )
    searched = {key: value for key, value in given.items() if key in SEARCH}
    stated = scenarios.thresholds(limits, ("--slo",), problems)
    spec = specification(load, stated, searched, OPTIONS, problems)
    problems.finish()
    if spec is None:
        raise AssertionError("what is wrong with a search is told")
    return plan_of(root, read_settings(source.read(root)), [step_of(spec)])
