from __future__ import annotations

import xml.etree.ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.core.judgement import Seconds, TestEntry
from brinell.reports.junit import junit

# What Jenkins' junit-10.xsd allows, the strictest of the readers: attributes and children.
SCHEMA = {
    "testsuites": ({"name", "time", "tests", "failures", "disabled", "errors"}, {"testsuite"}),
    "testsuite": (
        {
            "name",
            "tests",
            "failures",
            "errors",
            "time",
            "disabled",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
        },
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name", "assertions", "time", "classname", "status"},
        {"properties", "skipped", "error", "failure", "system-out", "system-err"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
}


def checked(text):
    root = ET.fromstring(text.encode("utf-8"))  # noqa: S314 - our own output, which declares no entity
    for element in root.iter():
        attributes, children = SCHEMA[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
    return root


def with_tests(build, *entries):
    judgement = build.realistic()
    suite = msgspec.structs.replace(judgement.suite, tests=entries)
    return msgspec.structs.replace(judgement, suite=suite)


def entry(identity="tests/test_a.py::test_x", outcome="passed", **more):
    return TestEntry(id=identity, outcome=outcome, trust="single-run", category="", seconds=Seconds(call=0.5), **more)


@pytest.mark.parametrize("name", ["realistic", "hostile", "passing"])
def test_the_document_is_valid(build, name):
    checked(junit(getattr(build, name)()))


def test_totals_equal_the_suites_and_the_elements(build):
    judgement = build.realistic()
    suite = checked(junit(judgement)).find("testsuite")
    assert int(suite.get("tests")) == len(suite.findall("testcase")) == judgement.suite.test_count
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure")) == judgement.suite.failed
    assert int(suite.get("errors")) == len(suite.findall("testcase/error")) == judgement.suite.errors
    skipped = judgement.suite.skipped + judgement.suite.xfailed
    assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped")) == skipped


def test_a_failing_test_names_its_bug(build):
    case = checked(junit(build.realistic())).find("testsuite/testcase")
    properties = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert properties["brinell.bug"] == "B-3f2a91"
    assert properties["brinell.severity"] == "P0"
    assert "P0 B-3f2a91" in case.find("failure").text


def test_a_teardown_error_is_a_second_element_of_its_test(build):
    text = junit(
        with_tests(build, entry(teardown_error=True), entry("tests/test_a.py::test_y", "failed", teardown_error=True))
    )
    suite = checked(text).find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "2")
    assert [len(case.findall("error")) for case in suite.iter("testcase")] == [1, 1]


@pytest.mark.parametrize(
    ("identity", "classname", "name"),
    [
        ("tests/a/test_b.py::test_c", "tests.a.test_b", "test_c"),
        ("tests/test_b.py::TestX::TestY::test_c[1::2/3.py]", "tests.test_b.TestX.TestY", "test_c[1::2/3.py]"),
        ("tests/test_b.py", "", "tests.test_b"),
        ("", "", ""),
    ],
)
def test_names_are_split_as_pytest_does(build, identity, classname, name):
    case = checked(junit(with_tests(build, entry(identity)))).find("testsuite/testcase")
    assert (case.get("classname"), case.get("name")) == (classname, name)


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_valid_xml_even_lone_surrogates(build, text):
    checked(junit(with_tests(build, entry(f"tests/t.py::x[{text}]", "skipped", reason=text))))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_judgement_renders_twice_the_same(build, data):
    judgement = data.draw(build.judgements())
    text = junit(judgement)
    assert text == junit(judgement)
    assert (text == "") == (judgement.suite is None)
    if text:
        checked(text)


def test_a_megabyte_of_output_is_cut(build):
    assert len(junit(with_tests(build, entry(reason="]]>" * 400_000, outcome="skipped")))) < 20_000
