"""What the service tells Prometheus. A registry per application, so that two in one process don't mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The instruments; names as Prometheus shows them."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self.requests = Counter(
            "http_requests_total", "Requests answered", ("method", "route", "status"), registry=registry
        )
        self.request_seconds = Histogram(
            "http_request_duration_seconds", "Time to answer", ("route",), buckets=_SECONDS, registry=registry
        )
        self.in_flight = Gauge("http_requests_in_flight", "Requests being answered", registry=registry)
        self.cache = Counter(
            "noticeboard_cache_results_total", "Where reads were answered from", ("source",), registry=registry
        )
        self.room_messages = Counter(
            "noticeboard_room_messages_total", "Messages by what became of them", ("outcome",), registry=registry
        )
        self.websocket_refused = Counter(
            "noticeboard_websocket_refused_total", "Handshakes refused", ("reason",), registry=registry
        )

    def watch(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Add a gauge that is read when it is asked for."""
        Gauge(name, about, registry=self.registry).set_function(value)

    def exposition(self) -> bytes:
        """Return everything in the text format 0.0.4."""
        return generate_latest(self.registry)
