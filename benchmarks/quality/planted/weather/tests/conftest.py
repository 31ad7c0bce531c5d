import pytest
import skyclient


@pytest.fixture
def client():
    return skyclient.connect("http://127.0.0.1:1")
