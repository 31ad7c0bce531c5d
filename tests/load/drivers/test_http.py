from __future__ import annotations

import json
from email.parser import BytesParser
from email.policy import HTTP

import httptools
import pytest

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.load.drivers.http import Http
from brinell.subject.targets import Target


def encode(*requests, tmp_path=None, url="http://127.0.0.1:8000", scheme="http", **fields):
    target = Target(scheme, "127.0.0.1", 8000, ("127.0.0.1",))
    return Http().encode(LoadSpec(name="browse", shape={}, url=url, requests=requests, **fields), target, tmp_path)


def request_bytes(*arguments, **fields):
    (one,) = encode(*arguments, **fields)
    head, _, body = one.request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body


def test_a_plain_get():
    first, headers, body = request_bytes(RequestSpec(path="/notes?page=2"))
    assert first == "GET /notes?page=2 HTTP/1.1"
    assert headers["Host"] == "127.0.0.1:8000"
    assert "Content-Length" not in headers
    assert body == b""


def test_json_has_its_type_and_length_in_bytes():
    _, headers, body = request_bytes(RequestSpec(method="post", json={"text": "höher"}))
    assert json.loads(body) == {"text": "höher"}
    assert headers["Content-Type"] == "application/json"
    assert headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    ("body", "goes_as"),
    [
        ('{"a": 1}', "application/json"),
        ("\n [1, 2]", "application/json"),
        ('{"a": 1', "text/plain; charset=utf-8"),
        ("17", "text/plain; charset=utf-8"),
        ("[" * 100_000, "text/plain; charset=utf-8"),
    ],
)
def test_a_body_of_text_goes_as_what_it_is(body, goes_as):
    _, headers, sent = request_bytes(RequestSpec(method="POST", body=body))
    assert headers["Content-Type"] == goes_as
    assert sent == body.encode()
    _, headers, _ = request_bytes(RequestSpec(method="POST", body=body, headers={"content-type": "text/csv"}))
    assert [value for name, value in headers.items() if name.lower() == "content-type"] == ["text/csv"]


def test_a_post_without_a_body_says_so():
    assert request_bytes(RequestSpec(method="POST"))[1]["Content-Length"] == "0"


def test_a_body_file_is_sent_as_it_is(tmp_path):
    content = b"{{ not ours }}\x00\xff"
    (tmp_path / "order.json").write_bytes(content)
    _, headers, body = request_bytes(RequestSpec(method="PUT", body_file="order.json"), tmp_path=tmp_path)
    assert body == content
    assert headers["Content-Type"] == "application/json"


def test_headers_of_the_request_replace_those_of_the_scenario_and_the_standard_ones():
    _, headers, _ = request_bytes(
        RequestSpec(headers={"accept": "text/html", "X-Trace": "2"}), headers={"X-Trace": "1", "Host": "shop.test"}
    )
    assert (headers["X-Trace"], headers["Host"], headers["accept"]) == ("2", "shop.test", "text/html")
    assert "Accept" not in headers


def test_secrets_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    _, headers, _ = request_bytes(RequestSpec(headers={"Authorization": "Bearer ${SHOP_TOKEN}"}))
    assert headers["Authorization"] == "Bearer s3cret"
    monkeypatch.delenv("SHOP_TOKEN")
    with pytest.raises(UsageError, match="SHOP_TOKEN"):
        encode(RequestSpec(headers={"Authorization": "Bearer ${SHOP_TOKEN}"}))


def test_the_path_of_the_address_comes_first_and_text_is_percent_encoded():
    assert (
        request_bytes(RequestSpec(path="/süß"), url="http://127.0.0.1:8000/api/")[0]
        == "GET /api/s%C3%BC%C3%9F HTTP/1.1"
    )
    assert request_bytes(RequestSpec(path="/a%20b"))[0] == "GET /a%20b HTTP/1.1"


def test_names_and_expectations_travel_along():
    listing, head = encode(
        RequestSpec(name="list", weight=8, expect=(200, 404)), RequestSpec(path="/x", method="HEAD"),
    )  # fmt: skip
    assert (listing.name, listing.weight, listing.expect, listing.bodiless) == ("list", 8, (200, 404), False)
    assert (head.name, head.bodiless) == ("HEAD /x", True)


@pytest.mark.parametrize(
    ("request_spec", "key"),
    [
        (RequestSpec(path="notes"), "path"),
        (RequestSpec(path="/a b"), "path"),
        (RequestSpec(path="/a\r\nX: y"), "path"),
        (RequestSpec(method="GET /"), "method"),
        (RequestSpec(weight=0), "weight"),
        (RequestSpec(weight=float("nan")), "weight"),
        (RequestSpec(headers={"X": "a\r\nY: b"}), "headers"),
        (RequestSpec(headers={"X\r\n": "a"}), "headers"),
        (RequestSpec(headers={"Content-Length": "3"}), "headers"),
        (RequestSpec(headers={"X": "\u20ac"}), "headers"),
        (RequestSpec(body="a", json=1), "body"),
        (RequestSpec(body_file="missing"), "body_file"),
        (RequestSpec(form={"a": "b"}, body="c"), "form"),
        (RequestSpec(files={"a": "missing"}), "files"),
        (RequestSpec(files={"a": "missing"}, json={}), "files"),
        (RequestSpec(stream=True), "stream"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_scenario_and_key(request_spec, key, tmp_path):
    with pytest.raises(UsageError, match=f"browse.*{key}"):
        encode(request_spec, tmp_path=tmp_path)


def test_an_address_of_another_protocol_is_refused():
    with pytest.raises(UsageError, match="ws://"):
        encode(RequestSpec(), scheme="ws")


def test_nested_json_braces_are_no_template():
    assert request_bytes(RequestSpec(json={"a": {"b": {"c": {}}}}))[2] == b'{"a":{"b":{"c":{}}}}'


def test_a_form_is_url_encoded():
    _, headers, body = request_bytes(RequestSpec(method="POST", form={"name": "Zoë & co", "n": "1"}))
    assert body == b"name=Zo%C3%AB+%26+co&n=1"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Content-Length"] == str(len(body))


def test_a_form_with_files_is_what_a_mail_parser_reads(tmp_path):
    content = bytes(range(256)) * 3
    (tmp_path / 'a "b".png').write_bytes(content)
    spec = RequestSpec(method="POST", form={"title": "höher"}, files={"photo": 'a "b".png'})
    _, headers, body = request_bytes(spec, tmp_path=tmp_path)
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body
    )
    title, photo = message.iter_parts()
    assert title.get_payload(decode=True).decode() == "höher"
    assert photo.get_payload(decode=True) == content
    assert (photo.get_content_type(), photo.get_filename()) == ("image/png", "a %22b%22.png")
    assert request_bytes(spec, tmp_path=tmp_path)[2] == body  # the same bytes each time: runs can be compared


def test_a_streamed_body_comes_in_chunks(tmp_path):
    content = b"x" * 40_000
    (tmp_path / "big").write_bytes(content)
    _, headers, body = request_bytes(RequestSpec(method="PUT", body_file="big", stream=True), tmp_path=tmp_path)
    assert headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in headers
    found = []

    class Collector:
        def on_body(self, data):
            found.append(data)

    parser = httptools.HttpRequestParser(Collector())
    parser.feed_data(b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    assert b"".join(found) == content


def test_compression_and_closing_are_asked_for_in_the_head():
    _, headers, _ = request_bytes(RequestSpec(), compression=True, keep_alive=False)
    assert headers["Accept-Encoding"] == "gzip, deflate"
    assert headers["Connection"] == "close"
    _, headers, _ = request_bytes(RequestSpec())
    assert not headers.keys() & {"Accept-Encoding", "Connection"}
