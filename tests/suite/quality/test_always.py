"""Conditions that hold whatever happens, assertions that are never reached or caught again, and what is like them."""

from __future__ import annotations

import pytest

UNIT = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        {}\n"
HOLDS = {
    "one or the other": "x = f()\n    assert x > 0.5 or x <= 0.5",
    "or not": "assert str(f) or not str(f)",
    "not both": "x = f()\n    assert not (x.y and not x.y)",
    "true or false": "x = f()\n    assert isinstance(x, int) in (True, False)",
    "two constants": "assert 'A!'.upper() == 'A!' != 'a!'",
    "a constant by name": "wanted = 3\n    f()\n    assert wanted == 3",
    "a constant of the module's": "f()\n    assert LIMIT == 10",
    "all of nothing": "f()\n    assert all(x.y for x in [])",
    "sorted in place": "names = list(f())\n    assert names.sort() == ['b', 'a'].sort()",
    "equal to anything": "assert f() == mock.ANY",
    "never None": "assert len(f()) is not None",
    "of its own type": "x = f()\n    assert isinstance(x, type(x))",
    "it begins with nothing": "x = f()\n    assert x.startswith('')",
    "a size of itself": "x = f()\n    assert len(x) == len(x)",
    "a list": "assert [f()]",
    "a choice of two": "assert (1 if f() else 2)",
}
DEPENDS = {
    "two that leave a gap": "x = f()\n    assert x > 0.5 or x < 0.5",
    "or not the other": "x, y = f()\n    assert x or not y",
    "called twice": "assert f() or not f()",
    "one of two words": "assert f() in (True, False)",
    "given twice": "wanted = 3\n    if f():\n        wanted = 4\n    assert wanted == 3",
    "given within": "called = False\n    def g():\n        nonlocal called\n        called = True\n    f(g)\n"
    "    assert not called",
    "given in a loop": "x = 0\n    for x in f():\n        pass\n    assert x == 0",
    "all of something": "assert all(x.y for x in f())",
    "a list that is filled": "found = []\n    f(found)\n    assert all(x.y for x in found)",
    "one sorted": "names = f()\n    assert names.sort() == ['b', 'a']",
    "a call with anything": "assert f.call_args == mock.call(mock.ANY)",
    "it may be None": "assert f() is not None",
    "another type": "x, y = f()\n    assert isinstance(x, type(y))",
    "gone through twice": "x = f()\n    assert list(x) == list(x)",
    "hashed": "x = f()\n    assert x in {x}",
    "a list that may be empty": "assert [x for x in f()]",
    "a choice that may be nought": "assert (1 if f() else 0)",
    "a module's, given again": "assert STATE == 1",
}
HEAD = "from unittest import mock\nLIMIT = 10\nSTATE = 1\ndef other():\n    global STATE\n    STATE = 2\n"


@pytest.mark.parametrize("body", HOLDS.values(), ids=HOLDS)
def test_what_always_holds_is_found(found_in, body):
    assert len(found_in("cannot-fail", f"{HEAD}def test_a():\n    {body}\n")) == 1


@pytest.mark.parametrize("body", DEPENDS.values(), ids=DEPENDS)
def test_what_depends_is_left_alone(found_in, body):
    assert found_in("cannot-fail", f"{HEAD}def test_a():\n    {body}\n") == []


@pytest.mark.parametrize(
    ("body", "variants"),
    [
        ("self.assertIn(m.called, (True, False))", ["constant"]),
        ("self.assertIsNotNone(f('a'), f('A'))", ["second-is-message"]),
        ("self.assertTrue(f(), [1])", ["second-is-message"]),
        ("self.assertIsNotNone(len(f()))", ["constant"]),
        ("self.assertFalse(f() and False)", ["constant"]),
        ("self.assertGreaterEqual(abs(f()), 0)", ["constant"]),
        ("self.assertIn(f(), (True, False))", []),
        ("self.assertTrue(f() == 1, (f, 1))", []),
        ("self.assertIsNotNone(f('a'), str(f))", []),
        ("self.assertTrue(f(1), g(2))", []),
        ("self.assertIsNone(f())", []),
    ],
)
def test_the_same_of_unittest(found_in, body, variants):
    assert [variant for _, variant in found_in("cannot-fail", UNIT.format(body))] == variants


DEAD = {
    "under a switch": "verbose = False\n    x = f()\n    if verbose:\n        assert x",
    "under a switch of the module's": "x = f()\n    if SLOW:\n        assert x",
    "under the other branch": "quick = True\n    x = f()\n    if quick:\n        g()\n    else:\n        assert x",
    "in a loop over nothing": "cases = []\n    f()\n    for case in cases:\n        assert case",
    "behind both ways out": "x = f()\n    if x:\n        return\n    else:\n        return\n    assert x",
    "behind a return in finally": "try:\n        assert f()\n    finally:\n        return",
    "caught by name": "try:\n        assert f()\n    except ERRORS:\n        pass",
    "a helper's, caught": "try:\n        check_it(f())\n    except AssertionError:\n        pass",
    "suppressed through a stack": "with ExitStack() as stack:\n        stack.enter_context(suppress(AssertionError))\n"
    "        assert f()",
    "in a block that lets it pass": "with tolerant():\n        assert f()",
    "any of several may raise": "with pytest.raises((KeyError, Exception)):\n        x = f()\n        assert x == 1",
}
REACHED = {
    "under a switch that is thrown": "verbose = False\n    x = f()\n    if x:\n        verbose = True\n"
    "    if verbose:\n        assert x",
    "in a loop over what is filled": "cases = []\n    f(cases)\n    for case in cases:\n        assert case",
    "behind one way out": "x = f()\n    if x:\n        return\n    assert not x",
    "beside a finally": "try:\n        assert f()\n    finally:\n        g()",
    "beside other errors": "try:\n        check_it(f())\n    except KeyError:\n        pass",
    "where it says itself that nothing gets there": "kind = 'a'\n    x = f()\n    if kind == 'a':\n        assert x\n"
    "    else:\n        assert_never(kind)",
    "in a block that takes another error": "with picky():\n        assert f()",
}
DEAD_HEAD = """
import contextlib, pytest
from contextlib import ExitStack, suppress
SLOW = False
ERRORS = (KeyError, AssertionError)
def check_it(x):
    assert x
@contextlib.contextmanager
def tolerant():
    try:
        yield
    except Exception:
        pass
@contextlib.contextmanager
def picky():
    try:
        yield
    except KeyError:
        pass
"""


@pytest.mark.parametrize("body", DEAD.values(), ids=DEAD)
def test_an_assertion_that_never_counts_is_found(found_in, body):
    told = found_in("cannot-fail", f"{DEAD_HEAD}def test_a():\n    {body}\n")
    assert [variant in {"unreachable", "swallowed"} for _, variant in told] == [True]


@pytest.mark.parametrize("body", REACHED.values(), ids=REACHED)
def test_one_that_counts_is_left_alone(found_in, body):
    assert found_in("cannot-fail", f"{DEAD_HEAD}def test_a():\n    {body}\n") == []


COROUTINE = (
    "async def test_a(client):\n    r = await client.get('/')\n    assert r.ok\n"
    "async def test_b(client):\n    r = client.get('/')\n    assert r"
)
BELL = (
    "import pytest\nfrom unittest import mock\n@pytest.fixture\ndef bell():\n    return mock.Mock(name='bell')\n"
    "def test_a(bell):\n    f(bell)\n    assert bell.rang_twice"
)
TRUTHS = {
    "a coroutine of a fixture's": (COROUTINE, "coroutine"),
    "a coroutine of its own": ("async def ask():\n    return f()\ndef test_a():\n    assert ask()", "coroutine"),
    "a mock's attribute": (
        "from unittest import mock\ndef test_a():\n    m = mock.Mock()\n    f(m)\n    assert m.was_told",
        "mock-attribute",
    ),
    "a mock's, of a fixture": (BELL, "mock-attribute"),
    "a path's method": ("def test_a(tmp_path):\n    path = f(tmp_path)\n    assert path.exists", "uncalled"),
    "a thread's method": ("def test_a():\n    thread = f()\n    assert thread.is_alive", "uncalled"),
}
PLAIN = {
    "awaited": "async def test_a(client):\n    r = await client.get('/')\n    assert r",
    "a client of another kind": "async def test_a(client):\n    r = await client.get('/')\n    assert r.ok\n"
    "def test_b(client):\n    r = client.get('/')\n    assert r",
    "a plain function": "def ask():\n    return f()\ndef test_a():\n    assert ask()",
    "a mock that is told": "from unittest import mock\ndef test_a():\n    m = mock.Mock()\n    m.was_told = f()\n"
    "    assert m.was_told",
    "a mock's own": "from unittest import mock\ndef test_a():\n    m = mock.Mock()\n    f(m)\n    assert m.called",
    "a mock with a specification": "from unittest import mock\ndef test_a():\n    m = mock.Mock(spec=['up'])\n"
    "    f(m)\n    assert m.up",
    "an attribute that somebody stores": "class Page:\n    def __init__(self):\n        self.exists = f()\n"
    "def test_a():\n    page = Page()\n    assert page.exists",
    "a method that is called": "def test_a(tmp_path):\n    assert tmp_path.exists()",
}


@pytest.mark.parametrize(("text", "variant"), TRUTHS.values(), ids=TRUTHS)
def test_what_is_true_whatever_happened_is_found(found_in, text, variant):
    assert [one for _, one in found_in("cannot-fail", text)] == [variant]


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_what_may_be_false_is_left_alone(found_in, text):
    assert found_in("cannot-fail", text) == []
