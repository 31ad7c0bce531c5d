from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from brinell.triage.chains import root_of, traceback_in


def project(frame):
    return "/shop/" in frame.file


def test_no_chain_has_no_root():
    assert root_of((), project) is None


def test_an_explicit_cause_is_the_root(suite):
    cause = suite.raised("KeyError", "'a'", "src/shop/a.py:1 load", link="cause")
    assert (
        root_of((suite.raised("Wrapped", "", "src/shop/b.py:1 outer", "src/shop/b.py:9 wrap"), cause), project) is cause
    )


def test_a_translation_in_the_handler_leads_to_what_it_translates(suite):
    original = suite.raised("ValueError", "bad", "src/shop/a.py:3 outer", "src/shop/a.py:9 parse", link="context")
    translated = suite.raised("ShopError", "failed", "tests/test_a.py:1 test", "src/shop/a.py:5 outer")
    assert root_of((translated, original), project) is original


def test_a_failure_of_clean_up_leads_to_what_made_it_necessary(suite):
    original = suite.raised("ValueError", "bad", "src/shop/a.py:3 outer", "src/shop/a.py:9 parse", link="context")
    cleanup = suite.raised("OSError", "", "tests/test_a.py:1 test", "src/shop/a.py:5 outer", "src/shop/a.py:20 close")
    assert root_of((cleanup, original), project) is original


def test_a_missed_lookup_is_not_the_root_of_what_its_handler_calls(suite):
    missed = suite.raised("KeyError", "'a'", "src/shop/cache.py:3 get", link="context")
    built = suite.raised(
        "RuntimeError", "boom", "tests/test_a.py:1 test", "src/shop/cache.py:5 get", "src/shop/b.py:2 build"
    )
    assert root_of((built, missed), project) is built


def test_a_missing_optional_module_is_not_the_root_of_the_fallback(suite):
    missed = suite.raised("ImportError", "No module named 'ujson'", "src/shop/json.py:2 <module>", link="context")
    broken = suite.raised("TypeError", "x", "src/shop/json.py:4 <module>", "src/shop/slow.py:9 make")
    assert root_of((broken, missed), project) is broken


def test_a_group_leads_to_its_first_member(suite):
    member = suite.raised("ValueError", "one", "src/shop/a.py:3 job", link="member")
    assert root_of((suite.raised("ExceptionGroup", "2 errors", "src/shop/run.py:1 all_of"), member), project) is member


def test_a_cause_without_frames_that_holds_a_printed_traceback(suite):
    text = (
        '"""\nTraceback (most recent call last):\n  File "/shop/a.py", line 3, in work\n'
        '    raise ValueError(1)\nValueError: 1\n"""'
    )
    root = root_of(
        (suite.raised("ValueError", "1", "src/shop/p.py:1 go"), suite.raised("RemoteTraceback", text, link="cause")),
        project,
    )
    assert (root.type, root.message, root.frames[-1].function) == ("ValueError", "1", "work")


def test_a_cause_that_was_never_raised_is_not_the_root(suite):
    reported = suite.raised("ShopError", "x", "src/shop/a.py:1 f")
    assert root_of((reported, suite.raised("ValueError", "never", link="cause")), project) is reported


PROGRAM = """
    def inner(x):
        raise ValueError("inner " + x)
    def outer():
        try:
            inner("a")
        except ValueError as e:
            raise RuntimeError("outer") from e
"""


@pytest.mark.parametrize("log", [False, True])
def test_what_python_prints_is_read_back(tmp_path, log):
    program = textwrap.dedent(PROGRAM) + (
        "import logging; logging.basicConfig(format='%(asctime)s ERROR %(message)s')\n"
        "try: outer()\nexcept RuntimeError: logging.exception('request failed')\n"
        if log
        else "outer()\n"
    )
    file = tmp_path / "a b.py"
    file.write_text(program)
    printed = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False).stderr
    root = traceback_in("before\n" + printed)
    assert (root.type, root.message) == ("ValueError", "inner a")
    assert [frame.function for frame in root.frames] == ["outer", "inner"]
    assert root.frames[-1].file == str(file)
    assert root.frames[-1].text == 'raise ValueError("inner " + x)'


def test_an_exception_group_is_read_back_to_its_last_member(tmp_path):
    file = tmp_path / "g.py"
    file.write_text(
        "def job():\n    raise KeyError('k')\n"
        "try:\n    job()\nexcept KeyError as e:\n    raise ExceptionGroup('several', [e]) from None\n"
    )
    printed = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False).stderr
    assert traceback_in(printed).type == "KeyError"


@pytest.mark.parametrize(
    "text", ["", "Traceback (most recent call last):", "Traceback (most recent call last):\nnothing\nhere"]
)
def test_what_is_no_traceback_is_none(text):
    assert traceback_in(text) is None
