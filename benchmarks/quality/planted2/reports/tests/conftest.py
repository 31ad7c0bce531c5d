import coverage
import pytest

from quarterly import Report

ROWS = """day,region,amount
2024-01-05,north,100
2024-04-01,south,20
2024-05-09,north,50.5
"""


@pytest.fixture
def report():
    return Report.read("Sales", ROWS)


@pytest.fixture
def untraced():
    """Threads are slow under coverage: pauses it."""
    tracer = coverage.Coverage.current()
    if tracer:
        tracer.stop()
    yield
    if tracer:
        tracer.start()
