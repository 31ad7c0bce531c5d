from __future__ import annotations

from brinell_inside.cache.entries import Entries

SECOND = 10**9


def test_what_has_a_length_is_counted_once_a_second(told):
    held = {1: 1}
    entries = Entries(held, told)
    for now in (1, SECOND // 2, SECOND + 1):
        entries.look(now)
        held[now] = now
    assert [fields["entries"] for _, fields in told.said] == [1, 2]


def test_what_has_none_or_cannot_say_is_left_alone(told):
    class Fails:
        asked = 0

        def __len__(self):
            Fails.asked += 1
            raise RuntimeError

    for held in (object(), Fails()):
        entries = Entries(held, told)
        entries.look(1)
        entries.look(2 * SECOND)
    assert (told.said, Fails.asked) == ([], 1)
