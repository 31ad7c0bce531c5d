"""``brinell judge``: judge a run again. Starts nothing, reads no clock."""

from __future__ import annotations

from brinell.cli import options, say, session
from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.core.thresholds import ALL_METRICS
from brinell.journal import runs
from brinell.journal.reader import read
from brinell.judge import judge

EXAMPLES = """
brinell judge                           the latest run, again
brinell judge --slo p95_ms=300          with another threshold
brinell judge RUN --slo p99_ms=800 --out strict/
"""


def command(
    run: options.Run = "latest",
    *,
    slo: options.Slo = None,
    out: options.Out = None,
    json: options.Json = False,
    open_: options.Open = False,
    quiet: options.Quiet = False,
) -> int:
    """Judge a run from its journal, a year later too, and write its reports.

    With --slo the given thresholds replace those of every load scenario, as far as they mean something for it. Without
    --out the run's own reports are written anew; judging without --slo brings back the plan's thresholds.
    """
    folder = runs.find(options.here(), run)
    session.refuse_unended(folder)
    limits = options.limits(slo, ALL_METRICS)
    evidence = read(folder, limits)
    if limits and not any(isinstance(step.spec, LoadSpec) for step in evidence.plan.steps):
        raise UsageError(f"--slo: {folder.name} has no load scenario to hold against it", hint="brinell runs")
    judgement = judge(evidence)
    target = folder
    if out is not None:
        target = options.made(out, folder)
    output = session.Output(out=out, json=json, open=open_, quiet=quiet)
    code = session.show(session.published(judgement, target, run=folder), output)
    if limits and out is None and not json:
        say.note(f"The reports of {folder.name} now hold these thresholds; brinell judge brings back the plan's.")
    return code
