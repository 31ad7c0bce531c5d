"""Every kind finds its own, and leaves its look-alikes alone."""

from __future__ import annotations

import pytest

from brinell.core.quality_records import KINDS
from brinell.suite.quality.roster import FINDERS

FOUND = {
    "cannot-fail": {
        "tuple": "def test_a():\n    assert (f(), 'message')",
        "constant": "def test_a():\n    assert True",
        "text": "def test_a():\n    assert f'{f()} is right'",
        "object": "def helper(): return 1\ndef test_a():\n    assert helper",
        "an import": "from shop import price\ndef test_a():\n    price(1)\n    assert price",
        "any object": "def test_a():\n    assert isinstance(f(), (int, object))",
        "itself": "def test_total():\n    order = f()\n    assert order.total == order.total",
        "size": "def test_a():\n    assert len(f()) >= 0",
        "unreachable": "def test_a():\n    f()\n    return\n    assert f() == 2",
        "behind-raises": "import pytest\ndef test_a():\n    with pytest.raises(ValueError) as e:\n        f()\n"
        "        assert 'x' in str(e.value)",
        "swallowed": "def test_a():\n    try:\n        assert f() == 1\n    except Exception:\n        pass",
        "another name": "def test_a():\n    x = f()\n    y = x\n    assert x == y",
        "anything may raise": "import pytest\ndef test_a():\n    with pytest.raises(Exception):\n        x = f()\n"
        "        assert x == 1",
        "mock": "def test_a(m):\n    f(m)\n    m.called_once_with(1)",
        "not-called": "def test_a(m):\n    f(m)\n    m.assert_called_once",
        "not-entered": "import pytest\ndef test_a():\n    pytest.raises(ValueError, match='x')\n    assert f()",
        "not entered, unittest": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n"
        "        self.assertRaises(ValueError)\n        f()",
        "a part of what is compared": "def test_equality():\n    x = f()\n    assert x == g()\n    assert x.y == x.y",
        "thrown-away": "def test_a():\n    f() == 1",
        "second-is-message": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n"
        "        self.assertTrue(f(), 3)",
    },
    "not-collected": {
        "init": "class TestA:\n    def __init__(self):\n        self.x = 1\n    def test_a(self):\n"
        "        assert self.x",
        "class-name": "class CartChecks:\n    def test_a(self):\n        assert f()",
        "nested": "def test_outer():\n    assert f()\n    def test_inner():\n        assert f()",
        "main-guard": "if __name__ == '__main__':\n    def test_a():\n        assert f()",
        "misspelt": "def tset_a():\n    assert f()",
    },
    "shadowed": {
        "": "def test_a():\n    assert f()\n\ndef test_a():\n    assert g()",
        "class": "class TestA:\n    def test_a(self): assert f()\nclass TestA:\n    def test_b(self): assert f()",
    },
    "broad-except": {
        "": "def test_a():\n    try:\n        f()\n    except Exception:\n        pass\n    assert g()",
        "a fallback": "def test_a():\n    try:\n        x = f()\n    except Exception:\n"
        "        x = 0\n    assert x == 0",
        "suppress": "from contextlib import suppress\ndef test_a():\n    with suppress(Exception):\n"
        "        f()\n    assert g()",
    },
    "sleep": {"": "import time\ndef test_a():\n    f()\n    time.sleep(0.5)\n    assert g()"},
    "no-reason": {
        "skip": "import pytest\n@pytest.mark.skip\ndef test_a():\n    assert f()",
        "skipif": "import pytest, sys\n@pytest.mark.skipif(sys.platform == 'x')\ndef test_a():\n    assert f()",
        "xfail": "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_a():\n    assert f()",
        "raised": "import unittest\ndef test_a():\n    raise unittest.SkipTest",
        "raised, made": "import pytest\ndef test_a():\n    raise pytest.skip.Exception()",
        "a condition as text": "import pytest\n@pytest.mark.skipif('sys.platform == \"x\"')\ndef test_a():\n"
        "    assert f()",
    },
    "empty-loop": {"": "def test_a():\n    for x in find_all():\n        assert x"},
    "asserts-nothing": {
        "": "def test_a():\n    f()",
        "empty": "def test_a():\n    pass",
        "compares": "def test_a():\n    return f() == 1",
    },
}
CASES = [(kind, variant, text) for kind, texts in FOUND.items() for variant, text in texts.items()]
FINE = {
    "cannot-fail": {
        "a part, where its equality is the point": "def test_eq():\n    x = f()\n    assert x.y == x.y",
        "raises, entered": "import pytest\ndef test_a():\n    how = pytest.raises(ValueError)\n"
        "    with how:\n        f()",
        "raises, with what to call": "import pytest\ndef test_a():\n    pytest.raises(ValueError, f, 1)",
        "raises of unittest, with what to call": "import unittest\nclass T(unittest.TestCase):\n"
        "    def test_a(self):\n        self.assertRaises(ValueError, f)\n        self.assertRaises(*how())",
        "a fact of the product": "def test_a():\n    assert f() is True",
        "equality with itself is the point": "def test_eq():\n    x = f()\n    assert x == x\n    assert not x != x",
        "a name that changes": "def test_a():\n    x = f()\n    before = x\n    x = g(x)\n    assert x == before",
        "two calls": "def test_a():\n    assert f() == f()",
        "a property made anew": "def test_a():\n    x = f()\n    assert x.y is x.y",
        "what raises is the comparison": "import pytest\ndef test_a():\n    with pytest.raises(TypeError):\n"
        "        x = f()\n"
        "        assert x < 3",
        "assertions about assertions": "import pytest\ndef test_a():\n"
        "    with pytest.raises(AssertionError):\n        f()\n"
        "        assert g is None",
        "tried again": "def test_a():\n    for _ in range(3):\n        try:\n            assert f()\n"
        "            break\n"
        "        except AssertionError:\n            pass\n    assert g()",
        "told": "import pytest\ndef test_a():\n    try:\n        assert f()\n    except Exception:\n"
        "        pytest.fail('no')",
        "a real assertion of a mock": "def test_a(m):\n    f(m)\n    m.assert_called_once_with(1)",
        "a comparison that is to raise": "import pytest\ndef test_a():\n    with pytest.raises(TypeError):\n"
        "        f() == 1",
        "behind a branch": "def test_a():\n    if f():\n        return\n    assert g()",
        "an import that may be missing": "try:\n    from shop import price\nexcept ImportError:\n    price = None\n"
        "def test_a():\n    price(1)\n    assert price",
        "an import that nobody calls": "from shop import prices\ndef test_a():\n    assert prices",
        "a parameter of that name": "from shop import price\ndef test_a(price):\n    assert price\ndef test_b():\n"
        "    assert price(1)",
        "a type": "def test_a():\n    assert isinstance(f(), str)",
        "a name of another scope": "def test_a(unknown):\n    class Meta:\n        seen = unknown\n"
        "    def check(seen):\n        assert seen == unknown\n    run(check)",
        "a local that hides a function": "def helper(): return 1\ndef test_a():\n    helper = f()\n    assert helper",
    },
    "not-collected": {
        "opted out": "class TestServer:\n    __test__ = False\n    def __init__(self): pass\n"
        "    def test_it(self):\n        assert 1",
        "a helper without tests": "class TestServer:\n    def __init__(self): pass\n    def start(self):\n"
        "        assert f()",
        "unittest": "import unittest\nclass Cart(unittest.TestCase):\n    def test_a(self):\n"
        "        self.assertTrue(f())",
        "inherited elsewhere": "class Shared:\n    def test_a(self):\n        assert f()\n"
        "class TestB(Shared):\n    pass",
        "called by its owner": "def test_a():\n    def test_inner():\n        assert f()\n    test_inner()",
        "handed on": "def test_a():\n    def test_inner():\n        assert f()\n    run(test_inner)",
        "a base of somebody else": "from other import Base\nclass Checks(Base):\n    def test_a(self):\n"
        "        assert f()",
    },
    "shadowed": {
        "branches": "import sys\nif sys.version_info > (3, 9):\n    def test_a(): assert f()\nelse:\n"
        "    def test_a(): assert g()",
        "classes": "class TestA:\n    def test_a(self): assert f()\nclass TestB:\n    def test_a(self): assert f()",
        "used in between": "def test_a(): assert f()\nfirst = test_a\ndef test_a(): assert g()",
        "registered": "from r import case\n@case\ndef test_a(): assert f()\n@case\ndef test_a(): assert g()",
        "no test": "def helper(): return 1\ndef helper(): return 2\ndef test_a(): assert helper()",
    },
    "broad-except": {
        "narrow": "def test_a():\n    try:\n        f()\n    except KeyError:\n        pass\n    assert g()",
        "kept": "def test_a():\n    seen = []\n    try:\n        f()\n    except Exception as e:\n"
        "        seen.append(e)\n    assert seen == []",
        "raised by the test": "def test_a():\n    try:\n        raise Exception\n    except Exception:\n"
        "        f()\n    assert g()",
        "cleaning up": "def test_a():\n    try:\n        assert f()\n    finally:\n        try:\n"
        "            server.close()\n        except Exception:\n            pass",
        "an answer": "def is_up():\n    try:\n        f()\n    except Exception:\n        return False\n"
        "    return True\n"
        "def test_a(): assert is_up()",
        "its linter's word": "def test_a():\n    try:\n        f()\n    except Exception:  # noqa: BLE001\n"
        "        pass\n    assert g()",
    },
    "sleep": {
        "polling": "import time\ndef test_a():\n    end = time.time() + 5\n    while not f() and time.time() < end:\n"
        "        time.sleep(0.1)\n    assert g()",
        "tries": "import time\ndef test_a():\n    for _ in range(9):\n        if f():\n            break\n"
        "        time.sleep(1)\n    assert g()",
        "a turn": "import asyncio\nasync def test_a():\n    await asyncio.sleep(0)\n    assert f()",
        "handed on": "import time, threading\ndef test_a():\n    def slow():\n        time.sleep(5)\n"
        "    assert f(slow)",
        "cut short": "import asyncio, pytest\nasync def test_a():\n    with pytest.raises(TimeoutError):\n"
        "        async with asyncio.timeout(0.1):\n            await asyncio.sleep(9)",
        "a fake": "import time\ndef test_a(monkeypatch):\n    monkeypatch.setattr(time, 'sleep', f)\n"
        "    time.sleep(9)\n    assert g()",
        "somebody's method": "def test_a(bed):\n    bed.sleep(8)\n    assert bed.slept",
    },
    "no-reason": {
        "a reason": "import pytest\n@pytest.mark.skip(reason='issue 12')\ndef test_a():\n    assert f()",
        "a place": "import pytest\n@pytest.mark.skip('issue 12')\ndef test_a():\n    assert f()",
        "a condition as text, and a reason": "import pytest\n"
        "@pytest.mark.skipif('sys.platform == \"x\"', reason='why')\ndef test_a():\n    assert f()",
        "a comment": "import pytest\n# needs the new protocol\n@pytest.mark.skip\ndef test_a():\n    assert f()",
        "unittest": "import unittest\nclass T(unittest.TestCase):\n    @unittest.skipIf(f(), 'why')\n"
        "    def test_a(self):\n"
        "        self.assertTrue(1)",
        "handed on": "import pytest\ndef test_a():\n    pytest.skip(why())",
        "an alias": "import pytest\nxfail = pytest.mark.xfail\n@xfail(reason='why')\ndef test_a():\n    assert f()",
    },
    "empty-loop": {
        "a literal": "def test_a():\n    for x in [1, 2]:\n        assert f(x)",
        "counted": "def test_a():\n    found = f()\n    assert len(found) == 2\n    for x in found:\n        assert x",
        "a range": "def test_a():\n    for x in range(3):\n        assert f(x)",
        "a constant": "CASES = [1, 2]\ndef test_a():\n    for x in CASES:\n        assert f(x)",
        "a parameter": "def test_a(cases):\n    for x in cases:\n        assert f(x)",
    },
}
LOOKALIKES = [(kind, name, text) for kind, texts in FINE.items() for name, text in texts.items()]


ALSO = {
    "another name": "itself",
    "anything may raise": "swallowed",
    "not entered, unittest": "not-entered",
    "a part of what is compared": "itself",
    "a fallback": "",
    "an import": "object",
    "any object": "constant",
    "a condition as text": "skipif",
    "raised": "skip",
    "raised, made": "skip",
}


@pytest.mark.parametrize(("kind", "variant", "text"), CASES, ids=[f"{kind}-{variant}" for kind, variant, _ in CASES])
def test_what_is_planted_is_found(found_in, kind, variant, text):
    told = ALSO.get(variant, variant)
    assert told in {seen for _, seen in found_in(kind, text)}


@pytest.mark.parametrize(("kind", "name", "text"), LOOKALIKES, ids=[f"{kind}-{name}" for kind, name, _ in LOOKALIKES])
def test_a_look_alike_is_left_alone(found_in, kind, name, text):
    assert found_in(kind, text) == [], name


def test_every_kind_that_is_read_has_cases_and_words():
    asked = {"unknown-option", "missing-dependency"}
    assert set(FINDERS) == set(FOUND) | asked
    assert set(FINDERS) < set(KINDS)


def test_what_a_run_collected_is_never_called_not_collected(read):
    text = {"test_it.py": FOUND["not-collected"]["class-name"]}
    assert read(text).of("not-collected")
    assert not read(text, collected=frozenset({"test_it.py::CartChecks::test_a"})).of("not-collected")


def test_a_file_beside_the_tests_whose_name_does_not_fit(read):
    files = {"tests/test_a.py": "def test_a(): assert f()", "tests/orders_tests.py": "def test_b(): assert f()"}
    assert [(one.file, one.variant) for one in read(files).of("not-collected")] == [
        ("tests/orders_tests.py", "file-name")
    ]
    files["tests/test_a.py"] = "from orders_tests import *\ndef test_a(): assert f()"
    assert not read(files).of("not-collected")


def test_seconds_of_a_sleep_are_told_where_they_are_known(read):
    text = (
        "import time\nPAUSE = 2\ndef test_a(x):\n    time.sleep(PAUSE)\n    time.sleep(2 * 0.5)\n"
        "    time.sleep(x)\n    assert f()"
    )
    assert [(one.line, one.seconds) for one in read({"test_it.py": text}).of("sleep")] == [
        (4, 2.0),
        (5, 1.0),
        (6, None),
    ]


@pytest.mark.parametrize(
    ("comment", "ignore", "left"),
    [
        ("", (), 1),
        ("  # brinell: ignore", (), 0),
        ("  # brinell: ignore[sleep]", (), 0),
        ("  # brinell: ignore[shadowed]", (), 1),
        ("", ("sleep",), 0),
        ("", ("test_*.py",), 0),
        ("", ("test_*.py:sleep",), 0),
        ("", ("test_*.py:shadowed", "other.py"), 1),
    ],
)
def test_what_is_exempt(read, comment, ignore, left):
    text = f"import time\ndef test_a():\n    time.sleep(0.5){comment}\n    assert f()"
    seen = read({"test_it.py": text}, ignore=ignore)
    assert len(seen.of("sleep")) == left
    assert seen.read.ignored == 1 - left


def test_a_comment_on_a_function_exempts_all_within(read):
    text = "import time\ndef test_a():  # brinell: ignore[sleep]\n    time.sleep(1)\n    assert f()"
    assert not read({"test_it.py": text}).of("sleep")
