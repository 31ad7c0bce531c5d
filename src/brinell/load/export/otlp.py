"""OpenTelemetry metrics over HTTP as JSON (OTLP 1.x, ``ExportMetricsServiceRequest``): sums and histograms that only
grow (cumulative), with explicit bounds.

Names follow the semantic conventions where these have one: the service time of HTTP requests is
``http.client.request.duration`` with ``http.request.method``, ``server.address``, ``server.port``, ``error.type`` and,
where an answer failed by its status, ``http.response.status_code``. The response time, which counts from the moment a
request was due, has no convention: ``brinell.load.response.duration``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from brinell import __version__
from brinell.core import outcomes
from brinell.load.export.metrics import BOUNDS_S, Buckets, Family, Point

HEADERS = {"Content-Type": "application/json"}
_CUMULATIVE = 2
_SERVICE = "brinell_load_service_seconds"
_HTTP_SERVICE = "http.client.request.duration"
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
_PORTS = {"http": 80, "https": 443}


def endpoint(url: str) -> str:
    """Return where metrics go: a base address (``http://127.0.0.1:4318``) gets the path of the specification."""
    return url.rstrip("/") + "/v1/metrics" if urlsplit(url).path in ("", "/") else url


def body(families: Iterable[Family], urls: Mapping[str, str], *, start_s: float, moment_s: float) -> bytes:
    """Return one request. ``urls`` are those of the scenarios; moments are seconds since 1970."""
    metrics: dict[str, dict[str, Any]] = {}
    times = {"startTimeUnixNano": str(round(start_s * 1e9)), "timeUnixNano": str(round(moment_s * 1e9))}
    for family in families:
        for point in family.points:
            labels = dict(point.labels)
            server = _server(urls.get(labels.get("scenario", ""), ""))
            is_http = family.name == _SERVICE and bool(server)
            name = _HTTP_SERVICE if is_http else family.otel
            attributes = _attributes(labels, server, is_http=is_http)
            metric = metrics.setdefault(name, _metric(name, family))
            metric[_container(family)]["dataPoints"].append({"attributes": attributes, **times, **_value(point)})
    scope = {"scope": {"name": "brinell", "version": __version__}, "metrics": list(metrics.values())}
    resource = {"attributes": [_attribute("service.name", "brinell"), _attribute("service.version", __version__)]}
    return msgspec.json.encode({"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]})


def _metric(name: str, family: Family) -> dict[str, Any]:
    content: dict[str, Any] = {"dataPoints": []}
    if family.kind != "gauge":
        content["aggregationTemporality"] = _CUMULATIVE
    if family.kind == "counter":
        content["isMonotonic"] = True
    return {"name": name, "description": family.help, "unit": family.otel_unit, _container(family): content}


def _container(family: Family) -> str:
    return {"counter": "sum", "gauge": "gauge", "histogram": "histogram"}[family.kind]


def _value(point: Point) -> dict[str, Any]:
    value = point.value
    if isinstance(value, Buckets):
        return {
            "count": str(sum(value.counts)),
            "sum": value.sum_s,
            "bucketCounts": [str(count) for count in value.counts],
            "explicitBounds": list(BOUNDS_S),
        }
    return {"asInt": str(value)} if isinstance(value, int) else {"asDouble": float(value)}


def _attributes(labels: Mapping[str, str], server: dict[str, str | int], *, is_http: bool) -> list[dict[str, Any]]:
    told: dict[str, str | int] = {f"brinell.{key}": word for key, word in labels.items()}
    outcome = labels.get("outcome", outcomes.OK)
    if outcome != outcomes.OK:
        code = outcome.removeprefix(f"{outcomes.STATUS}-")
        told["error.type"] = code
        if is_http and code.isdigit():
            told["http.response.status_code"] = int(code)
    if is_http:
        first = labels.get("operation", "").partition(" ")[0]
        told |= {"http.request.method": first if first in _METHODS else "_OTHER", **server}
    return [_attribute(key, value) for key, value in told.items()]


def _attribute(key: str, value: str | int) -> dict[str, Any]:
    return {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}


def _server(url: str) -> dict[str, str | int]:
    """Return where requests went; nothing of what is no address (``call:module:function``)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return {}
    if parts.scheme not in _PORTS or not parts.hostname:
        return {}
    return {"server.address": parts.hostname, "server.port": port or _PORTS[parts.scheme]}
