from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.cache.protocols import DIALECTS, Memcached, Resp

RESP, MEMCACHED = Resp(), Memcached()
values = st.lists(st.one_of(st.none(), st.binary(max_size=60)), max_size=5)


def resp_answer(found):
    parts = [b"$-1\r\n" if one is None else b"$%d\r\n%b\r\n" % (len(one), one) for one in found]
    return parts[0] if len(parts) == 1 else b"*%d\r\n" % len(parts) + b"".join(parts)


def memcached_answer(found):
    parts = [b"VALUE key 0 %d\r\n%b\r\n" % (len(one), one) for one in found if one is not None]
    return b"".join(parts) + b"END\r\n"


def test_what_is_asked():
    assert RESP.get([b"a"]) == b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
    assert RESP.get([b"a", b"b"]).startswith(b"*3\r\n$4\r\nMGET\r\n")
    assert RESP.put(b"a", b"1\r\n2", 0) == b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n1\r\n2\r\n"
    assert RESP.put(b"a", b"x", 60).endswith(b"$2\r\nEX\r\n$2\r\n60\r\n")
    assert MEMCACHED.get([b"a", b"b"]) == b"get a b\r\n"
    assert MEMCACHED.put(b"a", b"1\r\n2", 60) == b"set a 0 60 4\r\n1\r\n2\r\n"
    assert MEMCACHED.delete(b"a") == b"delete a\r\n"


@given(values)
@pytest.mark.parametrize("name", DIALECTS)
def test_answers_are_read_whole_and_only_whole(name, found):
    answer = resp_answer(found) if name == "redis" else memcached_answer(found)
    dialect = DIALECTS[name]
    reply = dialect.reply(answer)
    assert reply.end == len(answer)
    assert list(reply.values) == [one for one in found if one is not None]
    for end in range(len(answer)):
        assert dialect.reply(answer[:end]) is None
    assert dialect.reply(bytearray(answer + b"more")).end == len(answer)


@pytest.mark.parametrize(
    ("dialect", "answer", "error"),
    [
        (RESP, b"+OK\r\n", ""),
        (RESP, b":1\r\n", ""),
        (RESP, b"-OOM command not allowed\r\n", "OOM command not allowed"),
        (RESP, b"*1\r\n-ERR x\r\n", "ERR x"),
        (MEMCACHED, b"STORED\r\n", ""),
        (MEMCACHED, b"NOT_FOUND\r\n", ""),
        (MEMCACHED, b"SERVER_ERROR out of memory\r\n", "SERVER_ERROR out of memory"),
        (MEMCACHED, b"ERROR\r\n", "ERROR"),
    ],
)
def test_short_answers(dialect, answer, error):
    reply = dialect.reply(answer)
    assert (reply.end, reply.values, reply.error) == (len(answer), (), error)


@pytest.mark.parametrize(
    ("dialect", "answer"),
    [
        (RESP, b"HTTP/1.1 400 Bad Request\r\n"),
        (RESP, b"$x\r\n"),
        (RESP, b"$99999999999\r\n"),
        (RESP, b"$1\r\nabc\r\n"),
        (RESP, b"+" + b"x" * 70_000),
        (MEMCACHED, b"HTTP/1.1 400 Bad Request\r\n"),
        (MEMCACHED, b"VALUE a 0\r\n"),
        (MEMCACHED, b"VALUE a 0 x\r\n"),
        (MEMCACHED, b"VALUE a 0 1\r\nabc\r\n"),
    ],
)
def test_what_is_no_answer(dialect, answer):
    with pytest.raises(ValueError, match=r".+"):
        dialect.reply(answer)


@given(st.binary(max_size=200))
@pytest.mark.parametrize("name", DIALECTS)
def test_any_bytes_are_an_answer_or_a_beginning_or_refused(name, data):
    try:
        reply = DIALECTS[name].reply(data)
    except ValueError:
        return
    assert reply is None or 0 < reply.end <= len(data)


def test_how_full_redis_is():
    answer = b":42\r\n$42\r\n# Stats\r\nevicted_keys:7\r\nkeyspace_hits:1\r\n\r\n"
    for end in range(len(answer)):
        assert DIALECTS["redis"].fullness(answer[:end]) is None
    assert DIALECTS["redis"].fullness(answer) == (42, 7)
    with pytest.raises(KeyError):
        DIALECTS["redis"].fullness(b":42\r\n$9\r\n# Stats\r\n\r\n")
    with pytest.raises(ValueError, match="a number should be"):
        DIALECTS["redis"].fullness(b"-NOAUTH\r\n$16\r\nevicted_keys:1\r\n\r\n")


def test_how_full_memcached_is():
    answer = b"STAT pid 7\r\nSTAT curr_items 42\r\nSTAT evictions 7\r\nEND\r\n"
    assert DIALECTS["memcached"].fullness(answer[:-1]) is None
    assert DIALECTS["memcached"].fullness(answer) == (42, 7)
    with pytest.raises(KeyError):
        DIALECTS["memcached"].fullness(b"STAT pid 7\r\nEND\r\n")
    with pytest.raises(ValueError, match="without an end"):
        DIALECTS["memcached"].fullness(b"x" * 70_000)
