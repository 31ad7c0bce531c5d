from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.scenario.cookies import LONGEST_BYTES, MOST, Jar


def jar(*written, path="/shop/login", host="a"):
    made = Jar()
    for one in written:
        made.take(host, path, ((b"Set-Cookie", one.encode("latin-1")),))
    return made


def sent(made, path="/shop/x", host="a", secure=False):  # noqa: FBT002 - a test's own
    return made.header(host, path, secure=secure)


@pytest.mark.parametrize(
    ("written", "path", "given_back"),
    [
        ("sid=1", "/shop/x", "sid=1"),
        ("sid=1", "/shop", "sid=1"),
        ("sid=1", "/shopping", ""),
        ("sid=1", "/", ""),
        ("sid=1; Path=/", "/", "sid=1"),
        ("sid=1; path=/shop/", "/shop/x?a=b", "sid=1"),
        ("sid=1; Path=relative", "/shop/x", "sid=1"),
        ("sid = a=b ; HttpOnly", "/shop/x", "sid=a=b"),
        ('sid="a b"', "/shop/x", 'sid="a b"'),
        ("sid=1; Secure", "/shop/x", ""),
        ("sid=1; Max-Age=0", "/shop/x", ""),
        ("sid=1; Max-Age=-5", "/shop/x", ""),
        ("sid=1; Max-Age=60", "/shop/x", "sid=1"),
        ("sid=1; Max-Age=x", "/shop/x", "sid=1"),
        ("sid=1; Max-Age=\u00b2", "/shop/x", "sid=1"),
        ("sid=1; Max-Age=00", "/shop/x", ""),
        ("sid=1; Max-Age=1" + "0" * 3000, "/shop/x", "sid=1"),
        ("sid=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT", "/shop/x", ""),
        ("sid=1; Expires=Wednesday, 09-Jun-21 10:18:14 GMT", "/shop/x", ""),
        ("sid=1; Expires=never", "/shop/x", "sid=1"),
        ("sid=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Max-Age=9", "/shop/x", "sid=1"),
        ("=1", "/shop/x", ""),
        ("sid", "/shop/x", ""),
        ("", "/shop/x", ""),
    ],
)
def test_what_is_given_back(written, path, given_back):
    assert sent(jar(written), path) == given_back


def test_secure_cookies_go_over_tls():
    assert sent(jar("sid=1; Secure"), secure=True) == "sid=1"


def test_a_cookie_belongs_to_the_host_that_gave_it_whatever_it_says():
    made = jar("sid=1; Domain=b; Path=/")
    assert sent(made, host="b") == ""
    assert sent(made, host="a") == "sid=1"


def test_longer_paths_first_and_later_values_win():
    made = jar("a=1; Path=/", "b=2; Path=/shop", "a=3; Path=/")
    assert sent(made) == "b=2; a=3"
    made.take("a", "/", ((b"set-cookie", b"a=; Path=/; Max-Age=0"),))
    assert sent(made) == "b=2"


def test_a_server_cannot_fill_the_memory():
    made = jar(*(f"c{number}=x; Path=/" for number in range(1000)))
    assert sent(made).count("=") == MOST
    assert sent(jar("a=" + "x" * LONGEST_BYTES)) == ""


@given(st.lists(st.binary()), st.text(st.characters(min_codepoint=33, max_codepoint=126)))
def test_any_header_is_taken_or_left(values, path):
    made = Jar()
    made.take("a", "/" + path, tuple((b"Set-Cookie", value) for value in values))
    assert isinstance(made.header("a", "/" + path, secure=True), str)
