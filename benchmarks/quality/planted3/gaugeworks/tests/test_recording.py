import numpy as np
import pytest


def test_length(recording):
    assert recording.shape == (400,)


def test_ascending(recording):
    assert np.all(np.diff(recording) >= 0)


def test_not_negative(recording):
    assert recording.min() >= 0


def test_finite(recording):
    assert np.isfinite(recording).all()


def test_frozen(recording):
    with pytest.raises(ValueError):
        recording[0] = 1


def test_median(recording):
    assert recording[0] < np.median(recording) < recording[-1]


def test_short(short):
    assert len(short) == 300


def test_short_ascends(short):
    assert list(short) == sorted(short)


def test_long(long_recording):
    assert len(long_recording) == 500


def test_short_is_itself_sorted(short):
    np.testing.assert_array_equal(np.sort(short), short)


def test_short_is_close(short):
    np.allclose(np.sort(short), short)


def test_short_is_steep(short):
    verbose = False
    if verbose:
        assert short[-1] > 10 * short[0]
