from __future__ import annotations

import pytest

from brinell.load.cache.changing import Change, Marks, change_of, delete_of


def test_a_change_is_a_method_a_path_and_a_body():
    change = change_of('put /users/{key}?now {"id": {key}, "name": "{stamp}"}')
    assert change == Change("PUT", "/users/{key}?now", '{"id": {key}, "name": "{stamp}"}')
    assert change.filled(7, "7.ab.1|") == ("/users/7?now", b'{"id": 7, "name": "7.ab.1|"}')
    assert change.content_type == "application/json"
    assert change_of("POST /users id={key}&name={stamp}").content_type == "application/x-www-form-urlencoded"


def test_a_delete_needs_no_body():
    assert delete_of("DELETE /users/{key}") == Change("DELETE", "/users/{key}", "")
    with pytest.raises(ValueError, match="HEAD changes nothing"):
        delete_of("HEAD /users/{key}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/users/{key}", "a method and a path"),
        ("PUT users/{key} {stamp}", "a method and a path"),
        ("GET /users/{key} {stamp}", "GET changes nothing"),
        ("PUT /users {stamp}", "{key}"),
        ("PUT /users/{key}", "{stamp}"),
    ],
)
def test_what_is_none_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        change_of(text)


def changed(marks, key):
    mark = marks.begin(key)
    marks.acknowledged(key)
    return mark


def page(*marks):
    return f'{{"names": {list(marks)}}}'.encode()


def test_an_older_mark_is_stale_to_who_began_after_the_change():
    marks = Marks()
    before = marks.floor(3)
    old, new = changed(marks, 3), changed(marks, 3)
    floor = marks.floor(3)
    assert marks.wrong(3, page(old), before) is None
    assert "replaced before the read began" in marks.wrong(3, page(old), floor)
    assert marks.wrong(3, page(new), floor) is None
    assert marks.wrong(3, page(old, new), floor) is None  # a page of several


def test_what_has_no_mark_is_stale_where_marks_show():
    marks = Marks()
    changed(marks, 3)
    assert marks.wrong(3, page("Ada"), marks.floor(3)) is None  # perhaps they never do
    marks.wrong(4, page(changed(marks, 4)), marks.floor(4))
    assert marks.shows
    assert marks.wrong(3, page("Ada"), marks.floor(3)) == "what key 3 had before it was changed"
    assert marks.wrong(5, page("Ada"), marks.floor(5)) is None  # which nobody changed


def test_marks_of_another_worker_and_of_other_keys_decide_nothing():
    mine, other = Marks(), Marks()
    changed(mine, 3)
    mine.shows = True
    assert mine.wrong(3, page(changed(other, 3)), mine.floor(3)) is None
    assert mine.wrong(3, page(changed(mine, 4)), mine.floor(3)) is not None


def test_marks_of_an_earlier_run_are_old_once_what_they_mark_was_changed():
    earlier, mine, beside = Marks(), Marks(), Marks()
    old = page(changed(earlier, 3))
    mine.shows = True
    mine.met(3, old)
    assert mine.wrong(3, old, mine.floor(3)) is None  # nothing was changed since
    new = page(changed(mine, 3))
    assert "before it was changed" in mine.wrong(3, old, mine.floor(3))
    assert mine.wrong(3, new, mine.floor(3)) is None
    assert mine.wrong(3, page(changed(beside, 3)), mine.floor(3)) is None  # whose change came when nobody knows
    late = page(changed(beside, 3))
    mine.met(3, late)  # after our change, which it may have replaced
    assert mine.wrong(3, late, mine.floor(3)) is None
