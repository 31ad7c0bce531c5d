from lanes import lane_of


class DescribeLanes:
    def it_starts_at_one(self):
        assert lane_of(0, 8) == 1

    def and_wraps(self):
        assert lane_of(8, 8) == 1

    def test_last(self):
        assert lane_of(7, 8) == 8


def it_has_lanes():
    assert lane_of(3, 8) == 4


class TestOldStyle:
    def it_is_old(self):
        assert lane_of(1, 2) == 2
