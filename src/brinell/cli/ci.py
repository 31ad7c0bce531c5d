"""What a pipeline gets beside the exit code: annotations and a job summary, where GitHub Actions runs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from brinell.checks.suite_outcomes import CHECK as OUTCOMES
from brinell.cli import say
from brinell.core.judgement import Bug, Judgement
from brinell.core.redact import plain
from brinell.core.verdicts import Verdict

MOST = 10  # GitHub shows ten errors of a step
SUMMARY_BYTES = 1 << 20  # a step's summary that is larger is refused as a whole
_CUT = "\n\nThe report goes on in the run's report.md: GitHub takes no more of it here.\n"


def annotate(judgement: Judgement, folder: Path, *, to_stdout: bool) -> None:
    """Print annotations and append the report to the job's summary; nothing outside GitHub Actions.

    A summary that cannot be written is said and changes no exit code: the verdict is what the pipeline came for.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    for line in workflow_commands(judgement):
        (say.out if to_stdout else say.note)(line)  # the runner reads both
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            _summarise(folder / "report.md", Path(summary))
        except OSError as error:
            say.note(f"the job's summary {summary} cannot be written: {error.strerror}")


def _summarise(report: Path, summary: Path) -> None:
    text = report.read_bytes() + b"\n"
    with summary.open("ab") as file:
        room = SUMMARY_BYTES - file.tell()
        if len(text) > room:
            text = text[: max(0, room - len(_CUT))].decode(errors="ignore").encode() + _CUT.encode()
        file.write(text)


def workflow_commands(judgement: Judgement) -> Iterator[str]:
    """Yield one line each: bugs at their first suspect, then failed requirements that are no bug."""
    lines = [_bug_line(bug) for bug in judgement.bugs]
    lines += [
        f"::error title={_property(finding.id)}::{_data(finding.title)}"
        for finding in judgement.findings
        if finding.required and finding.verdict is Verdict.FAIL and not (judgement.bugs and finding.check == OUTCOMES)
    ]
    yield from lines[:MOST]


def _bug_line(bug: Bug) -> str:
    place = ""
    for suspect in bug.suspects[:1]:
        place = f"file={_property(suspect.file)}," + (f"line={suspect.lines[0]}," if suspect.lines else "")
    return f"::error {place}title={bug.severity}::{_data(bug.title)}"


def _data(text: str) -> str:
    """Escape a message as workflow commands want it: the text comes from the subject."""
    return plain(text, 500).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
