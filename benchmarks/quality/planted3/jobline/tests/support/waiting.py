import threading
import time


def settle():
    time.sleep(0.15)


def until(condition, timeout=2.0):
    """Wait for a condition on its own event: not for a fixed time."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def nap(seconds):
    threading.Event().wait(seconds)
