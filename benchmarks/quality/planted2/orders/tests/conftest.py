import shutil
from decimal import Decimal
from unittest.mock import Mock

import pytest

from orders import Line, OrderService


class MemoryRepository:
    def __init__(self):
        self.rows = {}

    def next_number(self):
        return len(self.rows) + 1

    def save(self, order):
        self.rows[order.number] = order

    def get(self, number):
        return self.rows.get(number)

    def all(self):
        return list(self.rows.values())


@pytest.fixture
def repository():
    return MemoryRepository()


@pytest.fixture
def mailer():
    return Mock()


@pytest.fixture
def outbox(mailer):
    """The mailer, for tests in which something must be sent."""
    yield mailer
    mailer.send.assert_called()


@pytest.fixture
def payments():
    payments = Mock()
    payments.charge.return_value = True
    return payments


@pytest.fixture
def service(repository, mailer, payments):
    return OrderService(repository, mailer, payments)


@pytest.fixture
def book():
    return Line("book", 2, Decimal("12.50"))


@pytest.fixture
def export_dir(tmp_path):
    target = tmp_path / "export"
    target.mkdir()
    yield target
    try:
        shutil.rmtree(target)
    except Exception:
        pass
