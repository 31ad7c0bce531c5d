from __future__ import annotations

import pytest

from brinell.checks.capacity_knee import Point, knee


def mm1(level, capacity=1000.0):
    return Point(level, level, 1e9 / (capacity - level))


def test_of_one_place_it_is_half_of_the_capacity():
    assert knee(mm1(level) for level in (50, 100, 200, 300, 400, 500, 600, 700, 900, 990)) == 500


def test_of_many_places_it_is_where_they_are_all_taken():
    flat = [Point(level, level, 1e7) for level in (100, 200, 400, 800)]
    assert knee([*flat, Point(900, 900, 3e7), Point(1000, 950, 5e8)]) == 800


def test_steps_of_one_level_count_once():
    assert knee([mm1(100), mm1(300), mm1(500), mm1(500), mm1(500), mm1(900)]) == 500


@pytest.mark.parametrize(
    "points",
    [
        [],
        [mm1(100), mm1(500), mm1(900)],
        [Point(level, level, 1e6) for level in (100, 200, 400, 800)],
        [Point(level, 100, 1e6 * level) for level in (100, 200, 400, 800)],
        [Point(level, 0, 0) for level in (100, 200, 400, 800)],
    ],
)
def test_a_curve_that_does_not_bend_between_levels_has_none(points):
    assert knee(points) is None
