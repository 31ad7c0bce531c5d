from __future__ import annotations

import pytest

from brinell.config import for_document, from_toml
from brinell.core.errors import UsageError

SHAPE = "shape = { kind = 'constant', rate = 1, duration = 1 }\n"


def plan(tmp_path, *lines, service=""):
    text = f"[service]\ncommand = 'a'\n{service}\n[[load]]\nname = 'api'\n{SHAPE}" + "\n".join(lines)
    (tmp_path / "brinell.toml").write_text(text)
    (tmp_path / "api.json").write_text("{}")
    (tmp_path / "a.har").write_text("{}")
    return from_toml(tmp_path).steps[-1].spec


@pytest.mark.parametrize(
    ("line", "service", "place"),
    [
        ("openapi = true", "", "/openapi.json"),
        ("openapi = true", "openapi = '/v1/api.json'", "/v1/api.json"),
        ("openapi = true", "openapi = 'api.json'", "api.json"),
        ("openapi = '/x.json'", "openapi = '/v1/api.json'", "/x.json"),
        ("openapi = 'api.json'", "", "api.json"),
        ("openapi = 'http://127.0.0.1:1/x'", "", "http://127.0.0.1:1/x"),
        ("openapi = false", "openapi = '/v1/api.json'", None),
        ("", "openapi = '/v1/api.json'", None),
    ],
)
def test_where_the_document_is(tmp_path, line, service, place):
    assert plan(tmp_path, line, service=service).openapi == place


def test_the_other_keys(tmp_path):
    lines = ["openapi = true", "openapi_unsafe = true", "openapi_validate = false", "openapi_weights = {'GET /a' = 0}"]
    spec = plan(tmp_path, *lines)
    assert (spec.openapi_unsafe, spec.openapi_validate, spec.openapi_weights) == (True, False, {"GET /a": 0.0})
    spec = plan(tmp_path, "har = 'a.har'", "think = true")
    assert (spec.har, spec.think) == (str(tmp_path / "a.har"), True)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["openapi = 3"], ["openapi", "true, a path of the service", "the number 3"]),
        (["openapi = 'nowhere.json'"], ["openapi", "there is no nowhere.json"]),
        (["openapi = '/a b'"], ["openapi", "no spaces"]),
        (["openapi = true", "requests = [{ path = '/' }]"], ["requests", "openapi says what is sent"]),
        (["openapi = true", "har = 'a.har'"], ["har", "openapi says what is sent"]),
        (["har = 'a.har'", "requests = [{ path = '/' }]"], ["requests", "har says what is sent"]),
        (["har = 'b.har'"], ["har", "there is no b.har"]),
        (["openapi = true", "redirects = 3"], ["redirects", "not there for openapi"]),
        (["har = 'a.har'", "cookies = true"], ["cookies", "not there for har"]),
        (["openapi_unsafe = true"], ["openapi_unsafe", "belongs to openapi"]),
        (["think = true"], ["think", "belongs to har"]),
        (["openapi = true", "openapi_weights = { a = -1 }"], ["openapi_weights", "0 or more"]),
        (["openapi = true", "openapi_weights = { a = 'b' }"], ["openapi_weights", "this is text"]),
        (["openapi = true", "openapi_wieghts = { a = 1 }"], ["openapi_wieghts", "openapi_weights"]),
    ],
)
def test_what_is_wrong_is_said(tmp_path, lines, words):
    with pytest.raises(UsageError) as raised:
        plan(tmp_path, *lines)
    said = f"{raised.value} {raised.value.hint}"
    assert all(word in said for word in words), said


def test_from_the_command_line_the_path_of_the_address_stands_before_every_path(tmp_path):
    shape = {"kind": "constant", "rate": 1, "duration": 1}
    made = for_document(tmp_path, "http://127.0.0.1:8000/v1/", shape, limits={}, openapi="/x.json")
    (step,) = made.steps
    assert (step.id, step.spec.url, step.spec.openapi) == ("load:openapi", "http://127.0.0.1:8000/v1", "/x.json")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "api.example"])
def test_where_neither_a_service_nor_an_address_is_the_document_says_where(tmp_path, host):
    text = f"[[load]]\nname = 'api'\n{SHAPE}openapi = 'http://{host}/v1/openapi.json'\n"
    (tmp_path / "brinell.toml").write_text(text)
    (step,) = from_toml(tmp_path).steps
    assert (step.spec.url, step.needs_service) == (f"http://{host}", False)
    (tmp_path / "brinell.toml").write_text(text.replace("http://", "https://"))
    assert from_toml(tmp_path).steps[0].spec.url == f"https://{host}"


@pytest.mark.parametrize("place", ["true", "'/openapi.json'", "'api.json'"])
def test_a_path_or_a_file_says_nothing_of_where_the_service_is(tmp_path, place):
    (tmp_path / "api.json").write_text("{}")
    (tmp_path / "brinell.toml").write_text(f"[[load]]\nname = 'api'\n{SHAPE}openapi = {place}\n")
    with pytest.raises(UsageError, match="a scenario needs an address"):
        from_toml(tmp_path)


def test_where_there_is_a_service_it_is_what_is_pressed_on(tmp_path):
    assert plan(tmp_path, "openapi = 'http://127.0.0.1:1/x'").url is None


def test_a_document_may_be_sent_over_http2(tmp_path):
    spec = plan(tmp_path, "openapi = true", "version = '2'", "streams = 4")
    assert (spec.version, spec.streams) == ("2", 4)
