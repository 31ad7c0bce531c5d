"""``brinell load --call module:function``: its options, and what they make."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from brinell.cli import load_request, options
from brinell.config import for_call
from brinell.core.errors import UsageError
from brinell.core.plan import Plan

Call = Annotated[
    str | None, typer.Option("--call", metavar="MODULE:FUNCTION", help="Call a function of the project; no URL then.")
]
Args = Annotated[str | None, typer.Option("--args", metavar="JSON", help="With --call: its arguments, '[7, \"a\"]'.")]
Kwargs = Annotated[str | None, typer.Option("--kwargs", metavar="JSON", help="With --call: those by name.")]
Setup = Annotated[
    str | None,
    typer.Option("--setup", metavar="MODULE:FUNCTION", help="With --call: what it returns is the first argument."),
]
Python = Annotated[
    str | None, typer.Option("--python", metavar="PY", help="With --call: the interpreter. Default: the project's own.")
]
OF_CALLS = {"args": "--args", "kwargs": "--kwargs", "setup": "--setup", "python": "--python"}
_OF_ADDRESSES = {
    "url": "URL", "method": "--method", "header": "--header", "body": "--body", "pid": "--pid", "flows": "--flows",
    "openapi": "--openapi", "har": "--har", "http2": "--http2", "streams": "--streams", "unsafe": "--unsafe",
    "no_validate": "--no-validate", "think": "--think", "no_calibrate": "--no-calibrate", **load_request.OWN,
}  # fmt: skip
_HINT = "brinell load --call shop.cache:get_user"


def plan_of_call(ctx: typer.Context, call: str, shape: dict[str, Any], **given: Any) -> Plan:
    """Return the plan. UsageError for what belongs to an address, or is not JSON."""
    for parameter, said in _OF_ADDRESSES.items():
        if options.is_given(ctx, parameter):
            raise UsageError(f"--call calls a function, and {said} is for an address", hint=f"leave {said} away")
    given["args"] = _json("--args", given["args"], list, "'[7]'") or []
    given["kwargs"] = _json("--kwargs", given["kwargs"], dict, "'{\"fresh\": true}'") or {}
    given["python"] = options.interpreter(given["python"])
    return for_call(options.here(), call, shape, **given)


def refuse_without_call(ctx: typer.Context) -> None:
    """UsageError for options that only a call can use."""
    for parameter, said in OF_CALLS.items():
        if options.is_given(ctx, parameter):
            raise UsageError(f"{said} is for --call", hint=_HINT)


def _json(option: str, text: str | None, kind: type[Any], example: str) -> Any:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{option} {text[:40]}: this is not JSON: {error}", hint=f"{option} {example}") from None
    if not isinstance(value, kind):
        what = "a list" if kind is list else "a table"
        raise UsageError(f"{option} {text[:40]}: {what} is needed", hint=f"{option} {example}")
    return value
