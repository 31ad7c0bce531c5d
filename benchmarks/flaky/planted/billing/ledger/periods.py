"""Billing periods, anniversaries and invoice numbers."""

import calendar
import subprocess
from datetime import date, datetime, timedelta

SIGNING_KEY_EXPIRES = date(2031, 6, 30)


def next_charge(day):
    """The same day of the next month."""
    if day.month == 12:
        return day.replace(year=day.year + 1, month=1)
    return day.replace(month=day.month + 1)


def next_charge_clamped(day):
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def renewal(day):
    return day.replace(year=day.year + 1)


def week_key(day):
    return f"{day.year}-W{day.isocalendar()[1]:02d}"


def week_start(key):
    return datetime.strptime(key + "-1", "%G-W%V-%u").date()


def yesterday(day):
    return day.replace(day=day.day - 1)


def sign(document, today=None):
    today = today or date.today()
    if today > SIGNING_KEY_EXPIRES:
        raise PermissionError("signing key has expired")
    return {"document": document, "signed": today.isoformat()}


def invoice_number(day, serial):
    return f"INV-{day.year}-{serial:05d}"


def statement_day():
    """The day of the month printed on statements, as the mail merge script gets it."""
    out = subprocess.run(["date", "+%d"], capture_output=True, text=True, check=True).stdout
    return int(out)


def due(day, days=14):
    return day + timedelta(days=days)
