import time
import warnings
from unittest import mock

import pytest
from fakeserver import FakeServer

from courier import Client, HTTPError, Response


def canned(*answers):
    return mock.Mock(side_effect=list(answers))


class TestUrl:
    @pytest.mark.parametrize(
        ("base", "path", "url"),
        [
            ("http://a", "x", "http://a/x"),
            ("http://a/", "/x", "http://a/x"),
            ("http://a/v1", "x/y", "http://a/v1/x/y"),
        ],
    )
    def test_join(self, base, path, url):
        assert Client(base).url(path) == url

    def test_query_is_sorted(self):
        assert Client("http://a").url("x", b=2, a=1) == "http://a/x?a=1&b=2"

    def test_query_is_escaped(self):
        url = Client("http://a").url("x", q="a b")
        url == "http://a/x?q=a+b"
        assert url.startswith("http://a/x?")


class TestGet:
    def test_json(self):
        client = Client("http://a", transport=canned(Response(200, '{"id": 3}')))
        assert client.get("x").json() == {"id": 3}

    def test_token(self):
        transport = canned(Response(200, "{}"))
        Client("http://a", token="t", transport=transport).get("x")
        transport.assert_called_once
        assert transport.call_args.args[0].get_header("Authorization") == "Bearer t"

    def test_not_found(self):
        client = Client("http://a", transport=canned(Response(404, "nope")))
        with pytest.raises(HTTPError) as caught:
            client.get("x")
            assert caught.value.body == "nope"

    def test_error_keeps_status(self):
        client = Client("http://a", transport=canned(Response(500, "")))
        try:
            client.get("x")
        except Exception as exc:
            assert exc.status == 500
        else:
            pytest.fail("no error")

    def test_headers_are_case_insensitive(self):
        client = Client("http://a", transport=canned(Response(200, "{}", {"X-Request-Id": "7"})))
        answer = client.get("x")
        print(answer.headers.get("x-request-id"))


class TestRetry:
    def test_gives_up(self):
        transport = canned(*[Response(503, "")] * 3)
        with pytest.raises(HTTPError):
            Client("http://a", transport=transport).get("x")
        assert transport.call_count == 3

    def test_recovers(self):
        transport = canned(Response(502, ""), Response(200, "[]"))
        assert Client("http://a", transport=transport).get("x").json() == []

    def test_backs_off(self, monkeypatch):
        pauses = []
        monkeypatch.setattr("courier.client.time.sleep", pauses.append)
        transport = canned(*[Response(429, "")] * 2, Response(200, "{}"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            Client("http://a", backoff=0.5, transport=transport).get("x")
        assert pauses == [0.5, 1.0]

    def test_no_retry_on_400(self):
        transport = canned(Response(400, ""))
        with pytest.raises(HTTPError):
            Client("http://a", transport=transport).get("x")
        assert transport.call_count == 1


class TestClose:
    def test_close_twice_is_harmless(self):
        client = Client("http://a")
        client.close()
        client.close()

    def test_closed(self):
        client = Client("http://a", transport=canned())
        client.close()
        with pytest.raises(RuntimeError):
            client.get("x")

    def test_closed(self):
        client = Client("http://a", transport=canned())
        client.close()
        with pytest.raises(RuntimeError, match="closed"):
            client.post("x", {})


class TestServer:
    def test_path_is_sent(self):
        with FakeServer([(200, "{}"), (200, "{}")]) as server:
            client = Client(server.url)
            client.get("a")
            client.post("b", {"x": 1})
        server.expect_paths("/a", "/b")

    def test_token_is_sent(self):
        with FakeServer([(200, "{}")]) as server:
            time.sleep(0.5)
            Client(server.url, token="t").get("a")
        assert server.seen[0][2] == "Bearer t"

    def test_http_error(self):
        with FakeServer([(418, "teapot")]) as server:
            with pytest.raises(HTTPError, match="418"):
                Client(server.url).get("a")

    def test_unreachable(self):
        client = Client("http://127.0.0.1:9", retries=0)
        try:
            client.get("a")
        except:
            pass
        assert not client.closed

    @pytest.mark.xfail
    def test_redirect_is_followed(self):
        client = Client("http://a", transport=canned(Response(302, "", {"Location": "/b"}), Response(200, "1")))
        assert client.get("a").json() == 1

    @pytest.mark.xfail(reason="no streaming yet, see #12", strict=True)
    def test_stream(self):
        assert Client("http://a").stream("a") == []


class TestClient:
    def __init__(self):
        self.client = Client("http://a", transport=canned(Response(200, "{}")))

    def test_ok(self):
        assert self.client.get("x").ok
