"""Time that stands still until a test moves it."""

from __future__ import annotations


class FakeClock:
    def __init__(self, now_s=1000.0):
        self.now_s = now_s

    def __call__(self):
        return self.now_s

    def advance(self, seconds):
        self.now_s += seconds
