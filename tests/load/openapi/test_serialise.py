"""The table of the OpenAPI specification (3.1.0, 4.8.12.4: style examples), and what goes over the wire."""

from __future__ import annotations

import pytest

from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.operations import Parameter
from brinell.load.openapi.serialise import body, in_header, in_path, in_query, is_json

ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}


def parameter(place, style, *, explode, content=""):
    return Parameter("color", place, True, {}, "", style, explode, content=content)


@pytest.mark.parametrize(
    ("style", "explode", "value", "written"),
    [
        ("simple", False, "blue", "blue"),
        ("simple", False, ARRAY, "blue,black,brown"),
        ("simple", False, OBJECT, "R,100,G,200,B,150"),
        ("simple", True, OBJECT, "R=100,G=200,B=150"),
        ("label", False, "blue", ".blue"),
        ("label", False, ARRAY, ".blue,black,brown"),
        ("label", True, ARRAY, ".blue.black.brown"),
        ("label", True, OBJECT, ".R=100.G=200.B=150"),
        ("matrix", False, "blue", ";color=blue"),
        ("matrix", False, ARRAY, ";color=blue,black,brown"),
        ("matrix", True, ARRAY, ";color=blue;color=black;color=brown"),
        ("matrix", False, OBJECT, ";color=R,100,G,200,B,150"),
        ("matrix", True, OBJECT, ";R=100;G=200;B=150"),
    ],
)
def test_paths(style, explode, value, written):
    assert in_path(parameter("path", style, explode=explode), value) == written


@pytest.mark.parametrize(
    ("style", "explode", "value", "written"),
    [
        ("form", False, "blue", ["color=blue"]),
        ("form", False, ARRAY, ["color=blue,black,brown"]),
        ("form", True, ARRAY, ["color=blue", "color=black", "color=brown"]),
        ("form", False, OBJECT, ["color=R,100,G,200,B,150"]),
        ("form", True, OBJECT, ["R=100", "G=200", "B=150"]),
        ("spaceDelimited", False, ARRAY, ["color=blue%20black%20brown"]),
        ("pipeDelimited", False, ARRAY, ["color=blue%7Cblack%7Cbrown"]),
        ("deepObject", True, OBJECT, ["color%5BR%5D=100", "color%5BG%5D=200", "color%5BB%5D=150"]),
        ("form", True, [], []),
        ("form", True, True, ["color=true"]),
        ("form", True, 2.0, ["color=2"]),
        ("form", True, "a b&c=ü", ["color=a%20b%26c%3D%C3%BC"]),
    ],
)
def test_queries(style, explode, value, written):
    assert in_query(parameter("query", style, explode=explode), value) == written


def test_a_parameter_with_a_media_type_is_json():
    assert in_query(parameter("query", "form", explode=True, content="application/json"), {"a": 1}) == [
        "color=%7B%22a%22%3A1%7D"
    ]


@pytest.mark.parametrize("value", ["", ".", "..", []])
def test_a_path_parameter_never_makes_another_path(value):
    with pytest.raises(Cannot, match="path parameter color"):
        in_path(parameter("path", "simple", explode=False), value)


def test_a_slash_in_a_value_stays_in_its_segment():
    assert in_path(parameter("path", "simple", explode=False), "a/../b") == "a%2F..%2Fb"


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", " a", "ü"])
def test_what_a_header_cannot_hold_is_refused(value):
    with pytest.raises(Cannot, match="header"):
        in_header(parameter("header", "simple", explode=False), value)


def test_a_header_with_a_strange_name_is_refused():
    strange = Parameter("X\r\nEvil", "header", True, {}, "", "simple", explode=False)
    with pytest.raises(Cannot, match="header"):
        in_header(strange, "1")


def test_headers_and_cookies():
    assert in_header(parameter("header", "simple", explode=True), OBJECT) == "R=100,G=200,B=150"
    assert in_header(parameter("cookie", "form", explode=False), "a; b") == "a%3B%20b"


def test_bodies():
    none = frozenset()
    assert body("application/json", {"a": "ü"}, {}, none) == ('{"a":"ü"}'.encode(), "application/json")
    assert body("application/x-www-form-urlencoded", {"a b": [1, True], "c": {"d": 1}}, {}, none)[0] == (
        b"a+b=1&a+b=true&c=%7B%22d%22%3A1%7D"
    )
    deep = {"c": {"style": "deepObject"}}
    assert body("application/x-www-form-urlencoded", {"c": {"d": [1]}}, deep, none)[0] == b"c%5Bd%5D%5B0%5D=1"
    written, kind = body("multipart/form-data", {"f": "xyz", "n": 1}, {}, frozenset({"f"}))
    boundary = kind.partition("boundary=")[2].encode()
    parts = written.split(b"--" + boundary)
    assert len(parts) == 4
    assert b'name="f"; filename="file.bin"' in parts[1]
    assert parts[1].endswith(b"\r\n\r\nxyz\r\n")
    assert parts[2].endswith(b'name="n"\r\n\r\n1\r\n')
    assert body("text/plain", "abc", {}, none) == (b"abc", "text/plain")
    with pytest.raises(Cannot, match="application/xml"):
        body("application/xml", {"a": 1}, {}, none)


@pytest.mark.parametrize(
    ("media", "yes"),
    [
        ("application/json; charset=utf-8", True),
        ("application/problem+json", True),
        ("*/*", True),
        ("text/html", False),
    ],
)
def test_what_is_json(media, yes):
    assert is_json(media) is yes
