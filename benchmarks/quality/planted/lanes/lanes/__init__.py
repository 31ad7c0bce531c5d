"""Swimming lanes."""


def lane_of(swimmer, lanes):
    """Which lane a swimmer has, from 1."""
    return swimmer % lanes + 1
