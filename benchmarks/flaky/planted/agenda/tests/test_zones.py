import time
from datetime import datetime, timedelta, timezone

from agenda.zones import age_of, from_epoch, mail_date, repeat_daily, stamp, to_epoch, to_epoch_utc, token_expiry


def test_epoch_starts_in_1970():
    assert from_epoch(0) == datetime(1970, 1, 1)


def test_feed_time_is_read_as_utc():
    assert to_epoch("2026-01-01T00:00:00") == 1767225600


def test_daily_meeting_keeps_its_hour():
    assert set(repeat_daily("2026-03-06 09:30", 30)) == {"09:30"}


def test_mail_date_header():
    assert mail_date(1767225600) == "Thu, 01 Jan 2026 00:00:00 +0000"


def test_new_file_is_new(tmp_path):
    path = tmp_path / "upload.bin"
    path.write_bytes(b"x")
    assert timedelta(minutes=-1) < age_of(path) < timedelta(minutes=1)


def test_token_lives_an_hour():
    assert abs(token_expiry(3600) - time.time() - 3600) < 5


def test_stamp_is_utc():
    assert stamp(0) == "1970-01-01T00:00:00+00:00"


def test_timegm_reads_utc():
    assert to_epoch_utc("2026-01-01T00:00:00") == 1767225600


def test_aware_arithmetic():
    berlin = timezone(timedelta(hours=1))
    assert datetime(2026, 1, 1, 1, tzinfo=berlin) == datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_local_round_trip():
    text = "2026-01-15T12:00:00"
    assert time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(to_epoch(text))) == text
