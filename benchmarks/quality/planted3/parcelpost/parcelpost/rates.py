"""Rates by zone and weight."""

from __future__ import annotations

from dataclasses import dataclass, field

ZONES = {"domestic": 450, "europe": 1190, "world": 1990}


class RateError(ValueError):
    pass


@dataclass
class Parcel:
    grams: int
    zone: str = "domestic"
    tags: set[str] = field(default_factory=set)

    def __post_init__(self):
        if self.grams <= 0:
            raise RateError("a parcel weighs something")
        if self.zone not in ZONES:
            raise RateError(f"no zone {self.zone!r}")


def price(parcel: Parcel) -> int:
    base = ZONES[parcel.zone]
    extra = max(0, -(-(parcel.grams - 1000) // 500)) * 120
    return base + extra


class Printer:
    def send(self, text: str) -> int:
        raise OSError("no printer")


class Labeller:
    def __init__(self, printer: Printer, clock=None):
        self.printer = printer
        self.clock = clock
        self.failed: list[str] = []

    def label(self, parcel: Parcel) -> str:
        text = f"{parcel.zone.upper():10}{parcel.grams:>6} g{price(parcel) / 100:>9.2f}"
        try:
            self.printer.send(text)
        except OSError as error:
            self.failed.append(str(error))
        return text
