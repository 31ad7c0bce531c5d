from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brinell.core.vitals_records import MOST_SAID, Said
from brinell.subject import vitals_log
from brinell.subject.vitals_log import LogWatch, said

TRACEBACK = b"""ERROR:    Exception in ASGI application
Traceback (most recent call last):
  File "/srv/app.py", line 3, in page
    raise TimeoutError
sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, timeout 30.00
"""


def test_the_last_line_of_a_traceback_is_the_error():
    (one,) = said(TRACEBACK * 3)
    assert one == Said("sqlalchemy.exc.TimeoutError: QueuePool limit of size N overflow N reached, timeout N.N", 3)


def test_lines_of_a_limit_are_errors_and_others_are_not():
    data = b"WARNING:  Exceeded concurrency limit.\nINFO: 127.0.0.1 - GET / 200\nERROR: no such thing\nKeyErrors\n"
    assert [one.text for one in said(data)] == ["Exceeded concurrency limit."]


def test_an_error_within_a_group_and_one_without_words():
    assert [one.text for one in said(b"  | app.StockError: 3 left\nasyncio.exceptions.TimeoutError\n")] == [
        "app.StockError: N left",
        "asyncio.exceptions.TimeoutError",
    ]


def test_only_what_is_new_counts_and_half_a_line_waits(tmp_path):
    log = tmp_path / "service.log"
    log.write_bytes(b"ValueError: old\n")
    watch = LogWatch(log)
    assert watch.look() == ()
    with log.open("ab", buffering=0) as file:
        file.write(b"ValueError: new\nValueError: ha")
        assert watch.look() == (Said("ValueError: new", 1),)
        file.write(b"lf\n")
        assert watch.look() == (Said("ValueError: half", 1),)
    log.write_bytes(b"")  # it was cut
    assert watch.look() == ()
    log.write_bytes(b"ValueError: again\n")
    assert watch.look() == (Said("ValueError: again", 1),)
    assert LogWatch(None).look() == ()
    assert LogWatch(tmp_path / "none").look() == ()


def test_what_comes_too_quickly_is_read_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(vitals_log, "MOST_BYTES", 1000)
    log = tmp_path / "service.log"
    log.touch()
    watch = LogWatch(log)
    log.write_bytes(b"ValueError: x\n" * 1000)
    (one,) = watch.look()
    assert 1 <= one.count <= 1000 // len(b"ValueError: x\n") + 1


def test_secrets_stay_out():
    (one,) = said(b"ConnectionError: postgres://user:hunter2@db/shop refused\n")
    assert "hunter2" not in one.text


@given(st.binary(max_size=300))
def test_any_bytes_are_a_log(data):
    assert len(said(data * 5)) <= MOST_SAID
