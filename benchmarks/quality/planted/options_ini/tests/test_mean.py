import statistics

import pytest


@pytest.mark.slow
def test_mean_of_many():
    assert statistics.mean(range(1001)) == 500


@pytest.mark.testpath
def test_mean_of_one():
    assert statistics.mean([4]) == 4
