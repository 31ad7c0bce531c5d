import httpx
import pytest

from weatherdeck.client import Client, climate


class Stations:
    """What the stations answer, and what they were asked."""

    def __init__(self):
        self.answers = {"oslo": [(200, {"station": "oslo", "celsius": -3.5, "humidity": 80})]}
        self.asked = []

    def __call__(self, request):
        name = request.url.path.rsplit("/", 1)[-1]
        self.asked.append(name)
        queue = self.answers.get(name, [(404, {})])
        status, body = queue.pop(0) if len(queue) > 1 else queue[0]
        return httpx.Response(status, json=body)


@pytest.fixture
def stations():
    return Stations()


@pytest.fixture
def naps():
    return []


@pytest.fixture
def client(stations, naps):
    client = Client(httpx.MockTransport(stations), sleep=naps.append)
    yield client
    client.close()


@pytest.fixture
def sixty_years():
    return climate()


@pytest.fixture
def two_years():
    return climate(2)
