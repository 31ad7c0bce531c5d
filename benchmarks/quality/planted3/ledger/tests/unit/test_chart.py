import pytest

from ledger.chart import CODES


def test_every_code_has_an_account(chart):
    assert set(chart) == set(CODES)


def test_names_are_kept(chart):
    assert chart["1000"][0] == "Cash"
    assert chart["5000"][0] == "Rent"


@pytest.mark.parametrize("code", ["1000", "1200", "4000"])
def test_check_digits_are_hex(chart, code):
    assert int(chart[code][1], 16) >= 0


def test_check_digits_differ(chart):
    digits = [digits for _, digits in chart.values()]
    assert len(set(digits)) == len(digits)


def test_check_digits_are_four_long(chart):
    assert (all(len(digits) == 4 for _, digits in chart.values()), "four digits each")


def test_fewer_rounds_other_digits(small_chart):
    assert small_chart["1000"][1] != small_chart["1200"][1]


def test_fewer_rounds_same_names(small_chart):
    assert {code: name for code, (name, _) in small_chart.items()} == CODES
