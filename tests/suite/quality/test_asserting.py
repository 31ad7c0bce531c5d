"""What counts as an assertion, wherever it stands; and tests that have none."""

from __future__ import annotations

import pytest

ASSERTING = {
    "assert": "def test_a():\n    assert f()",
    "raises": "import pytest\ndef test_a():\n    with pytest.raises(ValueError):\n        f()",
    "a parametrised expectation": """
        import pytest
        from contextlib import nullcontext
        @pytest.mark.parametrize("how", [nullcontext(), pytest.raises(ValueError)])
        def test_a(how):
            with how:
                f()
        """,
    "unittest": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(), 1)",
    "a mock": "def test_a(m):\n    f(m)\n    m.assert_called_once_with(1)",
    "numpy": "import numpy as np\ndef test_a():\n    np.testing.assert_allclose(f(), 1)",
    "numpy by its own name": "from numpy import testing\ndef test_a():\n    testing.assert_allclose(f(), 1)",
    "expect": "def test_a():\n    expect(f()).to_equal(1)",
    "a helper": "def check(x):\n    assert x\ndef test_a():\n    check(f())",
    "a helper's helper": "def deep(x):\n    assert x\ndef shallow(x):\n    deep(x)\ndef test_a():\n    shallow(f())",
    "a callback": "def seen(x):\n    assert x\ndef test_a():\n    run(seen)",
    "a method": "class TestA:\n    def same(self, x):\n        assert x\n    def test_a(self):\n        self.same(f())",
    "an inherited method": """
        class Base:
            def same(self, x):
                assert x
        class TestA(Base):
            def test_a(self):
                self.same(f())
        """,
    "tear-down": """
        import unittest
        class T(unittest.TestCase):
            def tearDown(self):
                self.assertFalse(left())
            def test_a(self):
                f()
        """,
    "a fixture that checks afterwards": """
        import pytest
        @pytest.fixture
        def clean():
            yield
            assert not left()
        def test_a(clean):
            f()
        """,
    "a fixture that gives a check": """
        import pytest
        @pytest.fixture
        def check_it():
            def inner(x):
                assert x
            return inner
        def test_a(check_it):
            check_it(f())
        """,
    "a context manager": """
        from contextlib import contextmanager
        @contextmanager
        def unchanged():
            before = state()
            yield
            assert before == state()
        def test_a():
            with unchanged():
                f()
        """,
    "the methods of a result": """
        class Result:
            def ok(self):
                assert self
        def run(x):
            return Result(x)
        def test_a():
            run(f()).ok()
        """,
    "a result that is handed on": """
        class Handler:
            def post(self):
                assert self
        def handler():
            return Handler()
        def test_a():
            serve(handler())
        """,
    "a helper that raises what is wrong": """
        def same(x):
            if not x:
                raise ValueError(x)
        def test_a():
            same(f())
        """,
    "warnings are errors": "import warnings\ndef test_a():\n    warnings.simplefilter('error')\n    f()",
    "a filter of errors": "import pytest\n@pytest.mark.filterwarnings('error')\ndef test_a():\n    f()",
    "a program that must succeed": "import subprocess\ndef test_a():\n    subprocess.run(['x'], check=True)",
    "raise": "def test_a():\n    if f():\n        raise AssertionError('no')",
    "somebody else's fixture": "def test_a(data_regression):\n    data_regression.check(f())",
    "a test as text": "def test_a(pytester):\n    pytester.makepyfile('''\n    def test_b():\n"
    "        assert 1 == 1\n    ''')",
}
PLUG = """
import pytest
class Told:
    def heard(self, x):
        assert x
    def silent(self):
        return 1
def every(checks):
    return lambda x: [check(x) for check in checks]
def is_small(x):
    assert x
sound = every([is_small])
unsound = every([])
def tried(check):
    try:
        check()
    except Exception:
        return False
    return True
def until(check):
    for _ in range(3):
        try:
            return check()
        except AssertionError:
            continue
    return check()
class expect:
    def __init__(self, x):
        self.x = x
    def to_be(self, x):
        assert self.x == x
@pytest.fixture
def told():
    return Told()
"""
CASE = (
    "class TestA:\n    def all_of(self, user, *actions):\n        for one in actions:\n"
    "            assert user.may(one)\n    def test_a(self):\n        self.all_of(f(){})"
)
FOLLOWED = {
    "a method of what a fixture gives": "def test_a(told):\n    f()\n    told.heard(1)",
    "a check made of checks": "from plug import sound\ndef test_a():\n    sound(f())",
    "a lazy check that is run": "from plug import is_small\ndef test_a():\n    list(map(is_small, f()))",
    "a coroutine that is awaited": "async def test_a():\n    async def check():\n        assert f()\n    await check()",
    "a helper that tries again": "from plug import is_small, until\ndef test_a():\n    until(lambda: is_small(f()))",
    "given something to go through": CASE.format(", 'read'"),
    "given all there is": CASE.format(", *every()"),
    "an expectation that is said": "from plug import expect\ndef test_a():\n    expect(f()).to_be(1)",
}
DROPPED = {
    "another method of it": "def test_a(told):\n    f()\n    told.silent()",
    "a check made of none": "from plug import unsound\ndef test_a():\n    unsound(f())",
    "a lazy check that never runs": "from plug import is_small\ndef test_a():\n    map(is_small, f())",
    "a generator that nobody goes through": "from plug import is_small\ndef test_a():\n    (is_small(x) for x in f())",
    "a coroutine that nobody awaits": "async def test_a():\n    async def check():\n        assert f()\n"
    "    check().close()",
    "a helper that keeps it to itself": "from plug import is_small, tried\ndef test_a():\n"
    "    tried(lambda: is_small(f()))",
    "given nothing to go through": CASE.format(""),
    "an expectation of nothing": "from plug import expect\ndef test_a():\n    expect(f())",
}
EXCUSED = {
    "its name": "def test_it_does_not_raise():\n    f()",
    "its name, that it is harmless": "def test_closing_is_harmless():\n    f()",
    "its name, and it does it twice": "def test_close_twice():\n    x = f()\n    x.close()\n    x.close()",
    "its docstring": 'def test_a():\n    """Nothing happens where it is closed twice."""\n    f()',
    "a comment": "def test_a():\n    f()  # must not raise",
    "a property": "from hypothesis import given, strategies as st\n@given(st.text())\ndef test_a(x):\n    f(x)",
    "an import": "def test_import():\n    import shop",
    "a benchmark": "def test_a(benchmark):\n    benchmark(f)",
    "skipped": "import pytest\n@pytest.mark.skip(reason='later')\ndef test_a():\n    f()",
    "expected to fail": "import pytest\n@pytest.mark.xfail(reason='bug 1')\ndef test_a():\n    f()",
    "skips itself": "import pytest\ndef test_a():\n    pytest.skip('later')",
    "the good case of what raises beside it": """
        import pytest
        def test_valid():
            validate(1)
        def test_invalid():
            with pytest.raises(ValueError):
                validate(-1)
        """,
    "a class of its own that can be made": "def test_a():\n    class Odd(Base):\n        pass\n    Odd()",
    "empty, and says why": "def test_a():\n    # there is no way to see this from outside\n    pass",
}
NOTHING = {
    "a call": "def test_a():\n    f()",
    "a result kept": "def test_a():\n    x = f()",
    "empty": "def test_a():\n    pass",
    "a docstring": 'def test_a():\n    """The total is right."""',
    "a comparison returned": "def test_a():\n    return f() == 1",
    "printed": "def test_a():\n    print(f() == 1)",
    "the product's own check": "from shop import check_order\ndef test_a():\n    check_order(1)",
    "a method of unknown kind": "from shop import Validator\ndef test_a():\n    v = Validator()\n    v.validate(1)",
    "a helper that asserts nothing": "def helper(x):\n    return x\ndef test_a():\n    helper(f())",
    "a raise in a callback": "def test_a():\n    def stop():\n        raise ValueError\n    run(stop)",
    "a fixture that checks only before": """
        import pytest
        @pytest.fixture
        def ready():
            assert state()
            return 1
        def test_a(ready):
            f(ready)
        """,
    "a filter that ignores": "import warnings\ndef test_a():\n    warnings.simplefilter('ignore')\n    f()",
    "a method of a class": "class TestA:\n    def test_a(self):\n        f()",
    "a name that only sounds so": "def test_no_stock_gives_error():\n    f()",
    "a helper that only sounds so": "def assert_valid(x):\n    return x > 0\ndef test_a():\n    assert_valid(f())",
    "a function within that nothing calls": "def test_a():\n    def check():\n        assert f()\n    f()",
    "a test of importing orders": "def test_import_of_orders():\n    f()",
    "the methods of a result that nobody calls": """
        class Result:
            out = ''
            def ok(self):
                assert self
        def run(x):
            return Result(x)
        def test_a():
            result = run(f())
            lines = result.out.splitlines()
            print(len(lines))
        """,
    "a result that raises of itself": """
        class Server:
            def __enter__(self):
                raise RuntimeError
        def server():
            return Server()
        def test_a():
            with server():
                f()
        """,
    "a job that fails": "def broken():\n    raise ValueError\ndef test_a():\n    work(broken)",
    "a name that says twice, of what is done once": "def test_paid_twice():\n    f()\n    g()",
    "helpers in a circle": "def a():\n    b()\ndef b():\n    a()\ndef test_a():\n    a()",
}
SHOP = {"shop.py": "def check_order(x): assert x\nclass Validator:\n    def validate(self, x): assert x\n"}


@pytest.mark.parametrize("text", ASSERTING.values(), ids=ASSERTING)
def test_an_assertion_is_seen_wherever_it_stands(read, text):
    seen = read({"test_it.py": text})
    assert not seen.of("asserts-nothing")
    assert seen.read.assertions >= 1


@pytest.mark.parametrize("text", EXCUSED.values(), ids=EXCUSED)
def test_a_test_that_says_why_is_not_accused(found_in, text):
    assert found_in("asserts-nothing", text) == []


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_a_test_that_asserts_nothing_is_found(read, text):
    seen = read({"test_it.py": text, **SHOP})
    assert len(seen.of("asserts-nothing")) == 1


def _with_plug(read, text):
    files = {"conftest.py": "pytest_plugins = ['tests.plug']\n", "tests/plug.py": PLUG, "pytest.ini": "[pytest]\n"}
    return read({**files, "tests/test_it.py": text + "\n"}, paths=("tests",)).of("asserts-nothing")


@pytest.mark.parametrize("text", FOLLOWED.values(), ids=FOLLOWED)
def test_what_is_handed_over_is_followed(read, text):
    assert not _with_plug(read, text)


@pytest.mark.parametrize("text", DROPPED.values(), ids=DROPPED)
def test_what_never_runs_or_tells_nobody_does_not_count(read, text):
    assert len(_with_plug(read, text)) == 1


def test_helpers_are_followed_into_other_files_of_the_tests(read):
    seen = read(
        {
            "tests/test_a.py": "from .helpers.money import same\nfrom tests.helpers import more\n"
            "def test_a(): same(f())\ndef test_b(): more.same(f())\ndef test_c(cart): cart(1)",
            "tests/__init__.py": "", "tests/helpers/__init__.py": "from . import more",
            "tests/helpers/money.py": "from .more import *", "tests/helpers/more.py": "def same(x): assert x",
            "tests/conftest.py": "import pytest\n@pytest.fixture\ndef cart():\n    def check(x): assert x\n"
            "    return check",
        }
    )  # fmt: skip
    assert not seen.of("asserts-nothing")


def test_assertions_are_counted_by_place(read):
    text = "def test_a():\n    assert 1\n    for x in f():\n        assert x\ndef test_b(): pass\n"
    told = read({"test_it.py": text}).read
    assert (told.tests, told.assertions, told.per_test) == (2, 2, ((0, 1), (2, 1)))
