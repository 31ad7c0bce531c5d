from __future__ import annotations

from brinell.core.reasons import explain
from brinell.core.vitals_records import ProbeLook, ProcessLook, VitalsDetail
from brinell.core.vitals_window import Span

S = 1_000_000_000


def looks(begin: int, end: int, cores: float, lag_ms: float, tasks: int) -> list[VitalsDetail | ProbeLook]:
    found: list[VitalsDetail | ProbeLook] = []
    for at in range(begin, end + 1):
        process = ProcessLook(
            pid=100, name="uvicorn", cpu_s=at * cores, rss_bytes=120_400_000, fds=70, threads=6, voluntary=at * 90,
            involuntary=at * 10,
        )  # fmt: skip
        found.append(VitalsDetail(at_ns=at * S, processes=(process,), running=3))
        found.append(ProbeLook(at_ns=at * S, pid=100, span_ns=S, lag_max_ms=lag_ms, gc_s=0.02, tasks=tasks))
    return found


def test_numbers_stand_beside_those_from_well_below():
    records = [*looks(0, 9, 0.4, 2.0, 12), *looks(10, 20, 0.98, 31.0, 430)]
    found = explain(records, Span(10 * S, 20 * S), Span(0, 9 * S)).limited_by
    assert found is not None
    assert found.evidence[-1] == (
        "at its limit 0.98 cores (0.40 well below), 120 MB (120), 70 descriptors (70), 6 threads (6), "
        "100 context switches/s (100), run queue 3.0 (3.0), loop late by up to 31 ms (2), "
        "2 % garbage collection (2 %), 430 tasks (12)"
    )


def test_without_a_reason_there_are_numbers_as_well():
    found = explain(looks(10, 20, 0.3, 2.0, 12), Span(10 * S, 20 * S))
    assert found.limited_by is None
    assert "at its limit 0.30 cores, 120 MB" in found.not_measured["limited_by"]
    assert "at its limit 0" not in explain([], Span(10 * S, 20 * S)).not_measured["limited_by"]
