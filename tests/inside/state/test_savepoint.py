"""Every kind of leak is named by its path, put back in place, and nothing that is ordinary is called one."""

import asyncio
import decimal
import functools
import gc
import importlib
import json
import linecache
import locale
import logging
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import types
import warnings
from unittest import mock

import pytest

from brinell_inside.state import Savepoint


def strong(changes):
    return [change for change in changes if not change.get("weak")]


def set_attribute(owner, name, value):
    setattr(owner, name, value)


R = "shop.registry."
# name: (the leak, the path, kind, how)
LEAKS = {
    "dict": (lambda s: s.ITEMS.update(k=1), R + "ITEMS['k']", "module-attribute", "added"),
    "nested list": (lambda s: s.ROWS[1].append(3), R + "ROWS[1][1]", "module-attribute", "added"),
    "list in the middle": (lambda s: s.ROWS.insert(0, 9), R + "ROWS", "module-attribute", "mutated"),
    "set": (lambda s: s.TAGS.add("b"), R + "TAGS", "module-attribute", "mutated"),
    "deque": (lambda s: s.QUEUE.pop(), R + "QUEUE[0]", "module-attribute", "removed"),
    "order": (lambda s: s.ORDERED.move_to_end("a"), R + "ORDERED", "module-attribute", "mutated"),
    "in a tuple": (lambda s: s.PAIR[1].append(1), R + "PAIR[1][0]", "module-attribute", "added"),
    "constant": (lambda s: set_attribute(s, "LIMIT", 4), R + "LIMIT", "module-attribute", "rebound"),
    "deleted": (lambda s: delattr(s, "LIMIT"), R + "LIMIT", "module-attribute", "removed"),
    "new name": (lambda s: set_attribute(s, "EXTRA", 4), R + "EXTRA", "module-attribute", "added"),
    "rebound dict": (lambda s: set_attribute(s, "ITEMS", {1: 2}), R + "ITEMS", "module-attribute", "rebound"),
    "own function": (lambda s: set_attribute(s, "rate", mock.Mock()), R + "rate", "module-attribute", "rebound"),
    "instance": (
        lambda s: s.config.values.update(debug=True), R + "config.values['debug']", "module-attribute", "rebound"),
    "slot": (lambda s: set_attribute(s.slotted, "value", 2), R + "slotted.value", "module-attribute", "rebound"),
    "singleton": (
        lambda s: set_attribute(s.Config, "instance", s.config), R + "Config.instance", "class-attribute", "rebound"),
    "class list": (lambda s: s.Config.flags.append(1), R + "Config.flags[0]", "class-attribute", "added"),
    "method": (
        lambda s: set_attribute(s.Config, "__init__", None), R + "Config.__init__", "class-attribute", "rebound"),
    "default": (lambda s: s.collect(1), R + "collect.__defaults__[0][0]", "default-argument", "added"),
    "keyword default": (
        lambda s: s.keyword(), R + "keyword.__kwdefaults__['seen'][1]", "default-argument", "added"),
    "function attribute": (
        lambda s: set_attribute(s.rate, "calls", 1), R + "rate.calls", "function-attribute", "added"),
    "memo": (lambda s: s.remembered(5), R + "remembered.__closure__(memo)[5]", "closure", "added"),
    "cache": (lambda s: s.cached(5), R + "cached", "cache", "mutated"),
    "environ": (lambda _: os.environ.update(SHOP_MODE="x"), "os.environ['SHOP_MODE']", "environ", "added"),
    "cwd": (lambda _: os.chdir("/"), "os.getcwd()", "cwd", "rebound"),
    "sys.path": (lambda _: sys.path.append("/nowhere"), "sys.path", "sys.path", "rebound"),
    "argv": (lambda _: sys.argv.append("-x"), "sys.argv", "sys.argv", "rebound"),
    "umask": (lambda _: os.umask(0o077), "os.umask()", "umask", "rebound"),
    "signal": (lambda _: signal.signal(signal.SIGUSR1, signal.SIG_IGN), "signal.SIGUSR1", "signal", "rebound"),
    "locale": (lambda _: locale.setlocale(locale.LC_ALL, "C"), "locale.setlocale(LC_ALL)", "locale", "rebound"),
    "warnings": (lambda _: warnings.simplefilter("ignore"), "warnings.filters", "warnings", "rebound"),
    "hook": (lambda _: set_attribute(sys, "excepthook", print), "sys.excepthook", "hook", "rebound"),
    "gc": (lambda _: gc.disable(), "gc.isenabled()", "interpreter", "rebound"),
    "recursion": (lambda _: sys.setrecursionlimit(4321), "sys.getrecursionlimit()", "interpreter", "rebound"),
    "switch interval": (lambda _: sys.setswitchinterval(0.02), "sys.getswitchinterval()", "interpreter", "rebound"),
    "socket": (lambda _: socket.setdefaulttimeout(9), "socket.getdefaulttimeout()", "interpreter", "rebound"),
    "decimal": (lambda _: set_attribute(decimal.getcontext(), "prec", 5), "decimal.getcontext().prec", "decimal",
                "rebound"),
    "rng": (lambda _: random.seed(), "random.getstate()", "rng", "rebound"),
    "log level": (lambda _: logging.getLogger("shop").setLevel(10), "logging.getLogger('shop').level", "logging",
                  "rebound"),
    "log handler": (lambda _: logging.getLogger("shop").addHandler(logging.StreamHandler()),
                    "logging.getLogger('shop').handlers", "logging", "mutated"),
    "log propagate": (lambda _: set_attribute(logging.getLogger("shop"), "propagate", False),
                      "logging.getLogger('shop').propagate", "logging", "rebound"),
    "log disable": (lambda _: logging.disable(30), "logging.root.manager.disable", "logging", "rebound"),
    "patched function": (lambda _: set_attribute(time, "time", lambda: 0), "time.time", "patched-attribute", "rebound"),
    "patched method": (lambda _: set_attribute(json.JSONEncoder, "default", lambda *_: 0),
                       "json.encoder.JSONEncoder.default", "patched-attribute", "rebound"),
    "patched value": (lambda _: set_attribute(sys, "platform", "win32"), "sys.platform", "patched-attribute",
                      "rebound"),
    "builtin": (lambda _: set_attribute(__import__("builtins"), "shop_flag", 1), "builtins.shop_flag",
                "patched-attribute", "added"),
    "module removed": (lambda _: sys.modules.pop("shop.registry"), "sys.modules['shop.registry']", "sys.modules",
                       "removed"),
    "module replaced": (lambda _: sys.modules.update({"shop.registry": mock.Mock()}), "sys.modules['shop.registry']",
                        "sys.modules", "rebound"),
    "stub module": (lambda _: sys.modules.update(shop_stub=types.ModuleType("shop_stub")), "sys.modules['shop_stub']",
                    "sys.modules", "added"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def whole(shop, tmp_path):  # noqa: ARG001 - the project must be there
    """Whatever a test here leaks, and whether or not the package can undo it, is undone."""
    logging.getLogger("shop")
    os.chdir(tmp_path)
    yield
    os.chdir("/")


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_named_and_put_back(leak, shop, tmp_path):
    plant, name, kind, how = LEAKS[leak]
    if leak == "locale":
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
    save = Savepoint(str(tmp_path))
    assert save.changes() == []

    plant(shop)
    changes = save.changes()
    refused = save.restore([change["root"] for change in changes])

    assert [(change["name"], change["kind"], change["how"], change["restorable"]) for change in changes] == [
        (name, kind, how, True)
    ]
    json.dumps(changes)
    assert refused == []
    assert save.changes() == []
    assert save.cut_off == []


def test_restoring_keeps_the_objects(shop, tmp_path):
    items, rows, config = shop.ITEMS, shop.ROWS[1], shop.config
    save = Savepoint(str(tmp_path))
    shop.ITEMS["k"] = 1
    shop.ROWS[1].append(4)
    shop.ROWS = []
    shop.config = None

    assert save.restore(None) == []
    assert (shop.ITEMS is items, shop.ROWS[1] is rows, shop.config is config) == (True, True, True)
    assert (items, rows) == ({}, [2])


def test_only_what_was_asked_for_is_restored(shop, tmp_path):
    save = Savepoint(str(tmp_path))
    shop.LIMIT, shop.ITEMS["k"] = 5, 1

    assert save.restore(["shop.registry.LIMIT"]) == []
    assert [change["root"] for change in save.changes()] == ["shop.registry.ITEMS"]


def test_what_cannot_be_put_back_is_named_and_refused(tmp_path):
    save = Savepoint(str(tmp_path))
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="left over")
    thread.start()
    reading, writing = os.pipe()
    child = subprocess.Popen(["sleep", "60"])
    try:
        changes = {change["kind"]: change for change in save.changes()}
        assert changes["thread"]["name"] == "thread 'left over'"
        assert changes["child-process"]["after"] in ("sleep", "python")
        assert changes["descriptor"]["after"].startswith("pipe:")
        assert not any(change["restorable"] for change in changes.values())
        assert save.restore([changes["thread"]["root"]]) == ["thread 'left over'"]
        assert save.restore(None) == []
    finally:
        stop.set()
        thread.join()
        child.kill()
        child.wait()
        os.close(reading)
        os.close(writing)


def test_event_loop_that_was_set(tmp_path):
    asyncio.get_event_loop_policy()
    save = Savepoint(str(tmp_path))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    names = {change["name"] for change in strong(save.changes())}
    try:
        assert "asyncio event loop._loop" in names
    finally:
        save.restore(None)
        loop.close()


def test_ordinary_laziness_is_no_leak(tmp_path):
    sys.modules.pop("colorsys", None)
    save = Savepoint(str(tmp_path))
    importlib.import_module("shop.lazy").CACHE["own"] = 1
    importlib.import_module("colorsys")
    re.compile(f"a[bc]+{random.SystemRandom().random()}")
    linecache.getline(__file__, 3)
    logging.getLogger("brand.new.one").isEnabledFor(10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn("once", UserWarning, stacklevel=1)
    functools.singledispatch(lambda x: x)(1)

    assert strong(save.changes()) == []


def test_a_rebound_equal_container_is_no_change(shop, tmp_path):
    save = Savepoint(str(tmp_path))
    shop.ROWS = [[1], [2]]

    assert save.changes() == []
