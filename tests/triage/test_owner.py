from __future__ import annotations

import msgspec
import pytest

from brinell.core.verdicts import Owner

TEST = "tests/test_a.py:3 test_a"


def owner(suite, *chain, phase="call", **more):
    (bug,) = suite.bugs(suite.failed("tests/test_a.py::test_a", *chain, phase=phase, **more))
    assert bug.owner_evidence
    return bug.owner


def collected(suite, *chain, **more):
    (bug,) = suite.bugs(suite.CollectError("tests/test_a.py", chain, **more))
    return bug.owner


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("No module named 'redis'", Owner.INFRASTRUCTURE),
        ("No module named 'shop.cart'", Owner.PRODUCT),
        ("No module named 'shop'", Owner.INFRASTRUCTURE),
        ("No module named 'tests.tools'", Owner.INFRASTRUCTURE),
        ("No module named 'imp'", Owner.INFRASTRUCTURE),
    ],
)
def test_whose_a_missing_module_is(suite, message, expected):
    error = suite.raised("ModuleNotFoundError", message, "tests/test_a.py:1 <module>")
    assert collected(suite, error) is expected


def test_a_name_that_the_product_lacks_is_the_products(suite):
    error = suite.raised(
        "ImportError", "cannot import name 'net' from 'shop.price' (/home/dev/shop/src/shop/price.py)", TEST
    )
    assert collected(suite, error) is Owner.PRODUCT


def test_a_name_that_a_package_lacks_is_the_environments(suite):
    error = suite.raised(
        "ImportError", "cannot import name 'url_quote' from 'werkzeug.urls' (/x/werkzeug/urls.py)", TEST
    )
    assert collected(suite, error) is Owner.INFRASTRUCTURE


@pytest.mark.parametrize(
    ("name", "python", "expected"),
    [
        ("Mapping", "3.11.7", Owner.INFRASTRUCTURE),
        ("Mapping", "3.9.18", Owner.UNDECIDED),
        ("Mapping", "", Owner.INFRASTRUCTURE),
        ("Maping", "3.11.7", Owner.UNDECIDED),
    ],
)
def test_product_code_that_asks_this_python_for_what_it_lacks(suite, name, python, expected):
    message = f"module 'collections' has no attribute '{name}'"
    error = suite.raised("AttributeError", message, TEST, "src/shop/a.py:1 <module>")
    started = msgspec.structs.replace(suite.STARTED, python=python)
    (bug,) = suite.bugs(suite.failed("tests/test_a.py::test_a", error), started=started)
    assert bug.owner is expected


def test_what_the_tests_own_code_raises_in_the_call_is_its_verdict(suite):
    at = suite.frame("tests/tools.py:9 verify", "raise OutputDiffers(text)")
    assert owner(suite, suite.raised("OutputDiffers", "x", TEST, at)) is Owner.PRODUCT
    assert owner(suite, suite.raised("OutputDiffers", "x", at), phase="setup", fixture="db") is Owner.INFRASTRUCTURE


def test_a_package_that_asks_this_python_for_what_it_lacks_is_the_environments(suite):
    error = suite.raised(
        "AttributeError", "module 'inspect' has no attribute 'getargspec'", TEST, f"{suite.SITE}/old/core.py:1 f"
    )
    assert owner(suite, error) is Owner.INFRASTRUCTURE


def test_product_code_decides_in_every_phase(suite):
    error = suite.raised("KeyError", "'a'", "tests/conftest.py:3 db", "src/shop/db.py:4 connect")
    for phase in ("setup", "call", "teardown"):
        assert owner(suite, error, phase=phase, fixture="db") is Owner.PRODUCT
    assert collected(
        suite, suite.raised("KeyError", "'a'", "tests/test_a.py:1 <module>", "src/shop/a.py:1 <module>")
    ) is (Owner.PRODUCT)


def test_a_library_that_refuses_what_product_code_gives_it(suite):
    error = suite.raised("ValueError", "bad", TEST, "src/shop/a.py:4 f", f"{suite.SITE}/lib/x.py:1 g")
    assert owner(suite, error) is Owner.PRODUCT


def test_an_assertion_of_a_test_is_about_the_product(suite):
    assert owner(suite, suite.raised("AssertionError", "assert 1 == 2", TEST)) is Owner.PRODUCT


def test_set_up_without_product_code_is_infrastructure(suite):
    error = suite.raised("AssertionError", "no database", "tests/conftest.py:3 db")
    assert owner(suite, error, phase="setup", fixture="db") is Owner.INFRASTRUCTURE
    unit = suite.raised("RuntimeError", "no", "tests/test_a.py:3 TestA.setUp", f"{suite.STDLIB}/sqlite3.py:3 x")
    assert owner(suite, unit) is Owner.INFRASTRUCTURE


def test_a_fixture_that_does_not_exist(suite):
    error = suite.raised("FixtureLookupError", "", "/x/_pytest/fixtures.py:3 get")
    assert owner(suite, error, phase="setup", longrepr="E       fixture 'mocker' not found") is Owner.INFRASTRUCTURE


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        ("OSError", "[Errno 28] No space left on device", Owner.INFRASTRUCTURE),
        ("gaierror", "[Errno -3] Temporary failure in name resolution", Owner.INFRASTRUCTURE),
        ("ConnectionRefusedError", "[Errno 111] Connect call failed ('127.0.0.1', 5432)", Owner.INFRASTRUCTURE),
        ("ConnectionRefusedError", "[Errno 111] Connection refused", Owner.UNDECIDED),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'tests/data/a.json'", Owner.INFRASTRUCTURE),
        (
            "FileNotFoundError",
            "[Errno 2] No such file or directory: '/home/dev/shop/tests/a.json'",
            Owner.INFRASTRUCTURE,
        ),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'out.txt'", Owner.UNDECIDED),
        ("RuntimeError", "?", Owner.UNDECIDED),
        ("NameError", "name 'x' is not defined", Owner.INFRASTRUCTURE),
    ],
)
def test_errors_in_a_tests_own_frame(suite, kind, message, expected):
    assert owner(suite, suite.raised(kind, message, TEST)) is expected


@pytest.mark.parametrize(
    ("said", "text", "expected"),
    [
        ("assert 'No space left on device' in ''", "assert 'No space left on device' in out", Owner.PRODUCT),
        ("assert 'Connection refused' in 'x'", "assert 'Connection refused' in message", Owner.PRODUCT),
        ("No space left on device", "assert done.returncode == 0, done.stderr", Owner.INFRASTRUCTURE),
        ("Connection refused: port 5432", "assert done.returncode == 0, done.stderr", Owner.INFRASTRUCTURE),
    ],
)
def test_an_assertion_about_words_of_the_machine_is_no_word_of_the_machine(suite, said, text, expected):
    assert owner(suite, suite.raised("AssertionError", said, suite.frame(TEST, text))) is expected


def test_a_program_that_is_not_installed(suite):
    message = "[Errno 2] No such file or directory: 'git'"
    error = suite.raised(
        "FileNotFoundError", message, TEST, "src/shop/a.py:3 f", f"{suite.STDLIB}/subprocess.py:9 Popen._execute_child"
    )
    assert owner(suite, error) is Owner.INFRASTRUCTURE


def test_a_plugin_that_refuses(suite):
    error = suite.raised(
        "Failed", "async def functions are not natively supported", f"{suite.SITE}/_pytest/python.py:9 x"
    )
    assert owner(suite, error) is Owner.INFRASTRUCTURE


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({"exit_status": 4, "stderr_tail": ("ERROR: unrecognized arguments: --cov",)}, Owner.INFRASTRUCTURE),
        ({"exit_status": 3, "stderr_tail": ("INTERNALERROR> x",)}, Owner.INFRASTRUCTURE),
        ({"exit_status": 1}, Owner.INFRASTRUCTURE),
        ({"exit_status": 2}, Owner.INFRASTRUCTURE),
        ({"exit_status": -11, "signal": "SIGSEGV"}, Owner.UNDECIDED),
        ({"exit_status": 7, "running": ("tests/test_a.py::test_a",)}, Owner.UNDECIDED),
        ({"exit_status": None, "timed_out": True}, Owner.UNDECIDED),
    ],
)
def test_a_process_that_failed_without_a_test_is_one_bug(suite, end, expected):
    (bug,) = suite.bugs(end=suite.SuiteEnded(seconds=1.0, cpu_s=None, **end))
    assert bug.owner is expected
    assert bug.title.startswith("pytest ")


@pytest.mark.parametrize("status", [0, 5, None])
def test_a_process_that_ended_well_is_no_bug(suite, status):
    assert suite.bugs(end=suite.SuiteEnded(status, 1.0, None)) == ()
