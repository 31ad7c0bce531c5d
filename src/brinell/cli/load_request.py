"""What ``brinell load URL`` sends, and its connections' habits."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from brinell.cli import options
from brinell.config import checks
from brinell.config import sessions as with_sessions
from brinell.config.problems import Unfit
from brinell.core.errors import UsageError, nearest
from brinell.core.plan import DataSpec
from brinell.load.scenario.data import ORDERS

Method = Annotated[str | None, typer.Option("--method", metavar="M", help="Default: GET, or POST with a body.")]
Body = Annotated[
    str | None,
    typer.Option(
        "--body", metavar="TEXT|@FILE", help="The request's body; @- is standard input. JSON is sent as JSON."
    ),
]
Form = Annotated[
    list[str] | None,
    typer.Option("--form", metavar="K=V|K=@FILE", help="A field of a form, or a file; may be given again."),
]
Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data", metavar="FILE[:ORDER]", help="CSV or JSON Lines for {{file.column}}; ORDER: cycle, random or once."
    ),
]
Redirects = Annotated[
    int, typer.Option("--redirects", metavar="N", min=0, max=with_sessions.MOST_REDIRECTS, help="Follow so many.")
]
NoKeepAlive = Annotated[bool, typer.Option("--no-keep-alive", help="A new connection for every request.")]

_MOST_TYPED = 1 << 20  # bytes: it becomes part of the plan

OWN = {"form": "--form", "data": "--data", "redirects": "--redirects", "no_keep_alive": "--no-keep-alive"}
"""Options of this page, by parameter, that only mean something where one address is asked."""


def fields(method: str | None, body: str | None, form: list[str] | None) -> dict[str, Any]:
    """Return the request's fields; a body makes it a POST unless a method is given."""
    has_body = body is not None or bool(form)
    try:
        found: dict[str, Any] = {"method": checks.method(method or ("POST" if has_body else "GET"))}
    except Unfit as unfit:
        raise UsageError(f"--method {method}: {unfit.why}", hint="--method PUT") from None
    if body is not None and form:
        raise UsageError("--form and --body: a request has one body", hint="leave one of them away")
    if body == "@-":
        found["body"] = _typed()
    elif body is not None and body.startswith("@"):
        found["body_file"] = _file("--body", body, body[1:])
    elif body is not None:
        found["body"] = body
    return found | _form(form or [])


def habits(data: list[str] | None, redirects: int, *, no_keep_alive: bool) -> dict[str, Any]:
    """Return the scenario's fields for data, redirects and connections."""
    return {
        "data": tuple(_data(one) for one in data or ()),
        "redirects": redirects,
        "keep_alive": not no_keep_alive,
    }


def _form(given: list[str]) -> dict[str, Any]:
    texts: dict[str, str] = {}
    files: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise UsageError(f"--form {one[:40]}: a field is name=value, or name=@file", hint="--form user=ada")
        if value.startswith("@"):
            files[name] = _file("--form", one, value[1:])
        else:
            texts[name] = value
    return ({"form": texts} if texts else {}) | ({"files": files} if files else {})


def _data(written: str) -> DataSpec:
    path, colon, order = written.rpartition(":")
    if not colon or Path(written).is_file():
        path, order = written, "cycle"
    if order not in ORDERS:
        close = nearest(order, list(ORDERS))
        raise UsageError(
            f"--data {written}: the order is one of {', '.join(ORDERS)}",
            hint=f"did you mean {path}:{close}?" if close else None,
        )
    return DataSpec(_file("--data", written, path), with_sessions.name_of(path), order)


def _file(option: str, written: str, path: str) -> str:
    file = options.from_home(path)
    if not file.is_file():
        is_there = os.path.lexists(file)
        raise UsageError(
            f"{option} {written}: {'this is no regular file' if is_there else 'there is no such file'}",
            hint="save it to a file: it is read again wherever it is sent from" if is_there else None,
        )
    return str(file.resolve())


def _typed() -> str:
    """Return what standard input holds. UsageError for what is no text, or more than a body may have."""
    if sys.stdin.isatty():
        raise UsageError("--body @-: standard input is a terminal", hint="echo '{}' | brinell load URL --body @-")
    content = sys.stdin.buffer.read(_MOST_TYPED + 1)
    if len(content) > _MOST_TYPED:
        raise UsageError(f"--body @-: it is longer than {_MOST_TYPED} bytes", hint="--body @FILE")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UsageError(
            "--body @-: this is not UTF-8", hint="save it to a file: --body @FILE sends any bytes"
        ) from None
