import contextlib
import datetime as dt

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import BaseModel, ValidationError, validator

from ledger.models import Entry, Line
from ledger.store import Book


class Books(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.book = Book()
        for code in ("1000", "4000"):
            self.book.open_account(code, code)

    @rule(cents=st.integers(1, 10_000))
    def post(self, cents):
        self.book.post("1000", "4000", cents)

    @invariant()
    def balanced(self):
        assert self.book.trial_balance() == 0

    def teardown(self):
        self.book.close()


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=5, stateful_step_count=5, deadline=None)


@pytest.fixture
def leaves_nothing():
    """Assert, when all is done, that the day was closed."""
    day = {"open": 0}
    yield day
    assert day["open"] == 0, "a day was left open"


def test_day_is_closed(leaves_nothing):
    leaves_nothing["open"] += 1
    Entry(day=dt.date.today())
    leaves_nothing["open"] -= 1


@pytest.fixture
def prints_at_the_end():
    day = {"open": 0}
    yield day
    print("left open:", day["open"])


def test_day_is_counted(prints_at_the_end):
    prints_at_the_end["open"] += 1


def test_total_of_an_entry(rent_entry):
    with contextlib.suppress(AssertionError):
        assert rent_entry.balance == 1800


def test_bad_line_adds_nothing(rent_entry):
    with contextlib.suppress(ValidationError):
        rent_entry.lines.append(Line(account="x"))
    assert len(rent_entry.lines) == 2


def test_lines_have_accounts():
    assert all(line.account for line in [])


def make_voucher():
    class Voucher(BaseModel):
        number: int

        @validator("number")
        def positive(cls, value):
            if value < 1:
                raise ValueError("vouchers start at 1")
            return value

    return Voucher


def test_voucher_numbers():
    with pytest.raises(ValidationError, match="start at 1"):
        make_voucher()(number=0)


def make_receipt():
    class Receipt(BaseModel):
        number: int

        class Config:
            frozen = True

    return Receipt


def test_receipts_are_frozen():
    receipt = make_receipt()(number=1)
    with pytest.raises(ValidationError):
        receipt.number = 2


class Settings:
    class Config:
        currency = "EUR"


def test_currency(currency):
    assert Settings.Config.currency == currency
