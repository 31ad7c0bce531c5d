"""Averages of readings."""

import warnings

import skyclient


def average(readings):
    """Mean of the celsius values."""
    return sum(one["celsius"] for one in readings) / len(readings)


def mean(readings):
    """Old name of average."""
    warnings.warn("mean() is deprecated, use average()", DeprecationWarning, stacklevel=2)
    return average(readings)


def latest(station):
    """The newest reading, by the library's old method: the product's own use of something deprecated."""
    return skyclient.Model(**skyclient.fetch(station)[-1]).dict()


def guess(station):
    """No station is known by heart."""
    warnings.warn(f"{station} is guessed", UserWarning, stacklevel=2)
    return 10.0
