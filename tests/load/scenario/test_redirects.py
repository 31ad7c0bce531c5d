"""Where redirects may lead, decided without a look-up for what is not allowed."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.engine.session import Answer
from brinell.load.scenario.redirects import Place, Redirects, Refused

HOME = Place("http", "127.0.0.1", "127.0.0.1:8000", None)


def redirects(*allow):
    return Redirects(HOME, allow, verify_tls=True)


def answer(status, location=None):
    headers = () if location is None else ((b"location", location.encode("latin-1")),)
    return Answer(status, headers, b"", "ok", "", 1)


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ("/x?a=b", "/x?a=b"),
        ("x", "/shop/x"),
        ("../x", "/x"),
        ("?a=b", "/shop/list?a=b"),
        ("http://127.0.0.1:8000/x", "/x"),
        ("HTTP://127.0.0.1:8000", "/"),
        ("//127.0.0.1:8000/x#part", "/x"),
        ("", "/shop/list"),
        ("http:///x", "/x"),
        ("/a b\xfc", "/a%20b%C3%BC"),
    ],
)
def test_the_own_origin(where, path):
    assert redirects().leads(where, HOME, "/shop/list") == (HOME, path)


@pytest.mark.parametrize(
    "where",
    [
        "http://192.0.2.1/", "https://127.0.0.1.example/", "http://user:pw@127.0.0.1:9/", "ftp://127.0.0.1/", "http://[::1",
        "http://0.0.0.0:8000/", "javascript:alert(1)", "http://127.0.0.1:99999/", "//evil.example/",
        "http://127.0.0.1:8000@192.0.2.1/",
    ],
)  # fmt: skip
def test_elsewhere_is_refused(where):
    with pytest.raises(Refused, match="redirect to"):
        redirects().leads(where, HOME, "/")


def test_no_name_is_looked_up_that_is_not_allowed(monkeypatch):
    asked = []

    def look_up(host, *_, **fields):
        asked.append(host)
        if fields.get("flags", 0) & socket.AI_NUMERICHOST:
            raise OSError("not numeric")
        raise AssertionError(f"{host} was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for _ in range(3):
        with pytest.raises(Refused, match=r"evil.example"):
            redirects().leads("http://evil.example/", HOME, "/")


def test_loopback_and_what_is_allowed_have_places_of_their_own_that_are_remembered():
    one = redirects("192.0.2.7:81")
    there, path = one.leads("http://127.0.0.1:9000/x", HOME, "/")
    assert (there.authority, path, there.endpoint.address) == ("127.0.0.1:9000", "/x", ("127.0.0.1", 9000))
    assert one.leads("http://127.0.0.1:9000/y", HOME, "/")[0] is there
    allowed, _ = one.leads("http://192.0.2.7:81/", HOME, "/")
    assert allowed.endpoint.address == ("192.0.2.7", 81)
    with pytest.raises(Refused):
        one.leads("http://192.0.2.7:82/", HOME, "/")
    secure, _ = one.leads("https://localhost:8443/", HOME, "/")
    assert secure.endpoint.tls is not None
    assert secure.endpoint.tls_name == "localhost"


def test_from_elsewhere_it_leads_back_home():
    one = redirects()
    there, _ = one.leads("http://127.0.0.1:9000/x", HOME, "/")
    assert one.leads("http://127.0.0.1:8000/y", there, "/x") == (HOME, "/y")
    assert one.leads("/z", there, "/x") == (there, "/z")


@pytest.mark.parametrize(
    ("status", "method", "same"),
    [
        (301, "GET", True), (302, "HEAD", True), (303, "GET", True), (301, "POST", False), (302, "POST", False),
        (303, "POST", False), (303, "PUT", False), (302, "PUT", True), (307, "POST", True), (308, "DELETE", True),
    ],
)  # fmt: skip
def test_which_method_comes_next(status, method, same):
    hop = redirects().hop(answer(status, "/x"), HOME, "/", method)
    assert (hop.path, hop.same_method) == ("/x", same)


def test_what_leads_nowhere_is_no_redirect():
    assert redirects().hop(answer(200, "/x"), HOME, "/", "GET") is None
    assert redirects().hop(answer(304, "/x"), HOME, "/", "GET") is None
    assert redirects().hop(answer(302), HOME, "/", "GET") is None


@given(st.text(st.characters(max_codepoint=255)))
def test_any_location_leads_to_this_machine_or_is_refused(where):
    try:
        hop = redirects().hop(answer(302, where), HOME, "/", "GET")
    except Refused as refused:
        words = str(refused)
    else:
        words = ""
        assert hop.path.startswith("/")
        assert hop.path.isascii()
        assert not set(hop.path) & set(" \r\n")
        assert hop.place.endpoint is None or hop.place.endpoint.address[0] in {"127.0.0.1", "::1"}
    assert words.isprintable()
