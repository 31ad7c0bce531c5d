"""Keys that are nearly the same, at caches that keep them apart and at caches that do not."""

from __future__ import annotations

import pytest

from brinell_inside.cache.alike import alike
from brinell_inside.cache.operations import Operations
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.subject import Side, Subject


class Box:
    def __init__(self):
        self.held = {}

    def made_of(self, key):
        return key

    def get(self, key):
        return self.held.get(self.made_of(key))

    def set(self, key, value):
        self.held[self.made_of(key)] = value

    def delete(self, key):
        self.held.pop(self.made_of(key), None)


class Folding(Box):
    def made_of(self, key):
        return key.lower()


class Cutting(Box):
    def made_of(self, key):
        return key[:100]


class Refusing(Box):
    def made_of(self, key):
        if len(key) > 100:
            raise ValueError("the key is too long")
        return key


class Forgetting(Box):
    def set(self, key, value):
        pass


def tried(box, told, table):
    side = Side(None)
    alike(Operations(Subject(box, {}), side, Stamps("bytes"), table), side, told)
    assert not box.held
    return {fields["what"]: fields for kind, fields in told.said if kind == "tried"}


@pytest.mark.parametrize(
    ("box", "case", "length"),
    [(Box, (3, 0), (4, 0)), (Folding, (3, 3), (4, 0)), (Cutting, (3, 0), (4, 3)), (Refusing, (3, 0), (1, 0))],
)
def test_each_key_has_its_own_value(box, case, length, told, table):
    found = tried(box(), told, table)
    assert (found["case"]["tried"], found["case"]["wrong"]) == case
    assert (found["length"]["tried"], found["length"]["wrong"]) == length


def test_what_cannot_be_tried_says_why(told, table):
    found = tried(Forgetting(), told, table)
    assert [(one["tried"], one["wrong"], bool(one["why"])) for one in found.values()] == [(0, 0, True)] * 2
