from __future__ import annotations

import re

import msgspec
import pytest

from brinell.core.verdicts import Severity
from brinell.triage.severity import HOURS, RULES, due


def one(suite, *records, **options):
    (bug,) = suite.bugs(*records, *(suite.passed(f"tests/test_ok.py::test_{n}") for n in range(9)), **options)
    return bug


def crash(suite, where, kind="RuntimeError", message="boom", test="tests/test_a.py::test_a"):
    return suite.failed(test, suite.raised(kind, message, "tests/test_a.py:3 test_a", where))


@pytest.mark.parametrize(
    ("where", "kind", "rule"),
    [
        ("src/shop/login.py:3 authenticate", "RuntimeError", "P0-security"),
        ("src/shop/login.py:3 authenticate", "InvalidSignature", "P0-security"),
        ("src/shop/login.py:3 authenticate", "AssertionError", "P0-security"),
        ("src/shop/login.py:3 authenticate", "TypeError", "P1-crash"),
        ("src/shop/permissions.py:3 Rules.load", "KeyError", "P1-crash"),
        ("src/shop/store.py:3 Store.restore", "AttributeError", "P1-crash"),
        ("src/shop/limits.py:3 check_quota", "ZeroDivisionError", "P1-crash"),
        ("src/shop/cart.py:3 invoice_total", "TypeError", "P1-money"),
        ("src/shop/store.py:3 Store.restore", "RuntimeError", "P0-data-loss"),
        ("src/shop/store.py:3 truncate_table", "RuntimeError", "P0-data-loss"),
        ("src/shop/text.py:3 do_truncate", "RuntimeError", "P1-crash"),  # of a text
        ("src/shop/limits.py:3 check_quota", "RuntimeError", "P0-cost"),
        ("src/shop/cart.py:3 invoice_total", "RuntimeError", "P1-money"),
        ("src/shop/cart.py:3 add", "IntegrityError", "P1-integrity"),
        ("src/shop/cart.py:3 add", "AssertionError", "P1-invariant"),
        ("src/shop/cart.py:3 add", "RuntimeError", "P1-crash"),
        ("src/shop/cart.py:3 add", "TimeoutError", "P2-performance"),
        ("src/shop/cart.py:3 add", "ImproperlyConfigured", "P2-configuration"),
        ("src/shop/cart.py:3 add", "DeprecationWarning", "P3-deprecation"),
        ("src/shop/tokenizer.py:3 author", "KeyError", "P1-crash"),
    ],
)
def test_the_rule_is_named_first(suite, where, kind, rule):
    bug = one(suite, crash(suite, where, kind))
    assert bug.severity_rule.startswith(f"{rule}: ")
    assert bug.severity == rule[:2]


def test_names_and_literals_of_tests_never_make_a_p0(suite):
    error = suite.raised(
        "AssertionError",
        "assert 'password' == 'permission'",
        suite.frame("tests/test_auth.py:3 test_password_permission", "assert x == 'password'"),
    )
    assert one(suite, suite.failed("tests/test_auth.py::test_password_permission", error)).severity == "P2"


def test_a_p0_word_outside_the_product_is_no_p0(suite):
    fixture = suite.raised("RuntimeError", "corrupt password", "tests/conftest.py:3 auth")
    assert one(suite, suite.failed("tests/test_a.py::t", fixture, phase="setup", fixture="auth")).severity == "P2"
    script = crash(suite, "scripts/backup.py:3 backup")
    assert one(suite, script).severity == "P2"


def test_reported_damage_of_data_is_a_p0_only_when_the_product_reports_it(suite):
    assert one(suite, crash(suite, "src/shop/store.py:3 read", message="checksum differs")).severity == "P0"
    outside = suite.raised(
        "Error", "checksum differs", "tests/test_a.py:3 t", "src/shop/store.py:3 read", "/opt/zip.py:1 z"
    )
    assert one(suite, suite.failed("tests/test_a.py::t", outside)).severity == "P1"


def test_a_timeout_of_pytest_is_about_time_wherever_it_struck(suite):
    frames = (suite.frame("src/shop/cart.py:3 add"), suite.frame(f"{suite.SITE}/pytest_timeout.py:9 handler"))
    bug = one(suite, suite.failed("tests/test_a.py::t", suite.raised("Failed", "Timeout >1.0s", *frames)))
    assert bug.severity_rule.startswith("P2-performance")


def test_an_assertion_that_a_library_makes_about_product_code_is_a_crash(suite):
    frames = ("src/shop/cart.py:3 add", f"{suite.SITE}/lib.py:9 check")
    bug = one(suite, suite.failed("tests/test_a.py::t", suite.raised("AssertionError", "no", *frames)))
    assert bug.severity_rule.startswith("P1-crash")


def test_an_exception_of_the_products_own_is_a_refusal_and_no_crash(suite):
    frames = ("tests/test_a.py:3 test_a", "src/shop/cart.py:3 add")
    own = msgspec.structs.replace(suite.raised("ShopError", "sold out", *frames), module="shop.errors")
    assert one(suite, suite.failed("tests/test_a.py::t", own)).severity_rule.startswith("P2-refusal")
    foreign = msgspec.structs.replace(own, module="shopify.errors")
    assert one(suite, suite.failed("tests/test_a.py::t", foreign)).severity_rule.startswith("P1-crash")


@pytest.mark.parametrize(
    ("where", "rule"),
    [
        ("src/shop/login.py:3 authenticate", "P2-refusal"),
        ("src/shop/limits.py:3 check_quota", "P2-refusal"),
        ("src/shop/store.py:3 Store.restore", "P0-data-loss"),
    ],
)
def test_a_guard_that_says_no_is_no_breach_and_a_store_that_says_so_is_a_loss(suite, where, rule):
    own = suite.raised("ShopError", "no", "tests/test_a.py:3 test_a", where)
    own = msgspec.structs.replace(own, module="shop.errors")
    assert one(suite, suite.failed("tests/test_a.py::t", own)).severity_rule.startswith(rule)


def test_the_wrong_answer_of_a_guard_is_more_than_wrong_behaviour_and_no_p0_without_its_frame(suite):
    at = suite.frame("tests/test_a.py:3 t", "assert not user.has_permission(doc)")
    error = suite.raised("AssertionError", "assert not True\n +  where True = <User>.has_permission(<Doc>)", at)
    assert one(suite, suite.failed("tests/test_a.py::test_t", error)).severity_rule.startswith("P1-guard-shown: ")


def test_money_shows_in_what_an_assertion_called(suite):
    message = "assert 35 == 30\n +  where 35 = total_price(<Cart>)"
    error = suite.raised(
        "AssertionError", message, suite.frame("tests/test_a.py:3 t", "assert total_price(cart) == 30")
    )
    bug = one(suite, suite.failed("tests/test_a.py::test_t", error))
    assert (bug.severity, bug.severity_rule.split(":")[0]) == ("P1", "P1-money-shown")
    assert "`total_price`" in bug.root_cause


def test_a_builtin_is_not_what_the_product_answered(suite):
    message = "assert 2 == 3\n +  where 2 = len([1, 2])"
    at = suite.frame("tests/test_a.py:3 t", "assert len(cart.items) == 3")
    bug = one(suite, suite.failed("tests/test_a.py::test_t", suite.raised("AssertionError", message, at)))
    assert "len`" not in bug.fix_strategy
    assert "called" not in bug.root_cause


def test_broken_infrastructure_is_p1_only_when_it_stops_half_of_the_suite(suite):
    error = suite.raised("RuntimeError", "no", "tests/conftest.py:3 db")
    broken = [suite.failed(f"tests/test_a.py::test_{n}", error, phase="setup", fixture="db") for n in range(9)]
    assert one(suite, *broken).severity == "P1"
    assert one(suite, *broken[:8]).severity == "P2"


def test_a_dead_process_is_p1(suite):
    bug = one(suite, end=suite.SuiteEnded(-11, 1.0, 1.0, signal="SIGSEGV", running=("tests/test_a.py::test_a",)))
    assert bug.severity == "P1"
    assert bug.tests == ("tests/test_a.py::test_a",)


def test_a_doctest_and_a_linter_are_p3(suite):
    doctest = suite.failed(
        "src/shop/cart.py::shop.cart.add", suite.raised("DocTestFailure", "", "/opt/doctest.py:1 run")
    )
    assert one(suite, doctest).severity == "P3"
    assert one(suite, suite.failed("src/shop/cart.py::FLAKE8", suite.raised("LintError", "E501"))).severity == "P3"


def test_unsure_is_p2(suite):
    assert one(suite, suite.failed("tests/test_a.py::test_a", longrepr="?")).severity_rule.startswith("P2-unsure")


def test_rules_have_an_id_that_says_their_severity_and_a_pattern_that_compiles():
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.id.startswith(f"{rule.severity}-")
        assert re.compile(rule.pattern)
        assert rule.product or rule.severity is not Severity.P0


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.P0, "2026-03-02T12:00:00Z"),
        (Severity.P1, "2026-03-04T12:00:00Z"),
        (Severity.P2, "2026-03-08T12:00:00Z"),
        (Severity.P3, "2026-03-15T12:00:00Z"),
    ],
)
def test_deadlines_are_absolute_and_count_from_the_start_of_the_run(severity, expected):
    assert due("2026-03-01T12:00:00Z", severity) == expected
    assert due("2026-03-01T14:00:00+02:00", severity) == expected
    assert due("", severity) == ""
    assert set(HOURS) == set(Severity)
