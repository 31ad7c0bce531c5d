from datetime import date, timedelta

import pytest
from ledger.periods import (
    due,
    invoice_number,
    next_charge,
    next_charge_clamped,
    renewal,
    sign,
    statement_day,
    week_key,
    week_start,
    yesterday,
)


def test_next_charge_is_a_month_away():
    today = date.today()
    assert 28 <= (next_charge(today) - today).days <= 31


def test_renewal_is_a_year_away():
    today = date.today()
    assert (renewal(today) - today).days in (365, 366)


def test_week_of_today_round_trips():
    today = date.today()
    assert 0 <= (today - week_start(week_key(today))).days < 7


def test_yesterday_is_one_day_ago():
    today = date.today()
    assert today - yesterday(today) == timedelta(days=1)


def test_contract_can_be_signed():
    assert sign("contract.pdf")["document"] == "contract.pdf"


def test_reminder_carries_the_invoice_number():
    today = date.today()
    reminder_day = due(today, 7)
    assert invoice_number(today, 12) == invoice_number(reminder_day, 12)


def test_statement_day_exists_every_month():
    assert 1 <= statement_day() <= 28


@pytest.mark.parametrize(
    ("day", "charged"), [(date(2026, 1, 31), date(2026, 2, 28)), (date(2025, 12, 5), date(2026, 1, 5))]
)
def test_clamped_charge(day, charged):
    assert next_charge_clamped(day) == charged


def test_clamped_charge_of_today():
    today = date.today()
    assert 28 <= (next_charge_clamped(today) - today).days <= 31


def test_week_of_a_given_day():
    assert week_key(date(2026, 3, 4)) == "2026-W10"


def test_key_is_refused_once_expired():
    with pytest.raises(PermissionError):
        sign("contract.pdf", today=date(2040, 1, 1))


def test_due_date_counts_days():
    assert due(date(2024, 2, 20)) == date(2024, 3, 5)
    today = date.today()
    assert (due(today) - today).days == 14
