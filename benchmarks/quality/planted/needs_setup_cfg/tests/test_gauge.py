import contextlib
import os
from unittest import mock as std_mock

import pytest

from gauge import Gauge

with contextlib.suppress(ImportError):
    import simplejson

hypothesis = pytest.importorskip("hypothesis_of_the_gauge", reason="optional") if os.environ.get("GAUGE_ALL") else None


@pytest.mark.parametrize(("value", "expected"), [(-1, 0), (5, 5), (11, 10)])
def test_limits(value, expected):
    assert Gauge(0, 10).set(value) == expected


def test_set_is_called():
    gauge = std_mock.Mock(spec=Gauge)
    gauge.set(3)
    gauge.set.assert_called_once_with(3)


@pytest.mark.skipif("GAUGE_ALL" not in os.environ, reason="with everything installed")
def test_with_everything():
    import mock
    import sklearn

    assert mock.__version__
    assert sklearn.__version__
