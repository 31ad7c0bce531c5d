import pytest

from clinic import slots

pytestmark = [pytest.mark.xfail(reason="reminders are a day early until #301 is in")]


def test_reminder_is_sent_the_day_before():
    assert slots(480, 500) == [480 - 1440]


class TestText:
    pytestmark = pytest.mark.skip

    def test_text(self):
        assert slots(480, 500)
