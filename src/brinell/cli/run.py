"""``brinell run``: everything ``brinell.toml`` asks for."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from brinell.cli import ci, exporting, options, session
from brinell.config import from_toml
from brinell.core.errors import UsageError
from brinell.core.plan import Plan

EXAMPLES = """
brinell run                     everything brinell.toml asks for
brinell run --open              and open the report at the end
brinell run --watch             in a browser too, as it happens
brinell run --probe             with a look into the service from inside, to see why it breaks
brinell run --ci                plain lines, annotations on GitHub
brinell run --resume latest     go on where an interrupted run stopped
brinell run --json > verdict.json
"""


def command(
    ctx: typer.Context,
    *,
    resume: options.Resume = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="As [service] probe = true: look into the service from inside, too.")
    ] = False,
    for_ci: Annotated[
        bool, typer.Option("--ci", help="For pipelines: plain progress lines; annotations and summary on GitHub.")
    ] = False,
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
) -> int:
    """Examine the project as brinell.toml says and return the verdict: ready or not, and why.

    Without a configuration it runs the test suite. Ctrl-C ends it cleanly: what was measured is kept and judged,
    and --resume goes on from there.
    """
    exports = exporting.wanted(export, prometheus, remote_write, otlp, export_header)
    output = session.Output(
        out=out, json=json, open=open_ and not for_ci, quiet=quiet, watch=watch, browser=not no_browser, plain=for_ci,
        exports=exports,
    )  # fmt: skip
    if resume is not None:
        options.alone(ctx)
        done = session.resume(options.here(), resume, output)
    else:
        plan = from_toml(options.here())
        done = session.examine(_probed(plan) if probe else plan, output)
    code = session.show(done, output)
    if for_ci:
        ci.annotate(done.judgement, done.folder, to_stdout=not json)
    return code


def _probed(plan: Plan) -> Plan:
    if plan.service is None:
        hint = "add [service] with its command, and leave the url of scenarios away"
        raise UsageError("--probe: this run starts no service into which one could look", hint=hint)
    return msgspec.structs.replace(plan, service=msgspec.structs.replace(plan.service, probe=True))
