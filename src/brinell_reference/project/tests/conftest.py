"""Fixtures for all tests. Nothing here leaves the process, except for a PostgreSQL that was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from asgi_driver import talking
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from noticeboard.settings import Settings

# How long something takes is no property of it: a machine may be busy with something else at any moment.
hypothesis_settings.register_profile("noticeboard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("noticeboard")

PATIENCE_S = 60.0
PROPERTIES = Path(__file__).parent / "property_tests"


def pytest_collection_modifyitems(items):
    for item in items:
        if PROPERTIES in item.path.parents:
            item.add_marker(pytest.mark.property)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Let no test fail because the machine was slow; those about being slow say themselves how slow."""
    monkeypatch.setattr("noticeboard.cache.disk._READ_TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr("noticeboard.hub.endpoint._FAREWELL_TIMEOUT_S", PATIENCE_S)


@pytest.fixture
def settings(tmp_path):
    return Settings(
        data_dir=str(tmp_path / "data"),
        drain_delay_s=0.0,
        pool_size=2,
        database_timeout_s=PATIENCE_S,
        ready_timeout_s=PATIENCE_S,
        body_timeout_s=PATIENCE_S,
        cache_ttl_s=PATIENCE_S,
        shutdown_grace_s=PATIENCE_S,
    )


@pytest.fixture
async def client(settings):
    async with talking(settings) as client:
        yield client
