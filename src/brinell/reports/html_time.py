"""What the page shows on where the suite's time went."""

from __future__ import annotations

from typing import Any

from brinell.core.judgement import Judgement
from brinell.reports import outline_time
from brinell.reports.chart import share_bar


def view(judgement: Judgement) -> dict[str, Any]:
    """Return the variables of ``time.html``."""
    suite = judgement.suite
    if suite is None:
        return {"time_rows": []}
    rows = outline_time.rows(suite)
    longest = max((row.seconds for row in rows), default=0.0)
    return {
        "time_title": outline_time.TITLE,
        "time_rows": [(row, share_bar(max(0.0, row.seconds), longest)) for row in rows],
        "time_waited": outline_time.waited(suite),
        "dear_fixtures": [
            (one, outline_time.place(one), outline_time.uses(one)) for one in outline_time.fixtures(suite)
        ],
        "dear_imports": outline_time.imports(suite),
    }
