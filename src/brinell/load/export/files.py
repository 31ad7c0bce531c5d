"""Export files of a run, one for each scenario and format, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from brinell.core.errors import UsageError
from brinell.core.evidence import Evidence
from brinell.load.export.hlog import hlog
from brinell.load.export.openmetrics import openmetrics_file
from brinell.load.export.rows import csv_rows, json_lines
from brinell.load.export.seconds import Scenario, Second, scenarios, seconds

Lines = Callable[[Scenario, Iterable[Second]], Iterator[str]]


class Format(NamedTuple):
    """``lines`` gives a scenario's file, line by line; the file ends in ``suffix``."""

    suffix: str
    lines: Lines


FORMATS: dict[str, Format] = {
    "hlog": Format("hlog", hlog),
    "csv": Format("csv", csv_rows),
    "json": Format("jsonl", json_lines),
    "openmetrics": Format("openmetrics", openmetrics_file),
}


def write(evidence: Evidence, names: Iterable[str], folder: Path) -> list[Path]:
    """Write a run's load in these formats into ``folder``; return the files. UsageError if the disk refuses."""
    written = []
    seen: Counter[str] = Counter()
    for scenario in scenarios(evidence):
        slug = _slug(scenario.name)
        seen[slug] += 1
        number = f"-{seen[slug]}" if seen[slug] > 1 else ""  # a search tries a level more than once
        for name in dict.fromkeys(names):
            form = FORMATS[name]
            path = folder / f"load-{slug}{number}.{form.suffix}"
            _write(path, form.lines(scenario, seconds(evidence, scenario)))
            written.append(path)
    return written


def _write(path: Path, lines: Iterator[str]) -> None:
    # Named by process: two that write about one run at once must not take each other's drafts.
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise UsageError(
            f"cannot write {path}: {error.strerror}",
            hint="free some space, make it writable, or give a folder with --out",
        ) from None


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:60] or "load"
