"""Reads stations over HTTP, politely."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import httpx
import msgspec


class Reading(msgspec.Struct, frozen=True):
    station: str
    celsius: float
    humidity: int = 0

    @property
    def fahrenheit(self) -> float:
        return self.celsius * 9 / 5 + 32


class StationDown(Exception):
    def __init__(self, station: str, status: int) -> None:
        super().__init__(f"{station} answers {status}")
        self.station, self.status = station, status


class Client:
    def __init__(self, transport: httpx.BaseTransport | None = None, tries: int = 3, pause: float = 0.5,
                 sleep: Callable[[float], None] | None = None) -> None:
        self.http = httpx.Client(transport=transport, base_url="http://weather")
        self.tries, self.pause = tries, pause
        self.sleep = sleep or time.sleep
        self.cache: dict[str, Reading] = {}

    def close(self) -> None:
        self.http.close()

    def read(self, station: str) -> Reading:
        status = 0
        for attempt in range(self.tries):
            response = self.http.get(f"/stations/{station}")
            status = response.status_code
            if status == 200:
                reading = msgspec.json.decode(response.content, type=Reading)
                self.cache[station] = reading
                return reading
            if status < 500:
                break
            self.sleep(self.pause * 2**attempt)
        raise StationDown(station, status)

    def read_all(self, stations: list[str]) -> list[Reading]:
        found = []
        for station in stations:
            try:
                found.append(self.read(station))
            except StationDown:
                continue
        return found


def jitter(base: float, spread: float = 0.1) -> float:
    return base * (1 + random.uniform(-spread, spread))


def climate(years: int = 60, seed: int = 7) -> list[float]:
    """Yearly means of a made-up climate, day by day: dear on purpose."""
    made = random.Random(seed)
    means = []
    for year in range(years):
        means.append(sum(made.gauss(10 + year / 100, 8) for _ in range(365 * 24)) / (365 * 24))
    return means
