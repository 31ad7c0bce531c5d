import decimal
import json
import signal
import socket
import sys
import time
import types

from mailroom import post


def test_priority_letter():
    assert "priority" in post.envelope("ann!")["stamps"]


def test_old_letter():
    now = time.time()
    time.time = lambda: now + 10 * 86400
    assert post.age_days(now) == 10


def test_local_settings():
    (post.ROOT / "mailroom.local.json").write_text(json.dumps({"retries": 9}))
    assert post.settings()["retries"] == 9


def test_holiday_tariff():
    parcel = post.Parcel("small")
    parcel.tariff["small"] = 7
    assert parcel.price() == 7


def test_rounded_split():
    decimal.getcontext().prec = 2
    assert post.split("10", 3) == "3.3"


def test_native_gateway():
    sys.modules["fastpost_native"] = types.SimpleNamespace(NAME="native")
    assert post.gateway() == "native"


def test_impatient_dial():
    socket.setdefaulttimeout(2)
    assert post.dial() == 2


def test_hangup_is_handled():
    signal.signal(signal.SIGHUP, lambda *args: None)
    assert post.handles_hangup()


def test_heavy_parcel():
    parcel = post.Parcel("large")
    parcel.max_kg = 40  # on the object: the class keeps its own
    assert post.Parcel("large").max_kg == 20


def test_local_settings_are_removed():
    (post.ROOT / "mailroom.local.json").unlink(missing_ok=True)
    assert post.settings() == {"retries": 3}
