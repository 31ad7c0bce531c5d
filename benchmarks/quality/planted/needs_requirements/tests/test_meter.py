import os

import pytest
from iniconfig import IniConfig

from meter import rounded

LIVE = os.environ.get("METER_LIVE")


def test_rounded():
    assert rounded(7, 5) == 5


def test_settings(tmp_path):
    path = tmp_path / "meter.ini"
    path.write_text("[meter]\nstep = 5\n")
    assert IniConfig(str(path))["meter"]["step"] == "5"


@pytest.mark.skipif(not LIVE, reason="no meter here")
class TestLive:
    def test_token(self):
        import jwt

        assert jwt.encode({}, "key")

    def test_reading(self):
        import attr

        assert attr.has(rounded)

    def test_serial_line(self):
        from serial.tools import list_ports

        assert list_ports.comports()

    def test_settings_of_the_meter(self):
        from dotenv import load_dotenv

        assert load_dotenv(LIVE)


if LIVE:
    import paho.mqtt.client as mqtt

    def test_broker_answers():
        assert mqtt.Client().connect(LIVE) == 0
