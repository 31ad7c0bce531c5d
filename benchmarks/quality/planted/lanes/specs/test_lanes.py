from lanes import lane_of


def it_is_one_lane():
    assert lane_of(9, 1) == 1
