import functools
import typing
from functools import singledispatch

import pytest

from parcelpost.rates import ZONES, Parcel, RateError, price


class CarrierContract:
    """What every carrier has to keep: subclasses say what a parcel costs there."""

    surcharge: int

    def cost(self, parcel):
        raise NotImplementedError

    def compare(self, left, right):
        raise NotImplementedError

    def test_heavier_is_dearer(self):
        self.compare(self.cost(Parcel(500)), self.cost(Parcel(5000)))

    def test_world_is_dearest(self):
        assert max(ZONES, key=lambda zone: self.cost(Parcel(500, zone))) == "world"


class TestPost(CarrierContract):
    def cost(self, parcel):
        return price(parcel)

    def compare(self, left, right):
        assert left < right


class TestBike(CarrierContract):
    def cost(self, parcel):
        return price(parcel) + 100

    def compare(self, left, right):
        if not left < right:
            raise AssertionError("a bike does not care?")


class expect:
    """expect(x).to_be(y)"""

    def __init__(self, value):
        self.value = value

    def to_be(self, other):
        assert self.value == other


def test_domestic():
    expect(price(Parcel(500))).to_be(450)


def test_abroad():
    expect(price(Parcel(500, "world")))


def test_each_zone():
    def costs_something(zone):
        assert price(Parcel(1, zone)) > 0

    for zone in ZONES:
        costs_something(zone)


@typing.overload
def cents(value: int) -> int: ...


@typing.overload
def cents(value: str) -> int: ...


def cents(value):
    return int(float(value) * 100)


@singledispatch
def as_text(value):
    return str(value)


@as_text.register
def _(value: int):
    return f"{value / 100:.2f}"


@as_text.register
def _(value: list):
    return ", ".join(map(as_text, value))


def test_as_text():
    assert as_text([450, "EUR"]) == "4.50, EUR"


def test_cents():
    assert cents("4.5") == cents(4.5)


class Scale:
    def __init__(self):
        self._grams = 0

    @property
    def grams(self):
        return self._grams

    @grams.setter
    def grams(self, value):
        self._grams = Parcel(value).grams


def test_scale():
    scale = Scale()
    scale.grams = 7
    assert scale.grams == 7


def test_scale_refuses():
    scale = Scale()
    refused = []
    for grams in (0, -1):
        try:
            scale.grams = grams
        except Exception:
            refused.append(grams)
            continue
    assert refused == [0, -1]


def test_scale_refuses_properly():
    scale = Scale()
    for grams in (0, -1):
        try:
            scale.grams = grams
        except RateError:
            continue
        except Exception as error:
            raise AssertionError("the wrong error") from error
        pytest.fail("took it")


@functools.lru_cache
def tariff():
    return {(grams, zone): price(Parcel(grams, zone)) for grams in range(1, 100_000) for zone in ZONES}


@pytest.fixture
def tariffs():
    return tariff()


def test_tariff_size(tariffs):
    assert len(tariffs) == 299_997


def test_tariff_least(tariffs):
    assert min(tariffs.values()) == 450


def test_tariff_light(tariffs):
    assert tariffs[1, "world"] == 1990
