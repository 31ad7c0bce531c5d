"""What a pipeline gets beside the exit code: annotations and a job summary, where GitHub Actions runs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from brinell.core.judgement import Bug, Judgement
from brinell.core.redact import plain
from brinell.core.verdicts import Verdict

MOST = 10  # GitHub shows ten errors of a step


def annotate(judgement: Judgement, folder: Path, *, to_stdout: bool) -> None:
    """Print annotations and append the report to the job's summary; nothing outside GitHub Actions."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    stream = sys.stdout if to_stdout else sys.stderr  # the runner reads both
    for line in workflow_commands(judgement):
        print(line, file=stream)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    report = folder / "report.md"
    if summary and report.is_file():
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(report.read_text(encoding="utf-8") + "\n")


def workflow_commands(judgement: Judgement) -> Iterator[str]:
    """Yield one line each: bugs at their first suspect, then failed requirements that are no bug."""
    lines = [_bug_line(bug) for bug in judgement.bugs]
    lines += [
        f"::error title={_property(finding.id)}::{_data(finding.title)}"
        for finding in judgement.findings
        if finding.required and finding.verdict is Verdict.FAIL and not (judgement.bugs and "outcomes" in finding.id)
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
