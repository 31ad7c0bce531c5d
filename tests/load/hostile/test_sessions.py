"""Hostile answers to those who read them: redirects that lead astray, bombs, cookies without end."""

from __future__ import annotations

import gzip
import itertools
import json
import zlib

import pytest

from brinell.core.plan import RequestSpec, SessionSpec

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

OK = b"HTTP/1.1 200 OK\r\n"
REDIRECT = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "


def answering(lab, answer):
    """Return the port of a server and the paths it was asked for."""
    asked = []

    async def handler(reader, writer):
        while True:
            head, _ = await lab.read_request(reader)
            asked.append(head.split()[1])
            writer.write(answer(head) if callable(answer) else answer)
            await writer.drain()

    return lab.start(handler), asked


ASTRAY = {
    "another-machine": b"http://192.0.2.1/",
    "in-decimal": b"http://3221225985/",
    "the-cloud's-secrets": b"http://169.254.169.254/latest/meta-data",
    "a-name-that-begins-like-ours": b"http://localhost.evil.test/",
    "an-address-in-a-name": b"http://127.0.0.1.evil.test/",
    "a-user-who-is-a-host": b"http://127.0.0.1@evil.test/",
    "with-a-password": b"http://me:secret@127.0.0.1/",
    "without-a-scheme": b"//evil.test/",
    "backslashes": b"http://127.0.0.1\\@evil.test/",
    "all-addresses": b"http://0.0.0.0/",
    "ipv6-of-elsewhere": b"http://[2001:db8::1]/",
    "ipv4-in-ipv6": b"http://[::ffff:10.0.0.5]/",
    "a-zone": b"http://[fe80::1%25eth0]/",
    "a-file": b"file:///etc/passwd",
    "another-protocol": b"gopher://127.0.0.1/",
    "javascript": b"javascript:alert(1)",
    "no-port": b"http://127.0.0.1:0/",
    "not-ascii": b"http://\xff\xfe.test/",
    "brackets": b"http://[/",
}


@pytest.fixture(scope="module")
def led_astray(lab_once, press_once):
    """One trial over every redirect that leads astray, each at a path of its own; what the server was asked for."""
    names = list(ASTRAY)
    port, asked = answering(lab_once, lambda head: REDIRECT + ASTRAY[names[int(head.split()[1][1:])]] + b"\r\n\r\n")
    requests = tuple(RequestSpec(path=f"/{number}", name=name) for number, name in enumerate(names))
    shape = {"kind": "constant", "rate": 250, "duration": 1.0}
    return press_once(port, shape, requests=requests, redirects=5, timeout_s=1.0).failed_as("check"), asked


@pytest.mark.parametrize("name", ASTRAY)
def test_redirects_that_lead_astray_are_not_followed(led_astray, name):
    pressed, asked = led_astray
    assert pressed.kinds_of(name) == {"check"}
    assert set(asked) <= {b"/%d" % number for number in range(len(ASTRAY))}
    assert pressed.said.isprintable()


def test_a_loop_of_redirects_ends_at_its_limit(lab, press):
    number = itertools.count()
    port, asked = answering(lab, lambda _: REDIRECT + b"/%d\r\n\r\n" % next(number))
    pressed = press(port, redirects=3).survived()
    assert "no more redirects are followed" in pressed.said
    starts = asked.count(b"/")
    assert starts * 3 <= len(asked) <= starts * 4


def test_places_to_which_redirects_lead_are_bounded(lab, press):
    """A loopback has sixteen million addresses: each would be a place to remember."""
    number = itertools.count()

    def away(_head):
        turn = next(number)
        return REDIRECT + b"http://127.%d.%d.%d:9/\r\n\r\n" % (turn >> 16 & 127, turn >> 8 & 255, turn & 255)

    port, _ = answering(lab, away)
    pressed = press(port, {"kind": "constant", "rate": 500, "duration": 1.0}, redirects=2).survived()
    assert "other places" in pressed.said


@pytest.fixture(scope="module")
def bombs():
    """300 MB of nothing, packed: 300 kB, or once more, and it is next to nothing."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    once = b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(300)), packer.flush()])
    return {b"gzip": once, b"gzip, gzip": gzip.compress(once, 9), b", ".join([b"gzip"] * 50): once}


@pytest.mark.parametrize("encoding", [b"gzip", b"gzip, gzip", b", ".join([b"gzip"] * 50)], ids=["1", "2", "50"])
def test_a_body_that_unpacks_to_300_mb_is_not_unpacked(lab, press, bombs, encoding):
    body = bombs[encoding]
    answer = OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(body)) + body
    port, _ = answering(lab, answer)
    request = RequestSpec(check={"body_contains": "hello"})
    press(port, requests=(request,), compression=True).failed_as("check")


def test_cookies_without_end_are_bounded(lab, press):
    number = itertools.count()

    def sweet(_head):
        lines = b"".join(b"Set-Cookie: c%d=%s\r\n" % (next(number), b"x" * 4000) for _ in range(40))
        return OK + lines + b"Content-Length: 0\r\n\r\n"

    port, _ = answering(lab, sweet)
    press(port, {"kind": "closed", "duration": 1.0}, cookies=True, timeout_s=2.0).survived()


def test_what_is_extracted_from_noise_fails_by_name(lab, press):
    noise = bytes(range(256)) * 4
    port, asked = answering(lab, OK + b"Content-Length: 1024\r\n\r\n" + noise)
    for place in ("$.id", "regex:id=(\\w+)", "header:X-Id"):
        session = SessionSpec("reads", (RequestSpec(extract={"id": place}), RequestSpec(path="/{{id}}")))
        press(port, requests=(), sessions=(session,)).failed_as("check")
    assert set(asked) == {b"/"}


def test_long_answers_that_are_compared_with_a_document_are_bounded_together(lab, press, tmp_path):
    """A hundred answers of 4 MB that stop before their end: 400 MB if each were kept to be looked at."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "long", "version": "1"},
        "paths": {"/": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {}}}}}}}},
    }
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    asked = itertools.count()

    async def long(reader, writer):
        while True:
            await lab.read_request(reader)
            first = next(asked) < 8  # tried before the run
            size = 2 if first else 5_000_000
            writer.write(OK + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % size)
            writer.write(b"{}" if first else bytes(4_000_000))
            await writer.drain()

    shape = {"kind": "constant", "rate": 200, "duration": 0.5}
    fields = {"openapi": (tmp_path / "openapi.json").as_uri(), "connections": 100, "timeout_s": 2.0, "requests": ()}
    assert "timeout" in press(lab.start(long), shape, **fields).survived().kinds
