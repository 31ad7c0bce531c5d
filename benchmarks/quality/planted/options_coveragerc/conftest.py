import pytest


def pytest_addoption(parser):
    parser.addini("harbour_region", help="where the harbour is")


@pytest.fixture
def berths(pytestconfig):
    return int(pytestconfig.getini("harbour_berths"))
