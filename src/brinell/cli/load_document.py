"""``brinell load --openapi`` and ``--har``: their options, and what they make."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from brinell.cli import load_request, options
from brinell.config import checks, documents, for_document
from brinell.config.problems import Unfit
from brinell.core.addresses import meant
from brinell.core.errors import UsageError
from brinell.core.plan import Plan
from brinell.core.redact import address

Openapi = Annotated[
    str | None,
    typer.Option("--openapi", metavar="URL|FILE", help="Send what this document describes and only reads."),
]
Unsafe = Annotated[bool, typer.Option("--unsafe", help="With --openapi: also what changes something.")]
NoValidate = Annotated[
    bool, typer.Option("--no-validate", help="With --openapi: do not compare answers with the document.")
]
Har = Annotated[
    Path | None, typer.Option("--har", metavar="FILE", help="Send the requests of a browser's recording (HAR).")
]
Think = Annotated[bool, typer.Option("--think", help="With --har: in its order, and with its pauses.")]

_OF_OPENAPI = {"unsafe": "--unsafe", "no_validate": "--no-validate"}
_OF_ONE_REQUEST = {"method": "--method", "body": "--body", **load_request.OWN}
_HINT = "brinell load --openapi http://127.0.0.1:8000/openapi.json"


def plan_of_document(
    ctx: typer.Context,
    url: str | None,
    shape: dict[str, Any],
    *,
    openapi: str | None,
    unsafe: bool,
    no_validate: bool,
    har: Path | None,
    think: bool,
    **given: Any,
) -> Plan:
    """Return the plan of a scenario that a document describes. UsageError for what does not go together."""
    if openapi is not None and har is not None:
        raise UsageError("--openapi and --har both say what is sent", hint="leave one of both away")
    told = "--openapi" if openapi is not None else "--har"
    for parameter, said in _OF_ONE_REQUEST.items():
        if options.is_given(ctx, parameter):
            raise UsageError(f"{said} is for one request, and {told} says what is sent", hint=f"leave {said} away")
    _refuse_strange(ctx, openapi is not None, har is not None)
    fields: dict[str, Any] = {"har": _file(har, "--har"), "think": think}
    if openapi is not None:
        where = _document(openapi, url)
        fields = {"openapi": where, "openapi_unsafe": unsafe, "openapi_validate": not no_validate}
        url = url or documents.origin(where)
    if url is None:
        raise UsageError(
            f"{told} needs the address to press on", hint=f"brinell load http://127.0.0.1:8000/ {told} {openapi or har}"
        )
    return for_document(options.here(), url, shape, **fields, **given)


def refuse_without_document(ctx: typer.Context) -> None:
    """UsageError for options that only a document can use."""
    _refuse_strange(ctx, openapi=False, har=False)


def _refuse_strange(ctx: typer.Context, openapi: bool, har: bool) -> None:  # noqa: FBT001 - which of both is there
    for parameter, said in _OF_OPENAPI.items():
        if not openapi and options.is_given(ctx, parameter):
            raise UsageError(f"{said} is for --openapi", hint=_HINT)
    if not har and options.is_given(ctx, "think"):
        raise UsageError("--think is for --har", hint="brinell load http://127.0.0.1:8000/ --har browse.har --think")


def _document(said: str, url: str | None) -> str:
    """Return where a document is: its URL, a file as one, or a path of the service whose address is given."""
    if "://" in said and not said.startswith("file:"):
        try:
            return checks.url(said)
        except Unfit as unfit:
            raise UsageError(f"--openapi {said[:80]}: {unfit.why}", hint=_HINT) from None
    if said.startswith("file:"):
        return said
    file = options.from_home(said)
    if file.is_file():
        return file.resolve().as_uri()
    if said.startswith("/") and url is not None:
        return said
    is_host = ":" in said or said.partition("/")[0] == "localhost"  # and no file's name
    whole = meant(said, "http") if is_host and not os.path.lexists(file) else None
    hint = f"an address starts with http://: --openapi {shlex.quote(address(whole))}" if whole else _HINT
    raise UsageError(f"--openapi {said[:80]}: there is no such file", hint=hint)


def _file(path: Path | None, option: str) -> str | None:
    if path is None:
        return None
    file = options.from_home(str(path))
    if not file.is_file():
        raise UsageError(f"{option} {path}: there is no such file")
    return str(file.resolve())
