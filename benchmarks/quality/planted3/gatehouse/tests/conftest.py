import httpx
import pytest

from gatehouse.app import Directory, build

pytest_plugins = ["tests.plugins.audit"]


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def directory():
    directory = Directory(iterations=10)
    directory.register("ada", "engine")
    return directory


@pytest.fixture
def app(directory, audit):
    return build(directory, audit)


@pytest.fixture
async def client(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gate") as client:
        yield client
