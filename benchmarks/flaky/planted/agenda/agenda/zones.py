"""Meetings, feeds and mail dates."""

import calendar
import email.utils
import os
import time
from datetime import datetime, timedelta, timezone


def from_epoch(seconds):
    return datetime.fromtimestamp(seconds)


def to_epoch(text):
    """Seconds of an UTC text such as 2026-01-02T03:04:05."""
    return int(time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%S")))


def to_epoch_utc(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))


def repeat_daily(first, days):
    """Local wall-clock texts of a meeting repeated every 24 hours."""
    begin = time.mktime(time.strptime(first, "%Y-%m-%d %H:%M"))
    return [time.strftime("%H:%M", time.localtime(begin + 86400 * n)) for n in range(days)]


def mail_date(seconds):
    return email.utils.formatdate(seconds, localtime=True)


def age_of(path):
    """How long ago a file was written."""
    written = datetime.fromtimestamp(os.stat(path).st_mtime)
    return datetime.now(timezone.utc).replace(tzinfo=None) - written


def token_expiry(lifetime_s):
    """Epoch seconds at which a token ends."""
    return (datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(seconds=lifetime_s)).timestamp()


def stamp(seconds):
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat()
