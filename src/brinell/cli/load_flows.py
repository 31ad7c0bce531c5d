"""``brinell load URL --flows FILE``: users written in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from brinell.cli import options
from brinell.config import for_flows
from brinell.core.errors import UsageError
from brinell.core.plan import Plan

Flows = Annotated[
    Path | None, typer.Option("--flows", metavar="FILE", help="Users as async def flows in a Python file; see LOAD.md.")
]
_OF_REQUESTS = {
    "method": "--method",
    "body": "--body",
    "form": "--form",
    "data": "--data",
    "openapi": "--openapi",
    "har": "--har",
    "unsafe": "--unsafe",
    "no_validate": "--no-validate",
    "think": "--think",
}


def plan_of_flows(ctx: typer.Context, url: str | None, flows: Path, shape: dict[str, Any], **fields: Any) -> Plan:
    """Return the plan. UsageError for what says otherwise what is sent."""
    for parameter, said in _OF_REQUESTS.items():
        if options.is_given(ctx, parameter):
            raise UsageError(f"--flows says what is sent, and so does {said}", hint=f"leave {said} away")
    if url is None:
        raise UsageError(
            "--flows needs the address that its paths belong to",
            hint=f"brinell load http://127.0.0.1:8000 --flows {flows}",
        )
    if not flows.is_file():
        raise UsageError(f"--flows {flows}: there is no such file")
    return for_flows(options.here(), url, flows.resolve(), shape, **fields)
