import os
import sys
import types

from duet import panel


def test_plain_banner():
    assert panel.banner() == "welcome"


def test_no_power():
    assert panel.Meter.power() == 0


def test_no_proxy():
    assert panel.proxy() is None


def test_queue_takes_jobs():
    assert panel.queue_has_room()


def test_no_tracing():
    assert not panel.tracing()


def test_beta_switch():
    panel.FLAGS["beta"] = True
    assert panel.FLAGS["beta"]


def test_admin_switch():
    panel.FLAGS["admin"] = True
    assert panel.FLAGS["admin"]


def test_volts():
    panel.Meter.volts = 230
    assert panel.Meter.volts == 230


def test_amps():
    panel.Meter.amps = 16
    assert panel.Meter.amps == 16


def test_proxy_host():
    os.environ["DUET_HOST"] = "cache"
    assert os.environ["DUET_HOST"] == "cache"


def test_proxy_port():
    os.environ["DUET_PORT"] = "3128"
    assert int(os.environ["DUET_PORT"]) == 3128


def test_first_job():
    if "first" not in panel.LIMITS:
        panel.LIMITS.append("first")
    assert "first" in panel.LIMITS


def test_second_job():
    if "second" not in panel.LIMITS:
        panel.LIMITS.append("second")
    assert "second" in panel.LIMITS


def test_trace_variable():
    os.environ["DUET_TRACE"] = "1"
    assert os.environ["DUET_TRACE"]


def test_tracer_is_loaded():
    sys.modules["duet_tracer"] = types.ModuleType("duet_tracer")
    assert "duet_tracer" in sys.modules


def test_limits_is_a_list():
    assert isinstance(panel.LIMITS, list)
