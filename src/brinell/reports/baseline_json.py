"""``performance_baseline.json``: the suite's part of the judgement, verbatim, under the names CI pipelines know."""

from __future__ import annotations

import msgspec

from brinell.core.judgement import Judgement


def baseline_json(judgement: Judgement) -> str:
    """Return ``judgement.suite`` as JSON; empty where no suite ran."""
    if judgement.suite is None:
        return ""
    return msgspec.json.format(msgspec.json.encode(judgement.suite), indent=2).decode() + "\n"
