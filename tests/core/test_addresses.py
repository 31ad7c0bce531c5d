from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.addresses import meant


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost:8000/notes?a=1", "http://localhost:8000/notes?a=1"),
        ("localhost", "http://localhost"),
        ("shop.example/x", "http://shop.example/x"),
        ("[::1]:8000/", "http://[::1]:8000/"),
        (":8000/x", "http://127.0.0.1:8000/x"),
        ("//127.0.0.1:8000/", "http://127.0.0.1:8000/"),
        ("http//127.0.0.1:8000/", "http://127.0.0.1:8000/"),
        ("http:/127.0.0.1:8000/", "http://127.0.0.1:8000/"),
        ("https:localhost/", "https://localhost/"),
        ("web:8000", "http://web:8000"),
        ("http:8000", "http://http:8000"),  # a host may be called so
    ],
)
def test_an_address_without_its_scheme_is_completed(written, whole):
    assert meant(written, "http") == whole


def test_the_scheme_is_the_asker_s():
    assert meant("localhost:8000/ws", "ws") == "ws://localhost:8000/ws"
    assert meant("http:/localhost:8000/ws", "ws") == "ws://localhost:8000/ws"
    assert meant("wss:/localhost:8000/ws", "ws") == "wss://localhost:8000/ws"


@pytest.mark.parametrize(
    "written",
    ["", "notes", "/notes", "http://127.0.0.1/", "ftp://x.y/", "a b:80", "ada:secret@host:80", "shop.cache:cache",
     "127.0.0.1:0", "127.0.0.1:99999", "-x.y", ":", "//", "http:", "a\nb.c"],
)  # fmt: skip
def test_what_is_none_is_not_guessed(written):
    assert meant(written, "http") is None


@given(st.text(max_size=40), st.sampled_from(["http", "ws", "redis"]))
def test_whatever_was_written_it_is_an_address_or_none(written, scheme):
    whole = meant(written, scheme)
    assert whole is None or whole.startswith((f"{scheme}://", f"{scheme}s://"))
