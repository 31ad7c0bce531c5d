"""Plug-ins that would change what runs, or in what order, while the tool decides both. PYTEST_DONT_REWRITE."""

from contextlib import suppress

_before = {}  # option: its value, where it was changed


def before_collection(config):
    """Called when the configuration is complete: one process, the order as collected, no repeats."""
    option = config.option
    for name, value in (
        ("numprocesses", None),  # pytest-xdist
        ("dist", "no"),
        ("tx", []),
        ("reruns", None),  # pytest-rerunfailures
        ("force_flaky", False),
        ("randomly_reorganize", False),  # pytest-randomly: it still reseeds before each test
        ("random_order_bucket", "none"),  # pytest-random-order
        ("maxfail", 0),
        ("stepwise", False),
        ("failedfirst", False),
        ("newfirst", False),
        ("lf", False),
    ):
        if hasattr(option, name):
            _before.setdefault(name, getattr(option, name))
            setattr(option, name, value)


def stops_early():
    """Whether the suite is to stop at its first failures, which only one process after the other can."""
    return bool(_before.get("maxfail") or _before.get("stepwise"))


def repeat_again(config):
    """In a child whose outcomes count: repeat failing tests where the project wants it (pytest-rerunfailures)."""
    for name in ("reruns", "force_flaky"):
        if name in _before:
            setattr(config.option, name, _before[name])


def settle(config):
    """Called after collection: what listens to every test only to print it falls silent in this process."""
    with suppress(Exception):
        config.pluginmanager.unregister(name="brinell-recorder-early")
