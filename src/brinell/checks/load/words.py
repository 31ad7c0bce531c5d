"""Numbers as sentences say them."""

from __future__ import annotations


def short(value: float, digits: int = 3) -> str:
    """Return so many digits of a number; all of those before the point, where these are more, and no power of ten."""
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in text else text


def above(value: float, limit: float) -> str:
    """Return a number that exceeds a limit, in four digits or as many as it takes to see that it does."""
    return next((text for digits in range(4, 17) if float(text := short(value, digits)) > limit), repr(value))
