"""What is set is there, whether somebody had missed it before or not."""

from __future__ import annotations

import pytest

from brinell_inside.cache.after_miss import after_miss
from brinell_inside.cache.operations import Operations
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.subject import Side, Subject


class Box(dict):
    set = dict.__setitem__


class Remembering(Box):
    """A miss stays one."""

    def __init__(self):
        super().__init__()
        self.missing = set()

    def get(self, key):
        if key not in self or key in self.missing:
            self.missing.add(key)
            return None
        return self[key]


class Swallowing(Box):
    def set(self, key, value):
        """Nothing comes of it."""


class Once(Box):
    """A set that is lost now and then is no set that is always lost."""

    lost = 0

    def set(self, key, value):
        if self.lost:
            self[key] = value
        self.lost += 1


class Failing(Box):
    def set(self, key, value):  # noqa: ARG002 - it never comes to that
        raise ConnectionError("gone")


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box, {"set": (3, 0), "missed": (3, 0)}),
        (Remembering, {"set": (3, 0), "missed": (3, 3)}),
        (Swallowing, {"set": (3, 3), "missed": (0, 0)}),
        (Once, {"set": (3, 0), "missed": (0, 0)}),
        (Failing, {}),
    ],
)
def test_what_was_set_is_there(box, expected, told, table, monkeypatch):
    monkeypatch.setattr("brinell_inside.cache.after_miss._LATER_S", (0.0, 0.001))
    made, side = box(), Side(None)
    after_miss(Operations(Subject(made, {}), side, Stamps("bytes"), table), side, told)
    assert {fields["what"]: (fields["tried"], fields["wrong"]) for _, fields in told.said} == expected
    assert not made
