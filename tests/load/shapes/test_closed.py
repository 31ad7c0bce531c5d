from __future__ import annotations

import msgspec
import pytest

from brinell.load.shapes.closed import Closed


def test_a_closed_model_has_no_schedule_and_no_rate():
    shape = Closed(duration=3)
    assert (shape.model, shape.span_s, shape.target_rate, shape.due_ns(0, 2)) == ("closed", 3, None, None)


def test_its_duration_is_bounded():
    with pytest.raises(ValueError, match="duration lies above 0"):
        Closed(duration=0)


def test_think_time_is_one_number_or_two():
    assert Closed(3, 2).think == (2, 2)
    assert msgspec.convert({"duration": 3, "think_s": [1, 3]}, Closed).think == (1, 3)
    assert msgspec.convert(msgspec.to_builtins(Closed(3, (1, 3))), Closed) == Closed(3, (1, 3))
