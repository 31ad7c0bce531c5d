import pytest


def pytest_addoption(parser):
    parser.addini("ledger_currency", "currency of the sample books", default="EUR")


@pytest.fixture
def currency(request):
    return request.config.getini("ledger_currency")
