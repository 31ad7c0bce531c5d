"""Student's t: how much wider an interval is whose spread is itself known from few values."""

from __future__ import annotations

_T = (  # at 97.5 %, by degrees of freedom from 1 on
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
NORMAL = 1.96


def student(freedom: int) -> float:
    """Return the 97.5th percentile by degrees of freedom, 1 at least; that of the normal beyond thirty."""
    return _T[freedom - 1] if freedom <= len(_T) else NORMAL
