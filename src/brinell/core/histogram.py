"""A fixed-memory latency histogram with three significant decimal digits, after Gil Tene's HdrHistogram.

Values are integer nanoseconds from 1 ns to one hour: the bucket layout is HdrHistogram's
(``lowest=1, highest=3_600_000_000_000, digits=3``), so a blob can be read by every HdrHistogram implementation. Any
value is within 0.1 % of what was recorded.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

HIGHEST_NS = 3_600_000_000_000
_HALF_BITS = 10  # sub-bucket half count 1024: the smallest power of two that resolves 3 digits (2 * 10**3)
_HALF = 1 << _HALF_BITS
_SUB = _HALF * 2
_BUCKETS = (HIGHEST_NS // _SUB).bit_length() + 1
SIZE = (_BUCKETS + 1) * _HALF

_V2_COMPRESSED = 0x1C849304
_V2 = 0x1C849303

Sparse = tuple[tuple[int, ...], tuple[int, ...]]
"""Bucket indices, ascending, and their counts."""


def index_of(value_ns: int) -> int:
    """Return the bucket index of a duration; durations out of range are clamped to it."""
    value = min(max(value_ns, 0), HIGHEST_NS)
    shift = max(0, value.bit_length() - _HALF_BITS - 1)
    return (shift << _HALF_BITS) + (value >> shift)


def bounds(index: int) -> tuple[int, int]:
    """Return the lowest and highest nanosecond that fall into a bucket."""
    if index < _SUB:
        return index, index
    shift = (index >> _HALF_BITS) - 1
    low = ((index & (_HALF - 1)) + _HALF) << shift
    return low, low + (1 << shift) - 1


class Histogram:
    """Counts per bucket plus the exact maximum. Adding two histograms is exact; memory never grows."""

    __slots__ = ("_counts", "_max_ns")

    def __init__(self) -> None:
        self._counts: npt.NDArray[np.int64] = np.zeros(SIZE, dtype=np.int64)
        self._max_ns = 0

    def record(self, value_ns: int, count: int = 1) -> None:
        """Add ``count`` observations of a duration in nanoseconds."""
        self._counts[index_of(value_ns)] += count
        self._max_ns = max(self._max_ns, value_ns)

    def add_sparse(self, sparse: Sequence[Sequence[int]], max_ns: int) -> None:
        """Add a sparse histogram with its exact maximum. ValueError if the indices are not of this layout."""
        indices = np.asarray(sparse[0], dtype=np.int64)
        counts = np.asarray(sparse[1], dtype=np.int64)
        if indices.shape != counts.shape or (indices.size and (indices.min() < 0 or indices.max() >= SIZE)):
            raise ValueError("not a sparse histogram of this layout")
        np.add.at(self._counts, indices, counts)
        self._max_ns = max(self._max_ns, max_ns)

    def add(self, other: Histogram) -> None:
        """Add another histogram's observations to this one."""
        self._counts += other._counts
        self._max_ns = max(self._max_ns, other._max_ns)

    def sparse(self) -> Sparse:
        """Return the non-empty buckets."""
        filled = np.flatnonzero(self._counts)
        return tuple(filled.tolist()), tuple(self._counts[filled].tolist())

    @property
    def count(self) -> int:
        """Number of observations."""
        return int(self._counts.sum())

    @property
    def max_ns(self) -> int:
        """The largest observation, exact; 0 if there is none."""
        return self._max_ns

    def mean_ns(self) -> float | None:
        """Mean from bucket middles; None if empty."""
        total = self.count
        if not total:
            return None
        filled = np.flatnonzero(self._counts)
        middles = np.array([sum(bounds(int(i))) / 2 for i in filled])
        return float((middles * self._counts[filled]).sum() / total)

    def quantiles_ns(self, shares: Iterable[float]) -> list[int | None]:
        """Return, for each share in (0, 1], the smallest bucket value that at least that share of observations
        does not exceed (the bucket's upper end, at most the exact maximum); None if the histogram is empty.
        """
        cumulative = np.cumsum(self._counts)
        total = int(cumulative[-1])
        if not total:
            return [None for _ in shares]
        found: list[int | None] = []
        for share in shares:
            # The tiny subtraction keeps 0.95 * 100 at the 95th observation although the product is 95.00000000000001.
            rank = max(1, int(np.ceil(share * total - 1e-9 * total)))
            index = int(np.searchsorted(cumulative, rank))
            found.append(min(bounds(index)[1], self._max_ns))
        return found

    def encode(self) -> str:
        """Return the HdrHistogram V2 compressed form, base64 (the format of the Java and C libraries)."""
        return encode_sparse(*self.sparse())


def encode_sparse(indices: Sequence[int], counts: Sequence[int]) -> str:
    """Return a sparse histogram (indices ascending, counts above 0) as ``Histogram.encode`` does."""
    payload = _zigzag_runs(indices, counts)
    body = struct.pack(">Iiiiqqd", _V2, len(payload), 0, 3, 1, HIGHEST_NS, 1.0) + payload
    packed = zlib.compress(body)
    return base64.b64encode(struct.pack(">Ii", _V2_COMPRESSED, len(packed)) + packed).decode()


def _zigzag_runs(indices: Sequence[int], counts: Sequence[int]) -> bytes:
    """Encode counts from bucket 0 to the last one as ZigZag LEB128; a run of n zeros is the number -n."""
    out = bytearray()
    here = 0
    for index, count in zip(indices, counts, strict=True):
        if index > here:
            _leb128(out, here - index)
        _leb128(out, count)
        here = index + 1
    return bytes(out)


def _leb128(out: bytearray, value: int) -> None:
    """Append one ZigZag LEB128 number of at most 64 bits; the ninth byte carries 8 bits, as HdrHistogram has it."""
    rest = ((value << 1) ^ (value >> 63)) & 0xFFFFFFFFFFFFFFFF
    for _ in range(8):
        if rest < 0x80:
            out.append(rest)
            return
        out.append((rest & 0x7F) | 0x80)
        rest >>= 7
    out.append(rest)
