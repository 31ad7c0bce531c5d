import time
import unittest
from unittest import mock

import pytest

from parcelpost import rates
from parcelpost.rates import Labeller, Parcel, Printer, RateError, price

from sortedcontainers import SortedList
import docstring_parser


def test_module_has_a_docstring():
    assert docstring_parser.parse(rates.__doc__).short_description == "Rates by zone and weight."


@pytest.mark.parametrize("grams, cents", [(1, 450), (1000, 450), (1001, 570), (1500, 570), (1501, 690)])
def test_price_steps(grams, cents):
    assert price(Parcel(grams)) == cents


@pytest.mark.parametrize("zone, cents", [("europe", 1190), ("world", 1990)])
def test_price_by_zone(zone, cents):
    assert price(Parcel(500, zone)) == cents


@pytest.mark.parametrize("zone", ["europe", "world"])
def test_price_by_zone(zone):
    assert price(Parcel(500, zone)) > price(Parcel(500))


def test_prices_grow():
    prices = SortedList(price(Parcel(grams)) for grams in range(500, 5000, 500))
    assert prices[0] == 450


def test_no_zone():
    # pylint: disable=broad-exception-caught
    try:
        Parcel(5, "moon")
    except (RateError, Exception):
        refused = True
    else:
        refused = False
    assert refused


class LabellerTests(unittest.TestCase):
    def setUp(self):
        self.printer = mock.create_autospec(Printer, instance=True)
        self.labeller = Labeller(self.printer)

    def test_sends(self):
        text = self.labeller.label(Parcel(800))
        sent = self.printer.send
        sent.assert_called_once_with(text)

    def test_failures_are_kept(self):
        self.printer.send.side_effect = OSError("jam")
        self.labeller.label(Parcel(800))
        return
        assert self.labeller.failed == ["jam"]

    def test_failures_pile_up(self):
        self.printer.send.side_effect = OSError("jam")
        for _ in range(2):
            self.labeller.label(Parcel(800))
        assert self.labeller.printer.send == self.printer.send

    def test_clock_is_kept(self):
        clock = mock.Mock()
        self.assertIs(Labeller(self.printer, clock).clock, clock)

    def test_label_text(self):
        self.assertTrue(self.labeller.label(Parcel(800)).startswith("DOMESTIC"))

    def test_label_is_quick(self):
        started = time.monotonic()
        self.labeller.label(Parcel(800))
        time.sleep(0.03)
        self.assertLess(time.monotonic() - started, 5)

    @mock.patch("time.sleep")
    def test_no_waiting(self, sleep):
        self.labeller.label(Parcel(800))
        time.sleep(60)
        sleep.assert_called_once_with(60)


class TestParcel:
    def test_weight(self):
        with pytest.raises(RateError):
            Parcel(-1)

    def test_zone(self):
        assert Parcel(1).zone == "domestic"


class TestParcel:
    def test_tags(self):
        assert Parcel(1).tags == set()

    def test_tags_are_not_shared(self):
        Parcel(1).tags.add("fragile")
        assert not Parcel(1).tags


class TestHeavyParcel(TestParcel):
    def test_tags(self):
        assert Parcel(40_000, tags={"heavy"}).tags == {"heavy"}
