"""``brinell report``: a run's reports, written again from its judgement."""

from __future__ import annotations

from brinell.cli import exporting, options, session
from brinell.journal import runs
from brinell.publish import load

EXAMPLES = """
brinell report                  the latest run's summary, its reports written again
brinell report --open           and its HTML report in a browser
brinell report RUN --out share/ to another folder
brinell report --json           the judgement
brinell report --export hlog    the load's seconds as an HdrHistogram log (or csv, json, openmetrics)
"""


def command(
    run: options.Run = "latest",
    *,
    export: exporting.Export = None,
    out: options.Out = None,
    json: options.Json = False,
    open_: options.Open = False,
    quiet: options.Quiet = False,
) -> int:
    """Show a run's summary and write its reports again, byte for byte, from judgement.json alone.

    The exit code is the run's own. With --export, the load's one-second records are written for other tools.
    """
    formats = exporting.formats(export)
    folder = runs.find(options.here(), run)
    judgement = load(folder)
    target = options.made(out, folder) if out is not None else folder
    done = session.published(judgement, target, run=folder, formats=formats)
    return session.show(done, session.Output(out=out, json=json, open=open_, quiet=quiet))
