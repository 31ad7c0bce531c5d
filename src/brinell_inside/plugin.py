"""The pytest door: loaded by every pytest that finds Brinell installed, so it imports next to nothing until asked.

PYTEST_DONT_REWRITE
"""

import pytest


def pytest_addoption(parser):
    """Add ``--brinell``."""
    parser.getgroup("brinell").addoption(
        "--brinell",
        action="store_true",
        default=False,
        help="record this run under .brinell/recordings and let Brinell say what is wrong with the suite",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    """Begin to record if asked to."""
    if session.config.getoption("brinell", default=False):
        from brinell_inside.recording import start  # noqa: PLC0415 - plain pytest must not pay for it

        start(session.config)


@pytest.fixture
def brinell_load(request):
    """Run a load scenario and assert its thresholds; arguments and result: Brinell's docs/LOAD.md, "In a test".

    result = brinell_load("http://127.0.0.1:8000/", rate=200, duration=5, thresholds={"p95_ms": 100})
    """
    from brinell_inside.load_door import open_door  # noqa: PLC0415 - plain pytest must not pay for it

    return open_door(request)
