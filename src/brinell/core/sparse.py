"""Arithmetic on sparse histograms (``core.histogram``) that never unfolds them: one second's is a few hundred of 35,000
buckets, and a live page asks for the quantiles of many seconds at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from brinell.core.histogram import SIZE, bounds

Compact = tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]
"""Bucket indices, ascending, and their counts."""

_EMPTY: Compact = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)


def compact(sparse: Sequence[Sequence[int]]) -> Compact:
    """Return a record's sparse histogram as arrays. ValueError if the indices are not of this layout."""
    indices, counts = np.asarray(sparse[0], dtype=np.int32), np.asarray(sparse[1], dtype=np.int64)
    if indices.shape != counts.shape or (indices.size and (indices.min() < 0 or indices.max() >= SIZE)):
        raise ValueError("not a sparse histogram of this layout")
    return indices, counts


def merged(parts: Sequence[Compact]) -> Compact:
    """Return the sum of sparse histograms."""
    if len(parts) < 2:
        return parts[0] if parts else _EMPTY
    indices, places = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    counts = np.bincount(places, weights=np.concatenate([part[1] for part in parts]), minlength=len(indices))
    return indices, counts.astype(np.int64)


def quantiles_ns(histogram: Compact, shares: Iterable[float], max_ns: int) -> list[int | None]:
    """Return quantiles exactly as ``Histogram.quantiles_ns`` does; ``max_ns`` is the exact maximum."""
    indices, counts = histogram
    cumulative = np.cumsum(counts)
    total = int(cumulative[-1]) if len(cumulative) else 0
    if not total:
        return [None for _ in shares]
    ranks = [max(1, math.ceil(share * total - 1e-9 * total)) for share in shares]
    return [min(bounds(int(indices[np.searchsorted(cumulative, rank)]))[1], max_ns) for rank in ranks]


def logarithmic(histogram: Compact, per_decade: int) -> tuple[int, tuple[int, ...]]:
    """Return the first bucket that is not empty, and counts from there to the last, in equal steps of the logarithm.

    Bucket *b* begins at 10**(b / per_decade) nanoseconds; a fine bucket goes where its middle lies.
    """
    indices, counts = histogram
    if not len(indices):
        return 0, ()
    places = _places(indices, per_decade)
    first = int(places[0])
    found = np.bincount(places - first, weights=counts)
    return first, tuple(int(count) for count in found)


def _places(indices: npt.NDArray[np.int32], per_decade: int) -> npt.NDArray[np.int64]:
    """Return the logarithmic bucket of each fine one; the layout is that of ``histogram.bounds``."""
    wide = indices.astype(np.int64)
    shift = np.maximum(0, (wide >> 10) - 1)
    low = np.where(wide < 2048, wide, ((wide & 1023) + 1024) << shift)
    middle = low + ((np.int64(1) << shift) - 1) / 2
    places: npt.NDArray[np.float64] = np.floor(np.log10(np.maximum(middle, 1.0)) * per_decade + 1e-9)
    return places.astype(np.int64)
