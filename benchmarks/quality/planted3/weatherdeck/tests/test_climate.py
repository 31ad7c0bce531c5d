import statistics

import pytest


def test_sixty_means(sixty_years):
    assert len(sixty_years) == 60


def test_it_gets_warmer(sixty_years):
    assert statistics.mean(sixty_years[30:]) > statistics.mean(sixty_years[:30])


def test_means_are_mild(sixty_years):
    assert all(8 < mean < 13 for mean in sixty_years)


def test_no_two_alike(sixty_years):
    assert len(set(sixty_years)) == 60


def test_spread_is_small(sixty_years):
    assert statistics.stdev(sixty_years) < 1


def test_first_years(two_years):
    assert len(two_years) == 2


def test_same_seed(two_years):
    assert two_years[0] == pytest.approx(10, abs=1)


class TestTrend:
    def test_slope(self, two_years):
        assert two_years[1] - two_years[0] < 1

    def test_rounding(self, two_years):
        assert round(two_years[0]) in (9, 10, 11)

    def test_slope(self, two_years):
        assert abs(two_years[1] - two_years[0]) < 1




def wip(reason):
    return pytest.mark.skip(reason=reason)


@wip("ice days are not counted yet")
def test_ice_days(two_years):
    assert two_years.ice_days


needs_model = pytest.mark.skipif(not hasattr(statistics, "climate_model"), reason="needs the model")


@needs_model
def test_model(two_years):
    assert statistics.climate_model(two_years)
