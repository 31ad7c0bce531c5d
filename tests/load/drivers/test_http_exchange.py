"""What becomes of bodies that are handed over; the connection itself is tested through sessions."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.drivers.http_exchange import KeptHeads, decoded

GZIP, ZLIB, RAW = 31, 15, -15


def packed(body, form):
    packer = zlib.compressobj(9, zlib.DEFLATED, form)
    return packer.compress(body) + packer.flush()


@given(st.binary(), st.sampled_from([(GZIP, b"gzip"), (GZIP, b"x-gzip"), (ZLIB, b"deflate")]), st.integers(1, 100))
def test_what_is_packed_is_unpacked_up_to_the_limit(body, form, most):
    plain, said = decoded(packed(body, form[0]), form[1], most)
    assert plain == body[:most]
    assert bool(said) == (len(body) > most)


@given(st.binary())
def test_a_bare_stream_is_deflate_too(body):
    content = packed(body, RAW)
    if not (len(content) > 1 and content[0] & 15 == 8 and (content[0] << 8 | content[1]) % 31 == 0):
        assert decoded(content, b"deflate", 1000)[0] == body[:1000]


@given(st.binary(), st.sampled_from([b"gzip", b"deflate", b"br", b"gzip, gzip, gzip", b"identity", b","]))
def test_any_body_is_unpacked_or_left_with_a_word(body, encoding):
    plain, said = decoded(body, encoding, 100)
    assert plain == body or len(plain) <= 100
    if encoding in {b"br", b"gzip, gzip, gzip"}:
        assert plain == body
        assert said


@given(st.binary(min_size=50))
def test_a_body_that_was_cut_gives_what_it_holds(body):
    content = packed(body, GZIP)
    plain, _ = decoded(content[: len(content) // 2], b"gzip", 1000)
    assert body.startswith(plain) or plain == content[: len(content) // 2]


@pytest.mark.parametrize(
    ("head", "headers", "encoding"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\na:  c d \r\n\r\n", ((b"A", b"b"), (b"a", b"c d")), b""),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", ((b"A", b"b c"),), b""),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: GZip\r\n\r\n", ((b"Content-Encoding", b"GZip"),), b"gzip"),
        (b"HTTP/1.1 200 OK\r\n\r\n", (), b""),
    ],
)
def test_headers_of_a_head(head, headers, encoding):
    heads = KeptHeads()
    assert heads.fields(head) == (headers, encoding)
    assert heads.fields(head) is heads.fields(head)  # remembered


def test_heads_that_never_come_again_do_not_stay():
    heads = KeptHeads()
    for number in range(1000):
        heads.fields(b"HTTP/1.1 200 OK\r\nX-Id: %d\r\n\r\n" % number)
    heads.fields(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10_000 + b"\r\n\r\n")
    assert len(heads._fields) <= 32
