"""A small project on disk, imported into this process and taken out again."""

import importlib
import sys

import pytest

REGISTRY = """
import functools, collections
ITEMS = {}
ROWS = [[1], [2]]
TAGS = {"a"}
QUEUE = collections.deque([1])
ORDERED = collections.OrderedDict(a=1, b=2)
LIMIT = 3
PAIR = ({}, [])

class Config:
    instance = None
    flags = []
    def __init__(self):
        self.values = {"debug": False}

class Slotted:
    __slots__ = ("value",)
    def __init__(self):
        self.value = 1

config = Config()
slotted = Slotted()

def rate(x): return x
def collect(item, into=[]):
    into.append(item)
    return into
def keyword(*, seen={}): seen[1] = 1

@functools.lru_cache(None)
def cached(x): return x

def memoize(function):
    memo = {}
    @functools.wraps(function)
    def wrapper(x):
        memo[x] = function(x)
        return memo[x]
    return wrapper

@memoize
def remembered(x): return x
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The module ``shop.registry``; its project is ``tmp_path``."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "registry.py").write_text(REGISTRY)
    (tmp_path / "shop" / "lazy.py").write_text("CACHE = {}\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]
    yield importlib.import_module("shop.registry")
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]
