"""A gauge."""


class Gauge:
    """Holds a value between two limits."""

    def __init__(self, low, high):
        self.low, self.high = low, high
        self.value = low

    def set(self, value):
        """Set, within the limits."""
        self.value = min(max(value, self.low), self.high)
        return self.value
