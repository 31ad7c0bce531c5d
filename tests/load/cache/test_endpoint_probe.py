"""Crowds and changes at a real server, as one of several kinds."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from brinell.core.cache_records import CacheTried, Stampede
from brinell.load.cache import door as doors
from brinell.load.cache import endpoint_probe
from brinell.load.cache.changing import Marks
from brinell.load.cache.door import Door, Got
from brinell.load.cache.endpoint_probe import Counter, EndpointProbe
from brinell.load.cache.verdicts import is_collapsed, usual

CALLERS = 12
CHANGED = 2


def asking(key):
    return b"GET /users/%d HTTP/1.1\r\nHost: x\r\n\r\n" % key


def changing(key, stamp):
    body = stamp.encode()
    return b"PUT /users/%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (key, len(body), body)


def crowds(door, *, counted=False, cold=2, first=100):
    counter = Counter(door, b"GET /stats HTTP/1.1\r\nHost: x\r\n\r\n", "loads") if counted else None
    told = EndpointProbe(door, asking, usual, iter(range(first, first + 50))).crowds(counter, CALLERS, cold)
    return [one for one in told if isinstance(one, Stampede)]


def test_a_counter_of_the_service_counts(serve):
    found = crowds(serve(says=False), counted=True)
    assert [(one.loads, one.by, one.callers, one.failed) for one in found] == [(1, "counter", CALLERS, 0)] * 2
    found = crowds(serve(once=False, each=3, says=False), counted=True)
    assert min(one.loads for one in found) > 1
    assert max(one.loads for one in found) <= CALLERS


@pytest.mark.prove
def test_a_counter_that_counts_something_else_is_not_used(serve):
    for kind, said in (({"each": 0}, "raised it by 0"), ({"ticks": True}, "moves while nothing is asked for")):
        (one,) = crowds(serve(says=False, **kind), counted=True, cold=1)
        assert (one.loads, one.least, one.most) == (None, 0, None)
        assert said in one.why


@pytest.mark.prove
def test_too_few_keys_are_told(serve):
    door = serve()
    counter = Counter(door, b"GET /stats HTTP/1.1\r\nHost: x\r\n\r\n", "loads")
    assert EndpointProbe(door, asking, usual, iter([1])).crowds(counter, 2, 5) == []
    assert "too few keys" in counter.why
    assert "too few keys" in EndpointProbe(door, asking, usual, iter([])).changes(changing, Marks()).why
    assert "too few keys" in EndpointProbe(door, asking, usual, iter([])).deletes(asking).why


def test_answers_that_say_they_were_no_hits_are_the_most(serve):
    (one,) = crowds(serve(), cold=1)
    assert (one.loads, one.least, one.most, one.by) == (None, 1, 1, "headers")
    (one,) = crowds(serve(once=False), cold=1)
    assert one.most > 1
    assert 1 < one.least <= one.most  # their bodies differ


def test_bodies_that_differ_are_the_fewest(serve):
    (one,) = crowds(serve(once=False, says=False), cold=1)
    assert (one.most, one.by) == (None, "bodies")
    assert one.least > 1


@pytest.mark.prove
def test_bodies_that_always_differ_tell_nothing(serve):
    (one,) = crowds(serve(says=False, noisy=True), cold=1)
    assert (one.loads, one.least, one.most) == (None, 0, None)
    assert "do not say" in one.why


@pytest.mark.prove
def test_what_was_cached_already_is_no_stampede(serve):
    door = serve()
    door.ask(asking(100), 2.0)
    (one,) = crowds(door, cold=1)
    assert one.loads == 0


@pytest.mark.prove
def test_an_endpoint_that_fails_is_told_once(serve):
    (one,) = crowds(serve(), cold=1, first=913)
    assert (one.failed, one.why) == (CALLERS, "it was answered with 500")
    (one,) = crowds(Door(("127.0.0.1", 1)), cold=5)
    assert one.failed == CALLERS
    assert one.why


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(endpoint_probe, "CHANGED", CHANGED)


def changes(door):
    return EndpointProbe(door, asking, usual, iter(range(200, 250))).changes(changing, Marks())


@pytest.mark.prove
@pytest.mark.usefixtures("few")
def test_a_change_that_throws_the_cached_away_is_seen_at_once(serve):
    found = changes(serve())
    assert (found.how, found.keys, found.stale, found.why) == ("updated", CHANGED, 0, "")
    assert found.reads == CHANGED * 9  # eight at once, and one with the old ETag


@pytest.mark.usefixtures("few")
def test_an_etag_that_a_change_leaves_as_it_was_is_stale(serve):
    found = changes(serve(tags=True))
    assert (found.stale, found.reads) == (CHANGED, CHANGED * 9)
    assert "304 for If-None-Match" in found.example


def probe(door, request=asking):
    return EndpointProbe(door, request, usual, iter(range(200, 250)))


def test_keys_that_nobody_can_have_asked_for_are_no_hits(serve):
    found = probe(serve()).unasked()
    assert (found.what, found.tried, found.wrong, found.why) == ("unasked", 3, 0, "")
    found = probe(serve(lumps=True)).unasked()
    assert (found.tried, found.wrong) == (3, 2)  # the first of them was nobody's
    found = probe(serve(says=False)).unasked()
    assert (found.tried, bool(found.why)) == (0, True)


def signed(key):
    return asking(key)[:-2] + b"authorization: Bearer x\r\n\r\n"


@pytest.mark.parametrize(("guarded", "wrong"), [("shared", 3), ("apart", 0)])
def test_what_is_cached_for_one_is_given_to_nobody_else(serve, guarded, wrong):
    found = probe(serve(guarded=guarded), signed).private()
    assert (found.what, found.tried, found.wrong, found.why) == ("private", 3, wrong, "")


def test_what_is_given_to_everybody_is_not_private(serve):
    assert "answered with 200" in probe(serve(), signed).private().why
    assert probe(serve()).private() is None


@pytest.mark.parametrize(("keeps", "wrong"), [(True, 1), (False, 0)])
def test_an_error_that_is_cached_is_told(serve, keeps, wrong):
    told = EndpointProbe(serve(keeps=keeps), asking, usual, iter([913])).crowds(None, CALLERS, 1)
    (found,) = (one for one in told if isinstance(one, CacheTried))
    assert (found.what, found.tried, found.wrong) == ("error", 1, wrong)


@pytest.mark.prove
@pytest.mark.usefixtures("few")
def test_a_change_that_the_cache_is_not_told_of_is_stale(serve):
    found = changes(serve(forgets=True))
    assert found.stale == found.reads == CHANGED * 9
    assert "before it was changed" in found.example


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("forgets", [True, False])
def test_what_an_earlier_run_wrote_hides_no_stale_read(serve, forgets):
    door, earlier = serve(forgets=forgets), Marks()
    for key in range(200, 201 + CHANGED):
        assert door.ask(changing(key, earlier.begin(key)), 5.0).is_good
    found = changes(door)
    assert (found.stale, found.keys) == (found.reads if forgets else 0, CHANGED)


@pytest.mark.parametrize(
    ("kind", "path", "stale"),
    [
        ({}, b"users/%d", 0),
        ({"forgets": True}, b"users/%d", 16),
        ({}, b"all-but-%d", 0),  # which gives the same anew, and says so
    ],
)
def test_what_was_deleted_is_not_given_any_more(serve, monkeypatch, kind, path, stale):
    monkeypatch.setattr(endpoint_probe, "DELETED", 2)
    probe = EndpointProbe(serve(**kind), asking, usual, iter(range(300, 310)))
    found = probe.deletes(lambda key: b"DELETE /" + path % key + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert (found.how, found.keys, found.reads, found.stale, found.why) == ("deleted", 2, 16, stale, "")


def test_a_delete_that_is_refused_proves_nothing(serve):
    probe = EndpointProbe(serve(), asking, usual, iter(range(300, 310)))
    found = probe.deletes(lambda _: asking(913))
    assert (found.reads, found.why) == (0, "key 300, or its delete, was answered with 500")


@pytest.mark.prove
def test_nothing_is_said_where_a_change_never_shows(serve):
    door = serve()
    probe = EndpointProbe(door, asking, usual, iter(range(200, 250)))
    found = probe.changes(lambda key, stamp: changing(key, stamp.replace("|", "")), Marks())
    assert (found.reads, found.why) == (0, "what update wrote is not in the endpoint's answer ({stamp})")
    found = probe.changes(lambda *_: asking(913), Marks())
    assert "was answered with 500" in found.why


def test_answers_that_share_a_load_say_so():
    assert is_collapsed(((b"Cache-Status", b"edge; fwd=miss; collapsed"),))
    assert not is_collapsed(((b"Cache-Status", b"edge; fwd=miss; collapsed=?0"), (b"X", b"; collapsed")))


@pytest.mark.prove
def test_each_of_several_has_its_own_answer(serve):
    door = serve()
    got = door.ask(asking(7), 2.0)
    assert isinstance(got, Got)
    assert got.is_good
    (one, two), took = door.together([asking(1), b"nonsense\r\n\r\n"], 2.0)
    assert took > 0
    assert isinstance(one, Got)
    assert not (isinstance(two, Got) and two.is_good)


def test_an_answer_that_comes_byte_by_byte_is_given_up(monkeypatch):
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def dribble():
            sock, _ = server.accept()
            with sock, contextlib.suppress(OSError):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not over.wait(0.05):
                    sock.sendall(b"x")

        thread = threading.Thread(target=dribble)
        thread.start()
        monkeypatch.setattr(doors, "_LATE_S", 0.1)
        with pytest.raises(TimeoutError, match="no whole answer within 0"):
            Door(server.getsockname()).ask(asking(1), 0.3)
        over.set()
        thread.join()
