import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gaugeworks.signal import OutOfRange, clip, drift, smooth

readings = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


@given(readings, st.integers(1, 5))
def test_smooth_is_within(values, width):
    assume(width <= len(values))
    smoothed = smooth(values, width)
    assert smoothed.min() >= min(values) - 1e-3
    assert smoothed.max() <= max(values) + 1e-3


@given(readings)
def test_clip(values):
    clipped = clip(values, -1, 1)
    assert np.abs(clipped).max() <= 1


@given(readings)
@settings(max_examples=20)
def test_clip_of_a_wrong_range(values):
    try:
        clip(values, 1, -1)
    except OutOfRange:
        pass
    except Exception:
        return
    else:
        raise AssertionError("took a wrong range")


@given(readings)
def test_drift_of_constants(values):
    if len(values) < 2:
        return
    assert drift([values[0]] * len(values)) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("width", [0, 4])
def test_width(width):
    with pytest.raises(OutOfRange):
        smooth([1, 2, 3], width)


def test_drift_of_one():
    assert 0.0 == drift([1])


def test_drift():
    found = drift([1, 2, 3])
    assert found > 0.5 or found <= 0.5


def assert_all_finite(values):
    assert np.isfinite(values).all()


def test_everything_stays_finite():
    list(map(assert_all_finite, [smooth([1, 2, 3]), clip([1, 2], 0, 1)]))


def test_everything_stays_finite_when_short():
    map(assert_all_finite, [smooth([1], 1), clip([1], 0, 1)])


for _name in ("low", "high"):

    def _bound(name=_name):
        return name


def test_smooth_keeps_constants():
    assert smooth([2, 2, 2]).tolist() == pytest.approx([2])


def test_smooth_keeps_constants():
    assert smooth([2, 2, 2, 2], 2).tolist() == pytest.approx([2, 2, 2])
