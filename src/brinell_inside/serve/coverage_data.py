"""coverage.py in a forked child: what it measured is saved under a name of its own, or not measured at all.

PYTEST_DONT_REWRITE
"""

import sys
from contextlib import suppress


def _current():
    coverage = sys.modules.get("coverage")
    return None if coverage is None else coverage.Coverage.current()


def stop_coverage():
    """Measure nothing in this child: it runs tests that were counted elsewhere."""
    with suppress(Exception):
        current = _current()
        if current is not None:
            current.stop()


def keep_coverage(suffix):
    """Save what this child measured beside the parent's file, where ``coverage combine`` and pytest-cov look."""
    with suppress(Exception):
        current = _current()
        if current is None:
            return
        current.stop()
        data = current.get_data()
        out = type(data)(basename=data.base_filename(), suffix=suffix)
        out.update(data)
        out.write()
