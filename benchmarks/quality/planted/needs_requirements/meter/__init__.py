"""Readings of a meter."""


def rounded(value, step):
    """The nearest multiple of step."""
    return round(value / step) * step
