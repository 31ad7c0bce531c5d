"""HdrHistogram's interval log, version 1.3, as ``HistogramLogWriter`` of HdrHistogram 2.1 writes it.

A line a second with the response times of all requests (of a broadcast: its deliveries), and lines with a tag:
``service`` (times from the actual send) and one for every operation and outcome. Values are nanoseconds; the maximum
stands in milliseconds, as HdrHistogram's own writer has it for nanoseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from brinell.core.histogram import encode_sparse
from brinell.core.redact import plain
from brinell.core.sparse import Compact
from brinell.load.export.figures import utc
from brinell.load.export.seconds import Scenario, Second

_NO_TAG = re.compile(r"[\s,]+")  # what would end a tag
_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'


def hlog(scenario: Scenario, seconds: Iterable[Second]) -> Iterator[str]:
    """Yield the lines of the log."""
    started = f"{scenario.start_s:.3f} (seconds since epoch), {utc(scenario.start_s)}"
    yield f"#[Response times of {plain(scenario.name)}, nanoseconds, from the moment each request was due]"
    yield "#[Histogram log format version 1.3]"
    yield f"#[StartTime: {started}]"
    yield f"#[BaseTime: {scenario.start_s:.3f} (seconds since epoch)]"
    yield _LEGEND
    for second in seconds:
        whole = second.whole
        if whole.requests:
            yield _line("", second.number, whole.response(), whole.max_response_ns)
            yield _line("service", second.number, whole.service(), whole.max_service_ns)
        for (operation, outcome), one in second.cells.items():
            yield _line(f"{operation}:{outcome}", second.number, one.response(), one.max_response_ns)


def _line(tag: str, second: int, histogram: Compact, max_ns: int) -> str:
    name = f"Tag={_NO_TAG.sub('_', plain(tag, 200))}," if tag else ""
    packed = encode_sparse(histogram[0].tolist(), histogram[1].tolist())
    return f"{name}{second:.3f},1.000,{max_ns / 1e6:.3f},{packed}"
