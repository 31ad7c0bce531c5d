"""For every kind: pytest itself goes from red to green with the fixture that was written, and without Brinell."""

import json
import os
import sys
import textwrap
from pathlib import Path

import pytest

from brinell_inside import __file__ as inside
from brinell_inside.state.fixture import fixture_source

SHOP = """
import collections, functools, threading
ITEMS = {}
ROWS = []
TAGS = set()
QUEUE = collections.deque()
LIMIT = 3
class Config:
    mode = "a"
    flags = []
    @staticmethod
    def rate(): return 1
    def __init__(self): self.debug = False
class Slotted:
    __slots__ = ("value",)
slotted = Slotted()
slotted.value = 1
config = Config()
def collect(item, into=[]):
    into.append(item)
    return into
def rate(): return 1
SOURCE = {"x": 1}
@functools.lru_cache(None)
def looked_up(name): return SOURCE.get(name)
"""
# kind: (what the polluter does, what the victim asserts)
CASES = {
    "dict": ("shop.ITEMS['k'] = 1", "shop.ITEMS == {}"),
    "list": ("shop.ROWS.append(1)", "shop.ROWS == []"),
    "set": ("shop.TAGS.add(1)", "not shop.TAGS"),
    "deque": ("shop.QUEUE.append(1)", "not shop.QUEUE"),
    "rebound": ("shop.LIMIT = 4", "shop.LIMIT == 3"),
    "added": ("shop.EXTRA = 4", "not hasattr(shop, 'EXTRA')"),
    "removed": ("del shop.LIMIT", "shop.LIMIT == 3"),
    "instance": ("shop.config.debug = True", "not shop.config.debug"),
    "instance added": ("shop.config.extra = True", "not hasattr(shop.config, 'extra')"),
    "slot": ("shop.slotted.value = 2", "shop.slotted.value == 1"),
    "class": ("shop.Config.mode = 'b'", "shop.Config.mode == 'a'"),
    "class list": ("shop.Config.flags.append(1)", "shop.Config.flags == []"),
    "class static": ("shop.Config.rate = staticmethod(lambda: 2)", "shop.Config().rate() == 1"),
    "function": ("shop.rate = lambda: 2", "shop.rate() == 1"),
    "default": ("shop.collect(1)", "shop.collect(2) == [2]"),
    "function attribute": ("shop.rate.calls = 1", "not hasattr(shop.rate, 'calls')"),
    "environ": ("os.environ['SHOP_MODE'] = 'x'", "'SHOP_MODE' not in os.environ"),
    "time zone": ("os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()", "time.tzname[0] != 'JST'"),
    "cwd": ("os.chdir('/')", "os.getcwd() != '/'"),
    "sys.path": ("sys.path.append('/nowhere')", "'/nowhere' not in sys.path"),
    "sys.modules": ("sys.modules['json'] = None", "__import__('json')"),
    "stub": ("sys.modules['yamlish'] = types.ModuleType('yamlish')", "'yamlish' not in sys.modules"),
    "log level": ("logging.getLogger('shop').setLevel(10)", "logging.getLogger('shop').level == 0"),
    "log handlers": ("logging.getLogger('shop').addHandler(logging.StreamHandler())",
                     "not logging.getLogger('shop').handlers"),
    "log disable": ("logging.disable(50)", "logging.root.manager.disable == 0"),
    "locale": ("locale.setlocale(locale.LC_ALL, 'C')", "locale.setlocale(locale.LC_ALL) != 'C'"),
    "signal": ("signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
               "signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL"),
    "umask": ("os.umask(0o777)", "os.umask(0o022) == 0o022"),
    "patched function": ("time.time = lambda: 0", "time.time() > 1"),
    "patched method": ("json.JSONEncoder.default = lambda *_: 0",
                       "'JSONEncoder.default' in json.JSONEncoder.default.__qualname__"),
    "cache": ("shop.SOURCE['y'] = 2; shop.looked_up('y'); del shop.SOURCE['y']", "shop.looked_up('y') is None"),
    "rng": ("random.seed(1)", "random.getstate() != random.Random(1).getstate()"),
    "warnings": ("warnings.simplefilter('error')", "warnings.warn('x') is None"),
}  # fmt: skip
# pytest has a catch_warnings of its own around each test
SETTINGS = {"warnings": ("-p", "no:warnings")}
LEAK = """
import json, sys
from brinell_inside.state import Savepoint
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    save = Savepoint(str(item.config.rootpath))
    result = yield
    if item.name == "test_polluter":
        (item.config.rootpath / "changes.json").write_text(json.dumps(save.changes()))
    return result
"""


@pytest.fixture
def pair(tmp_path, warm_pytest):
    """``pair(polluter, assertion)`` writes them; ``pair.run(*args)`` gives the numbers of passed and failed tests."""
    return Pair(tmp_path, warm_pytest(sys.executable))


class Pair:
    def __init__(self, root, pytest_there):
        self.root = root
        self.pytest_there = pytest_there
        (root / "shop.py").write_text(SHOP)
        (root / "pytest.ini").write_text("[pytest]\n")

    def write(self, leak, check):
        names = "json, locale, logging, os, random, signal, sys, time, types, warnings, shop"
        text = f"""
            import {names}
            locale.setlocale(locale.LC_ALL, "C.UTF-8")
            def test_polluter():
                {leak}
            def test_victim():
                assert {check}
        """
        (self.root / "test_pair.py").write_text(textwrap.dedent(text))

    def run(self, *args, path=()):
        env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(self.root), *path]))
        done = self.pytest_there(["-q", "-p", "no:cacheprovider", *args, "test_pair.py"], cwd=self.root, env=env)
        return done.stdout.strip().splitlines()[-1].partition(" in ")[0]


@pytest.mark.parametrize("kind", CASES)
def test_red_becomes_green(kind, pair):
    pair.write(*CASES[kind])
    settings = SETTINGS.get(kind, ())
    assert pair.run(*settings) == "1 failed, 1 passed"
    (pair.root / "leak_watch.py").write_text(LEAK)
    pair.run(*settings, "-p", "leak_watch", path=[str(Path(inside).parents[1])])
    changes = json.loads((pair.root / "changes.json").read_text())
    assert changes

    source = fixture_source([change for change in changes if change["name"] != "time.tzname"])

    assert "brinell" not in source
    (pair.root / "conftest.py").write_text(source)
    assert pair.run(*settings) == "2 passed", source


@pytest.mark.parametrize("kind", ["thread", "child-process", "descriptor", "hook", "closure"])
def test_no_fixture_where_none_is_sound(kind):
    change = {"name": "x", "root": "x", "kind": kind, "how": "added", "before": "absent", "after": "1"}

    assert fixture_source([change]) is None
    assert fixture_source([]) is None


@pytest.mark.parametrize("text", ["x']; import evil #", "a.b c", "os.environ['a\\']\nimport evil"])
@pytest.mark.parametrize(
    "kind", ["module-attribute", "environ", "sys.modules", "patched-attribute", "logging", "signal"]
)
def test_names_of_the_subject_never_become_code(kind, text):
    change = {"name": text, "root": text, "kind": kind, "how": "added", "module": text, "holder": text,
              "holder_type": "dict"}  # fmt: skip

    assert fixture_source([change]) is None
