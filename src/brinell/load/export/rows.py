"""Rows: CSV with one for every second, operation and outcome; JSON lines with both sides' own numbers as well."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from brinell.core.histogram import encode_sparse
from brinell.core.load_records import GeneratorSecond
from brinell.core.observation import Vitals
from brinell.core.redact import plain
from brinell.core.sparse import Compact, compact, merged, quantiles_ns
from brinell.load.export.figures import SHARES, milliseconds, utc
from brinell.load.export.seconds import Outcomes, Scenario, Second

_FIGURES = (*SHARES, "max", "mean")
COLUMNS = (
    "scenario", "time", "second", "operation", "outcome", "requests", "bytes_in",
    *(f"response_{name}_ms" for name in _FIGURES), *(f"service_{name}_ms" for name in _FIGURES),
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would compute


def csv_rows(scenario: Scenario, seconds: Iterable[Second]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180, but for line ends), the columns' names first."""
    yield _joined(COLUMNS)
    for second in seconds:
        head = [_cell(scenario.name), utc(scenario.start_s + second.number), str(second.number)]
        for (operation, outcome), one in second.cells.items():
            times = [
                found.get(name, "")
                for found in (
                    milliseconds(one.response(), one.max_response_ns),
                    milliseconds(one.service(), one.max_service_ns),
                )
                for name in _FIGURES
            ]
            yield _joined([*head, _cell(operation), _cell(outcome), one.requests, one.bytes_in, *times])


def json_lines(scenario: Scenario, seconds: Iterable[Second]) -> Iterator[str]:
    """Yield JSON lines: ``kind`` is ``scenario`` (the first), ``requests``, ``generator`` or ``subject``."""
    started = {key: value for key, value in msgspec.to_builtins(scenario.started).items() if key != "kind"}
    yield _json({"kind": "scenario", "time": utc(scenario.start_s), **started})
    for second in seconds:
        head = {"scenario": scenario.name, "time": utc(scenario.start_s + second.number), "second": second.number}
        for (operation, outcome), one in second.cells.items():
            yield _json({"kind": "requests", **head, "operation": operation, "outcome": outcome, **_requests(one)})
        if second.generator:
            yield _json({"kind": "generator", **head, **_generator(second.generator)})
        if second.subject is not None:
            yield _json({"kind": "subject", **head, **_subject(second.subject)})


def _requests(one: Outcomes) -> dict[str, Any]:
    response, service = one.response(), one.service()
    return {
        "requests": one.requests,
        "bytes_in": one.bytes_in,
        "response_ms": milliseconds(response, one.max_response_ns),
        "service_ms": milliseconds(service, one.max_service_ns),
        "response_histogram": _packed(response),
        "service_histogram": _packed(service),
    }


def _generator(told: list[GeneratorSecond]) -> dict[str, Any]:
    lag = merged([compact(one.lag) for one in told])
    highest = max(one.max_lag_ns for one in told)
    (p99,) = quantiles_ns(lag, (0.99,), highest)
    return {
        "due": sum(one.scheduled for one in told),
        "started": sum(one.started for one in told),
        "waiting": sum(one.waiting for one in told),
        "open_connections": sum(one.open_connections for one in told),
        "lag_p99_ms": None if p99 is None else p99 / 1e6,
        "lag_max_ms": highest / 1e6,
        "cpu_s": [one.cpu_s for one in sorted(told, key=lambda one: one.worker)],
        "gc_s": max(one.gc_s for one in told),
        "starved_s": max(one.starved_s for one in told),
    }


def _subject(look: Vitals) -> dict[str, Any]:
    return {
        "processes": look.processes,
        "cpu_s": look.cpu_s,
        "rss_bytes": look.rss_bytes,
        "fds": look.fds,
        "threads": look.threads,
    }


def _packed(histogram: Compact) -> str:
    return encode_sparse(histogram[0].tolist(), histogram[1].tolist())


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def _joined(values: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()


def _cell(text: str) -> str:
    """Return text from outside as a cell that stays text."""
    clean = plain(text, 300)
    return f"'{clean}" if clean.startswith(_FORMULA) else clean
