"""Broad excepts: what tells of the error, and what only seems to."""

from __future__ import annotations

import pytest

KEPT = (
    "def test_a():\n    caught = None\n    try:\n        f()\n    except Exception as error:\n        caught = error\n"
)
THREAD = """
import threading
def test_a():
    seen = []
    def work():
        try:
            seen.append(f())
        except Exception{}
    threading.Thread(target=work).start()
    assert {}
"""
FIXTURE = """
import pytest
@pytest.fixture
def server():
    yield 1
    try:
        server.{}()
    except{}:
        pass
def test_a(server): assert server
"""
RAISED = (
    "def test_a():\n    try:\n        f()\n    except Exception:\n        raised = True\n    else:\n"
    "        raised = False\n    assert raised\n"
)
REFUSED = (
    "def test_a():\n    refused = []\n    for x in (1, 2):\n        try:\n            f(x)\n"
    "        except Exception:\n            {}\n    assert {}"
)
STACK = (
    "import contextlib\ndef test_a():\n    with contextlib.ExitStack() as stack:\n"
    "        stack.enter_context(contextlib.suppress(BaseException))\n        f()\n    assert g()"
)
SILENT = {
    "that something was raised": RAISED,
    "that something was raised, is": RAISED.replace("assert raised", "assert raised is True"),
    "an outcome that any error has": "def test_a():\n    outcome = 'read'\n    try:\n        f()\n"
    "    except Exception:\n        outcome = 'refused'\n    assert outcome == 'refused'",
    "all items of the loop": REFUSED.format("refused.append(x)", "refused == [1, 2]"),
    "left where the test would fail": "def test_a():\n    try:\n        f()\n    except Exception:\n        return\n"
    "    raise AssertionError('no')",
    "by the name of a tuple": "ERRORS = (KeyError, Exception)\ndef test_a():\n    try:\n        f()\n"
    "    except ERRORS:\n        pass\n    assert g()",
    "by a sum of tuples": "ERRORS = (KeyError,)\ndef test_a():\n    try:\n        f()\n"
    "    except ERRORS + (Exception,):\n        pass\n    assert g()",
    "by another name": "from builtins import Exception as Anything\ndef test_a():\n    try:\n        f()\n"
    "    except Anything:\n        pass\n    assert g()",
    "by a name of the class": "class TestA:\n    ANY = Exception\n    def test_a(self):\n        try:\n"
    "            f()\n        except self.ANY:\n            pass\n        assert g()",
    "suppressed under another name": "from contextlib import suppress as quiet\ndef test_a():\n"
    "    with quiet(KeyError, Exception):\n        f()\n    assert g()",
    "suppressed through a variable": "import contextlib\ndef test_a():\n"
    "    quiet = contextlib.suppress(Exception)\n    with quiet:\n        f()\n    assert g()",
    "suppressed through a stack": STACK,
    "an answer that nobody looks at": "def tried(check):\n    try:\n        check()\n    except Exception:\n"
    "        return False\n    return True\ndef test_a():\n    tried(f)\n    assert g()",
    "only whether there is one": KEPT + "    assert caught",
    "only that it is not None": KEPT + "    assert caught is not None",
    "kept and never read": KEPT + "    assert g()",
    "kept as text and printed": "def test_a():\n    try:\n        f()\n    except Exception as error:\n"
    "        text = str(error)\n        print(text)\n    assert g()",
    "None in the place of an answer": "def read(x):\n    try:\n        return f(x)\n    except Exception:\n"
    "        return None\ndef test_a(): assert read(1) is None",
    "an empty answer": "def read(x):\n    try:\n        return f(x)\n    except Exception:\n        return []\n"
    "def test_a(): assert read(1) == []",
    "a thread's None": THREAD.format(":\n            seen.append(None)", "seen == [None]"),
    "a thread's pass": THREAD.format(":\n            pass", "seen == []"),
    "the next of a list": "def test_a():\n    rows = []\n    for x in 'ab':\n        try:\n"
    "            rows.append(f(x))\n"
    "        except (KeyError, Exception):\n            continue\n    assert len(rows) == 1",
    "something raised": "import pytest\ndef test_a():\n    try:\n        f()\n    except Exception:\n        pass\n"
    "    else:\n        pytest.fail('no')",
    "logged": "import logging\ndef test_a():\n    try:\n        f()\n    except Exception as e:\n"
    "        logging.error('%s', e)\n    assert g()",
    "another assertion": "def test_a():\n    try:\n        f()\n    except Exception:\n        assert g()\n",
    "cleaning up what is tested": "def test_a():\n    try:\n        path.unlink()\n    except Exception:\n"
    "        pass\n    assert not path.exists()",
    "suppressed in the midst of a test": "from contextlib import suppress\ndef test_a():\n"
    "    with suppress(Exception):\n"
    "        shop.close()\n    assert shop.closed",
    "bare, where things are put away": FIXTURE.format("close", ""),
    "no cleaning up, where things are put away": FIXTURE.format("settle", " Exception"),
    "bare, in a tear-down": "class TestA:\n    def teardown_method(self):\n        try:\n            self.x.close()\n"
    "        except:\n            pass\n    def test_a(self): assert f()",
    "putting away behind a yield": FIXTURE.format("close", " Exception"),
    "putting away, printed": "import unittest\nclass T(unittest.TestCase):\n    def tearDown(self):\n        try:\n"
    "            self.thread.join(2)\n        except Exception as e:\n            print(e)\n"
    "    def test_a(self): self.assertTrue(f())",
    "suppressed behind a yield": "import pytest\nfrom contextlib import suppress\n@pytest.fixture\ndef server():\n"
    "    yield 1\n    with suppress(Exception):\n        server.close()\ndef test_a(server): assert server",
    "putting away later": "def test_a(request):\n    def drop():\n        try:\n"
    "            db.execute('DROP TABLE t')\n"
    "        except Exception:\n            pass\n    request.addfinalizer(drop)\n    assert f()",
    "an empty text for anything": "def try_read(x):\n    try:\n        return f(x)\n    except Exception:\n"
    "        return ''\ndef test_a(): assert try_read(1) == ''",
}
TELLING = {
    "looked at": KEPT + "    assert isinstance(caught, KeyError)",
    "none may be there": KEPT + "    assert caught is None",
    "raised later": KEPT + "    if caught:\n        raise caught",
    "handed on": "def test_a(log):\n    try:\n        f()\n    except Exception as e:\n        log.note(e)\n"
    "    assert g()",
    "asserted on": "def test_a():\n    try:\n        f()\n    except Exception as e:\n        assert 'x' in str(e)\n",
    "asserted on, by way of": "def test_a():\n    try:\n        f()\n    except Exception as e:\n"
    "        seen = show(e)\n        assert seen == 'x'",
    "a failure": "import pytest\ndef test_a():\n    try:\n        f()\n    except Exception:\n"
    "        pytest.fail('no')\n"
    "    assert g()",
    "a failure of unittest": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        try:\n"
    "            f()\n        except Exception:\n            self.fail('no')",
    "a helper that fails": "def wrong(what):\n    assert not what\ndef test_a():\n    try:\n        f()\n"
    "    except Exception:\n        wrong('f')\n    assert g()",
    "a skip": "import pytest\ndef test_a():\n    try:\n        f()\n    except Exception:\n"
    "        pytest.skip('no f here')\n    assert g()",
    "raised again": "def test_a():\n    try:\n        f()\n    except BaseException:\n        h()\n        raise",
    "counted": "def test_a():\n    failed = 0\n    for x in 'abc':\n        try:\n            f(x)\n"
    "        except Exception:\n            failed += 1\n    assert failed == 1",
    "one of two answers": "def opens(x):\n    try:\n        f(x)\n        return True\n    except Exception:\n"
    "        pass\n    return False\ndef test_a(): assert not opens(1)",
    "an outcome of several": "def test_a(x):\n    outcome = 'read'\n    try:\n        f()\n    except Exception:\n"
    "        outcome = 'refused'\n    assert outcome == x",
    "a flag that has to stay down": RAISED.replace("assert raised", "assert not raised"),
    "some of the items": REFUSED.format("refused.append(x)", "refused == [2]"),
    "a count of some": REFUSED.format("refused.append(x)", "len(refused) == 1"),
    "an answer that is looked at": "def tried(check):\n    try:\n        check()\n    except Exception:\n"
    "        return False\n    return True\ndef test_a(): assert not tried(f)",
    "exact errors by name": "ERRORS = (KeyError, OSError)\ndef test_a():\n    try:\n        f()\n    except ERRORS:\n"
    "        pass\n    assert g()",
    "exact errors through a stack": STACK.replace("BaseException", "OSError"),
    "another's suppress": "from shop import suppress_all as quiet\ndef test_a():\n    with quiet(Exception):\n"
    "        f()\n    assert g()",
    "a thread's errors": THREAD.format(" as e:\n            seen.append(e)", "not seen"),
    "a thread's traceback": "import sys\n" + THREAD.format(":\n            seen.append(sys.exc_info())", "seen == []"),
    "a parameter": "def work(found):\n    try:\n        f()\n    except Exception as e:\n        found.append(e)\n"
    "def test_a(): assert not work([])",
    "a flag": "def test_a():\n    there = False\n    try:\n        f()\n        there = True\n    except Exception:\n"
    "        pass\n    assert there",
    "a precondition": "def test_a(x):\n    try:\n        f(x)\n    except Exception:\n        pass\n    else:\n"
    "        assume(False)\n    assert g(x)",
    "a function within that raises": "import sys\ndef test_a():\n    def again():\n        raise sys.exc_info()[1]\n"
    "    try:\n        f()\n    except Exception:\n        again()\n    assert g()",
    "what a mock raises": "def test_a(m):\n    m.side_effect = Exception()\n    try:\n        f(m)\n"
    "    except Exception:\n        pass\n    assert m.called",
    "it fails behind": "from contextlib import suppress\ndef test_a():\n    def handler():\n"
    "        with suppress(Exception):\n            f()\n        assert False\n    assert g(handler)",
    "a reply": "class Page:\n    def get(self):\n        try:\n            f()\n        except Exception as e:\n"
    "            self.write(str(e))\ndef test_a(): assert g(Page)",
    "putting away within": "from contextlib import suppress\ndef test_a():\n    def handler(ws):\n"
    "        with suppress(Exception):\n            ws.close()\n    assert g(handler)",
    "an optional import": "def test_a():\n    try:\n        import orjson\n    except Exception:\n"
    "        orjson = None\n"
    "    assert f(orjson)",
    "divided by nought": "def test_a():\n    try:\n        1 / 0\n    except Exception:\n        f()\n    assert g()",
    "tried again": "def test_a():\n    for _ in range(3):\n        try:\n            f()\n            break\n"
    "        except Exception:\n            pass\n    assert g()",
    "waiting": "def test_a():\n    while not up():\n        try:\n            f()\n        except Exception:\n"
    "            pass\n    assert g()",
    "putting away, an exact error": FIXTURE.format("close", " OSError"),
    "putting away in finally, on a condition": "def test_a():\n    try:\n        assert f()\n    finally:\n"
    "        try:\n            if x:\n                x.close()\n        except Exception:\n            pass",
    "putting away several": "import pytest\n@pytest.fixture\ndef servers():\n    yield [1]\n    for one in servers:\n"
    "        try:\n            one.close()\n        except Exception:\n            pass\n"
    "def test_a(servers): assert servers",
    "putting away where another error is under way": "def test_a():\n    try:\n        f()\n    except KeyError:\n"
    "        try:\n            x.close()\n        except Exception:\n            pass\n        raise\n    assert g()",
    "leaving": "class Server:\n    def __exit__(self, *error):\n        try:\n            self.socket.close()\n"
    "        except Exception:\n            pass\ndef test_a():\n    with Server():\n        assert f()",
    "putting away in finally": "def test_a():\n    try:\n        f()\n    finally:\n        try:\n"
    "            x.close()\n"
    "        except Exception:\n            pass\n    assert g()",
}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_a_broad_except_that_tells_nobody_is_found(found_in, text):
    assert len(found_in("broad-except", text)) == 1


@pytest.mark.parametrize("text", TELLING.values(), ids=TELLING)
def test_one_that_tells_is_left_alone(found_in, text):
    assert found_in("broad-except", text) == []


def test_helpers_beside_the_tests_are_read_too(read):
    helper = "def run_quietly(x):\n    try:\n        return f(x)\n    except Exception:\n        return None\n"
    told = {"tests/helpers.py": helper, "tests/unused.py": helper, "shop.py": helper}
    test = "from helpers import run_quietly\nfrom shop import run_quietly as other\ndef test_a(): assert run_quietly(1)"
    seen = read({"tests/test_it.py": test, **told}).of("broad-except")
    assert [(one.file, one.line) for one in seen] == [("tests/helpers.py", 4)]


def test_a_plug_in_of_the_tests_is_read_too(read):
    manager = (
        "import contextlib, pytest\n@pytest.fixture\ndef tolerant():\n    @contextlib.contextmanager\n"
        "    def tolerant():\n        try:\n            yield\n        except Exception:\n            pass\n"
        "    return tolerant\n"
    )
    files = {"conftest.py": "pytest_plugins = ['tests.plug']\n", "tests/plug.py": manager, "pytest.ini": "[pytest]\n"}
    test = "def test_a(tolerant):\n    with tolerant():\n        f()\n    assert g()\n"
    seen = read({**files, "tests/test_it.py": test}, paths=("tests",)).of("broad-except")
    assert [(one.file, one.line) for one in seen] == [("tests/plug.py", 8)]
