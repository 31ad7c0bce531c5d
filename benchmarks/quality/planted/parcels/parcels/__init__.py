"""Parcels: weights, prices and labels."""

import math
from dataclasses import dataclass


class ParcelError(ValueError):
    """A parcel that no carrier takes."""


@dataclass(frozen=True)
class Parcel:
    """Grams and a destination."""

    grams: int
    country: str = "NL"


def price_cents(parcel):
    """The price; nan where nobody delivers."""
    if parcel.country == "AQ":
        return math.nan
    return 395 + 2 * math.ceil(parcel.grams / 100) * 10


def is_letter(parcel):
    """Whether it goes as a letter."""
    return parcel.grams <= 350


def label(parcel):
    """The label's text."""
    if parcel.grams <= 0:
        raise ParcelError("a parcel weighs something")
    return f"{parcel.country} {parcel.grams} g"


def batches(parcels, size):
    """Lists of at most size parcels."""
    parcels = list(parcels)
    return [parcels[at : at + size] for at in range(0, len(parcels), size)]


def validate(parcels):
    """Assert that each can be sent; for callers who run with assertions on."""
    for one in parcels:
        assert one.grams > 0, one
