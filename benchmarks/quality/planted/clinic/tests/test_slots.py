import os
import sys
import unittest

import pytest

from clinic import overlap, queue_position, slots

NIGHTLY = "runs at night: takes minutes"
needs_display = pytest.mark.skipif("DISPLAY" not in os.environ, reason="needs a display")
nightly = pytest.mark.skip(reason=NIGHTLY)


def needs(variable):
    """Skip unless the environment names a server."""
    if variable not in os.environ:
        pytest.skip(f"{variable} names no server")


def test_morning():
    assert slots(480, 540) == [480, 500, 520]


@pytest.mark.skip
def test_afternoon():
    assert slots(720, 780) == [720, 740, 760]


@pytest.mark.skip("waits for the new opening hours, #214")
def test_evening():
    assert slots(1080, 1140) == []


@pytest.mark.xfail()
def test_no_time():
    assert slots(480, 480) == [480]


@pytest.mark.xfail(reason="last slot is lost where it ends at closing time, #98", strict=True)
def test_last_slot():
    assert slots(480, 500) == [480, 500]


@pytest.mark.xfail(raises=TypeError, strict=True)
def test_half_minutes():
    assert slots(480.5, 500) == [480.5]


@pytest.mark.skipif("sys.platform != 'plan9'")
def test_plan9_clock():
    assert slots(0, 20) == [0]


@pytest.mark.skipif(sys.platform != "plan9", reason="the clock of Plan 9 starts at one")
def test_plan9_clock_start():
    assert slots(1, 21) == [1]


@nightly
def test_a_year_of_slots():
    assert len(slots(0, 525_600)) == 26_280


@needs_display
def test_board():
    assert slots(0, 20) == [0]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 20), (20, 40), False),
        ((0, 20), (10, 30), True),
        pytest.param((0, 0), (0, 20), True, marks=pytest.mark.xfail),
        pytest.param((5, 5), (0, 20), False, marks=pytest.mark.xfail(reason="empty appointments, #77")),
    ],
)
def test_overlap(one, other, expected):
    assert overlap(one, other) is expected


def test_queue_of_two():
    if not hasattr(sys, "plan9_version"):
        pytest.skip()
    assert queue_position("Ann", ["Bob", "Ann"]) == 2


def test_queue_of_the_server():
    needs("CLINIC_SERVER")
    assert queue_position("Ann", ["Ann"]) == 1


def test_unknown_patient():
    if sys.maxsize < 2**31:
        pytest.skip("needs 64 bits")
    assert queue_position("Eve", ["Ann"]) is None


def test_first_patient():
    if queue_position("Ann", ["Ann"]) == 1:
        pytest.xfail("")
    assert queue_position("Ann", ["Ann"]) == 0


def test_fonts():
    fonts = pytest.importorskip("clinic_fonts_of_the_printer")
    assert fonts.names()


class TestOnPlan9(unittest.TestCase):
    @unittest.skip("")
    def test_slots(self):
        self.assertEqual(slots(0, 20), [0])

    @unittest.skipUnless(sys.platform == "plan9", "Plan 9 only")
    def test_overlap(self):
        self.assertTrue(overlap((0, 2), (1, 3)))

    def test_queue(self):
        if sys.platform != "plan9":
            self.skipTest("Plan 9 only")
        self.assertIsNone(queue_position("Ann", []))
