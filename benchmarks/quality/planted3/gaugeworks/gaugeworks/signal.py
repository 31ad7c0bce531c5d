from __future__ import annotations

import warnings

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge


class OutOfRange(ValueError):
    pass


def smooth(values, width: int = 3) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if width < 1 or width > len(values):
        raise OutOfRange(f"width {width} of {len(values)}")
    return np.convolve(values, np.ones(width) / width, mode="valid")


def clip(values, low: float, high: float) -> np.ndarray:
    if low > high:
        raise OutOfRange(f"{low} > {high}")
    return np.clip(np.asarray(values, dtype=float), low, high)


def drift(values) -> float:
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return 0.0
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])


def average(values) -> float:
    warnings.warn("average() is mean() since 1.0", PendingDeprecationWarning, stacklevel=2)
    return float(np.mean(values))


class Panel:
    def __init__(self, on_alarm=None) -> None:
        self.registry = CollectorRegistry()
        self.level = Gauge("level", "last reading", ["gauge"], registry=self.registry)
        self.alarms = Counter("alarms", "readings above the limit", registry=self.registry)
        self.on_alarm = on_alarm
        self.limit = 100.0

    def read(self, gauge: str, value: float) -> None:
        self.level.labels(gauge).set(value)
        if value > self.limit:
            self.alarms.inc()
            if self.on_alarm:
                self.on_alarm(gauge, value)

    def sample(self, name: str, **labels) -> float | None:
        return self.registry.get_sample_value(name, labels)


def record(seed: int = 1, count: int = 400) -> np.ndarray:
    """Eigenvalues of a few random matrices: a dear, fixed recording."""
    made = np.random.default_rng(seed)
    return np.sort(np.abs(np.linalg.eigvals(made.normal(size=(count, count)))))
