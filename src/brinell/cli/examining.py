"""What every command shares that carries out one plan and shows what came of it: options for where to write, what to
show and what to go on with. A command says its own options, and returns the plan that they make.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate

import typer

from brinell.cli import exporting, in_options, options, session
from brinell.cli.options import is_given
from brinell.core.errors import UsageError
from brinell.core.plan import Plan

OwnOptions = Callable[Concatenate[typer.Context, ...], Plan | None]


def shown_plainly(
    *, out: options.Out = None, json: options.Json = False, open_: options.Open = False, quiet: options.Quiet = False
) -> session.Output:
    """Where to write and what to show, of what nobody watches as it happens."""
    return session.Output(out=out, json=json, open=open_, quiet=quiet)


def shown(
    *,
    out: options.Out = None,
    json: options.Json = False,
    open_: options.Open = False,
    watch: options.Watch = False,
    no_browser: options.NoBrowser = False,
    quiet: options.Quiet = False,
) -> session.Output:
    """Where to write and what to show."""
    return session.Output(out=out, json=json, open=open_, quiet=quiet, watch=watch, browser=not no_browser)


def shown_and_exported(
    *,
    out: options.Out = None,
    json: options.Json = False,
    open_: options.Open = False,
    watch: options.Watch = False,
    no_browser: options.NoBrowser = False,
    export: exporting.Export = None,
    prometheus: exporting.Prometheus = None,
    remote_write: exporting.RemoteWrite = None,
    otlp: exporting.Otlp = None,
    export_header: exporting.Header = None,
    quiet: options.Quiet = False,
) -> session.Output:
    """The same for load that is handed on to other tools. UsageError for what they cannot be."""
    exports = exporting.wanted(export, prometheus, remote_write, otlp, export_header)
    browser = not no_browser
    return session.Output(out=out, json=json, open=open_, quiet=quiet, watch=watch, browser=browser, exports=exports)


def _resume(*, resume: options.Resume = None) -> str | None:
    """What to go on with."""
    return resume


def examining(output_of: Callable[..., session.Output]) -> Callable[[OwnOptions], Callable[..., int]]:
    """Make a command of what returns a plan (None: there is nothing to carry out, and all was said).

    Its options are those of the function, ``--resume`` and those of ``output_of``, in this order; its help is the
    function's. typer reads all of that from the signature.
    """

    def made(plan_of: OwnOptions) -> Callable[..., int]:
        given = inspect.signature(output_of, eval_str=True).parameters
        parameters = [
            *inspect.signature(plan_of, eval_str=True).parameters.values(),
            *inspect.signature(_resume, eval_str=True).parameters.values(),
            *given.values(),
        ]

        @functools.wraps(plan_of)
        def command(ctx: typer.Context, *, resume: str | None, **own: Any) -> int:
            output = output_of(**{name: own.pop(name) for name in given})
            if resume is not None:
                options.alone(ctx)
                done = session.resume(options.here(), resume, output)
                return session.show(done, output)
            try:
                plan = plan_of(ctx, **own)
                if plan is None:
                    return 0
                done = session.examine(plan, output)
            except UsageError as error:
                raise _in_options(ctx, error) from None
            return session.show(done, output)

        command.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": int}
        return command

    return made


def _in_options(ctx: typer.Context, error: UsageError) -> UsageError:
    """Return what is wrong in the words of who typed it; a scenario of the file keeps its table's."""
    options: dict[str, in_options.Option] = {}
    for parameter in ctx.command.params:
        written = parameter.opts[0]
        is_option = written.startswith("-")
        said = in_options.Option(written if is_option else written.upper(), getattr(parameter, "is_flag", False))
        options[written.lstrip("-").replace("-", "_")] = said
    return error if _is_of_the_file(ctx) else in_options.reworded(error, options, ctx.command_path)


def _is_of_the_file(ctx: typer.Context) -> bool:
    """Whether the traffic is that of a table: named with ``--load``, or because no address was given in its place."""
    named = next((one.name for one in ctx.command.params if one.opts[0] == "--load"), None)
    if named is None:
        return False
    is_address_given = any(is_given(ctx, one.name or "") for one in ctx.command.params if one.name in {"url", "target"})
    return is_given(ctx, named) or not is_address_given
