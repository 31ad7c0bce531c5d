import os

import pytest

pytestmark = pytest.mark.skipif("NIGHTLY" not in os.environ, reason="runs at night")


def test_queue_is_empty(broker):
    assert broker.llen("harvest") == 0


def test_noon(noon):
    import datetime

    assert datetime.datetime.now().hour == 12
