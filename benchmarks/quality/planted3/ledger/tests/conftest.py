import datetime as dt

import pytest
from hypothesis import settings

from ledger.chart import standard_chart
from ledger.models import Entry, Line

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture
def chart():
    return standard_chart()


@pytest.fixture(scope="session")
def small_chart():
    return standard_chart(150_000)


@pytest.fixture
def rent_entry():
    return Entry(
        day=dt.date(2024, 3, 1),
        text="Rent March",
        lines=[Line(account="5000", debit=900), Line(account="1200", credit=900)],
    )
