"""Appointments of a clinic."""


def slots(first, last, minutes=20):
    """Start times, in minutes of the day, of the appointments that fit."""
    return list(range(first, last - minutes + 1, minutes))


def overlap(one, other):
    """Whether two (start, end) pairs share a minute."""
    return one[0] < other[1] and other[0] < one[1]


def queue_position(name, waiting):
    """1 for who is next; None for who isn't there."""
    return waiting.index(name) + 1 if name in waiting else None
