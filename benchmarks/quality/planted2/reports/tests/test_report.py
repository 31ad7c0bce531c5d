import math
import os
from datetime import date

import pytest

from quarterly import Report, Sale

from .golden import Golden, try_read

try:
    from quarterly import Pdf
except ImportError:
    Pdf = None


class TestRead:
    def test_rows(self, report):
        assert report.sales[0] == Sale(date(2024, 1, 5), "north", 100.0)
        assert len(report.sales) == 3

    def test_missing_column(self):
        with pytest.raises(ValueError, match="no column 'region'"):
            Report.read("x", "day,amount\n2024-01-01,1\n")

    def test_bad_number(self):
        with pytest.raises(ValueError):
            Report.read("x", "day,region,amount\n2024-01-01,north,many\n")

    def test_dates(self):
        for month in range(1, 13):
            Report.read("x", f"day,region,amount\n2024-{month:02}-01,north,1\n")

    def test_empty(self):
        report = Report.read("x", "day,region,amount\n")
        assert report.sales == []

    def test_no_sales(self):
        report = Report("x")
        assert [report.by_region() == {}]

    class TestQuoting:
        def test_comma(self):
            report = Report.read("x", 'day,region,amount\n2024-01-01,"a,b",1\n')
            assert report.by_region() == {"a,b": 1.0}


class TestSums:
    def test_by_region(self, report):
        assert report.by_region() == {"north": 150.5, "south": 20.0}

    @pytest.mark.parametrize("quarter, count", [(1, 1), (2, 2), (3, 0)])
    def test_quarter(self, report, quarter, count):
        assert len(report.quarter(quarter).sales) == count

    def test_mean(self, report):
        assert report.mean == pytest.approx(56.83, abs=0.01)

    def test_mean_of_nothing(self):
        mean = Report("x").mean
        assert mean != mean
        assert math.isnan(mean)

    def test_no_sale_is_negative(self, report):
        for sale in report.sales:
            if sale.amount < 0:
                raise AssertionError(f"negative: {sale}")

    def test_language(self, report):
        assert len(report.language()) in (1, 2)

    def test_language_is_lower_case(self, report):
        assert report.language() == report.language().lower()

    @pytest.mark.skip
    def test_median(self, report):
        assert report.median == 50.5

    @pytest.mark.skipif(Pdf is None, reason="no PDF in this build")
    def test_pdf(self, report):
        assert Pdf().render(report).startswith(b"%PDF")


class SumsOfRegions:
    __test__ = False
    region = None

    def test_positive(self, report):
        assert report.by_region()[self.region] > 0


class TestNorth(SumsOfRegions):
    __test__ = True
    region = "north"


def test_golden(report):
    from quarterly import render

    Golden("north_south.txt").matches(render(report))


def test_try_read(tmp_path):
    assert try_read(tmp_path / "nothing") == ""


@pytest.mark.skipif("WEB" not in os.environ, reason="the web pages are not part of this")
def test_web_page():
    import attr
    import flask_login

    assert attr and flask_login
