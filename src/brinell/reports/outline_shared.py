"""What the reports say about tests that may not run beside each other."""

from __future__ import annotations

from typing import NamedTuple

from brinell.core.judgement import Judgement, ParallelConflict
from brinell.reports.figures import plural

TITLE = "Not safe to run beside each other"
WORDS = "Tests of one group stay on one worker with @pytest.mark.xdist_group(name) and --dist loadgroup."
COLUMNS = ("Shared", "Kind", "Tests", "Evidence", "Group")


class Row(NamedTuple):
    """One conflict, as it is shown."""

    resource: str
    kind: str
    tests: list[str]
    many: str
    evidence: str
    group: str


def rows(judgement: Judgement) -> list[Row]:
    """Return the conflicts, in the judge's order."""
    return [_row(one) for one in judgement.parallel_conflicts]


def _row(one: ParallelConflict) -> Row:
    tests = list(dict.fromkeys((*one.writers, *one.readers)))
    kind = f"{one.kind}, in threads" if one.scope == "threads" else one.kind
    evidence = f"{one.evidence}{' (proved)' if one.proved else ''}"
    return Row(one.resource, kind, tests, plural(len(tests), "test"), evidence, one.xdist_group or "")
