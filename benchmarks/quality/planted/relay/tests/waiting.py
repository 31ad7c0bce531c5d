"""Ways to wait."""

import time


def until(condition, deadline_s=5.0, pause_s=0.005):
    """Poll until the condition holds; AssertionError at the deadline."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {deadline_s} s")
        time.sleep(pause_s)


def let_it_settle():
    time.sleep(0.03)


class FakeClock:
    """Time that passes when told."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds
