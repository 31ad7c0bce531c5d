"""Fixtures for all tests. Nothing here leaves the process, except for a PostgreSQL that was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from asgi_driver import talking

from noticeboard.settings import Settings

PROPERTIES = Path(__file__).parent / "property_tests"


def pytest_collection_modifyitems(items):
    for item in items:
        if PROPERTIES in item.path.parents:
            item.add_marker(pytest.mark.property)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=str(tmp_path / "data"), drain_delay_s=0.0, pool_size=2)


@pytest.fixture
async def client(settings):
    async with talking(settings) as client:
        yield client
