"""Quantiles and means of sparse histograms, and what export files write of them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from brinell.core.sparse import Compact, quantiles_ns

SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


def edges(indices: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the lowest and highest nanosecond of buckets: ``histogram.bounds`` of all of them at once."""
    wide = indices.astype(np.int64)
    shift = np.maximum(0, (wide >> 10) - 1)
    low = np.where(wide < 2048, wide, ((wide & 1023) + 1024) << shift)
    return low, low + (np.int64(1) << shift) - 1


def sum_ns(histogram: Compact) -> float:
    """Return the sum of what a histogram counted, from bucket middles: within 0.1 %."""
    indices, counts = histogram
    low, high = edges(indices)
    return float(((low + high) / 2 * counts).sum())


def milliseconds(histogram: Compact, max_ns: int) -> dict[str, float]:
    """Return quantiles, maximum and mean; nothing of an empty histogram."""
    count = int(histogram[1].sum())
    if not count:
        return {}
    found = quantiles_ns(histogram, SHARES.values(), max_ns)
    told = {name: value / 1e6 for name, value in zip(SHARES, found, strict=True) if value is not None}
    return {**told, "max": max_ns / 1e6, "mean": round(sum_ns(histogram) / count / 1e6, 6)}


def utc(seconds_since_1970: float) -> str:
    """Return a moment in ISO 8601, to the millisecond."""
    return datetime.fromtimestamp(seconds_since_1970, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
