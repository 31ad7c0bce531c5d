from __future__ import annotations

import pytest

from brinell_inside.cache.first_calls import try_out
from brinell_inside.cache.operations import Operations
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.subject import Side, Subject, plain
from brinell_inside.calls.target import Refused

NOTHING = object()


class Gone(Exception):  # noqa: N818 - as people name them
    pass


class Sentinel(dict):
    def get(self, key):
        return dict.get(self, key, NOTHING)


class Raises(dict):
    def get(self, key):
        if key not in self:
            raise Gone(key)
        return self[key]


class Broken(dict):
    def get(self, key):
        raise Gone(key)


class Careless(dict):
    def get(self, key):
        return self.missing[key]


class Keeps(dict):
    """Without a delete, and full of what an earlier run has left."""

    __delitem__ = None


@pytest.mark.parametrize("box", [dict, Sentinel, Raises])
def test_what_a_miss_looks_like_is_learned(box, table):
    made = Subject(box(), {})
    try_out(made, "a:b", table, "/")
    operations = Operations(made, Side(None), Stamps("bytes"), table)
    assert plain(operations.found(1)) is False
    plain(operations.put(1, 100))
    assert plain(operations.found(1)) is True
    assert not [key for key in made.object if key != "k:1"]


@pytest.mark.parametrize(("box", "said"), [(Broken, "the first get failed with Gone"), (Careless, "AttributeError")])
def test_a_get_that_fails_always_or_by_mistake_is_no_miss(box, said, table):
    with pytest.raises(Refused) as refused:
        try_out(Subject(box(), {}), "a:b", table, "/")
    assert said in refused.value.message


def test_what_an_earlier_run_has_left_is_no_miss(table):
    made = Subject(Keeps(), {})
    made.delete = None
    try_out(made, "a:b", table, "/")
    try_out(made, "a:b", table, "/")
    assert (made.absent, made.missing) == (None, (KeyError,))
