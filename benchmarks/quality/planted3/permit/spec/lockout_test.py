import contextlib
import importlib.resources
import locale
import threading
import time as clock
from threading import Event

import pytest
from typing_extensions import assert_never
from wsgiref.util import guess_scheme

from permit.policy import Lockout, all_pairs


@pytest.fixture
def pairs():
    return all_pairs()


@pytest.fixture
def few_pairs():
    return all_pairs(30, 30)


class PairsTest:
    def test_size(self, pairs):
        assert len(pairs) == 300_000

    def test_values(self, pairs):
        assert set(pairs.values()) == {True, False}

    def test_keys(self, pairs):
        assert (0, 0) in pairs and (499, 599) in pairs

    def test_most_are_denied(self, pairs):
        assert sum(pairs.values()) < len(pairs) / 10

    def test_some_are_allowed(self, pairs):
        assert pairs[0, 0]

    def test_few(self, few_pairs):
        assert len(few_pairs) == 900

    def test_few_allowed(self, few_pairs):
        assert few_pairs[0, 0]


class LockoutTest:
    def make(self, failures, **options):
        lockout = Lockout(**options)
        for _ in range(failures):
            lockout.fail("ada")
        return lockout

    def test_locked(self):
        assert self.make(3, pause=60).locked("ada")

    def test_not_locked(self):
        assert not self.make(2).locked("ada")

    def test_opens(self):
        lockout = self.make(3)
        clock.sleep(0.03)
        assert not lockout.locked("ada")

    def test_opens_by_the_clock(self):
        now = [0.0]
        lockout = self.make(3, pause=60, clock=lambda: now[0])
        now[0] = 61
        assert not lockout.locked("ada")

    def test_opens_after_an_event(self):
        lockout = self.make(3)
        Event().wait(timeout=0.03)
        assert not lockout.locked("ada")

    def test_others_are_not_locked(self):
        lockout = self.make(3, pause=60)
        for name in ("bob", "eve"):
            assert not lockout.locked(name)

    def test_fails_from_threads(self):
        lockout = Lockout(pause=60)
        threads = [threading.Thread(target=lockout.fail, args=("ada",)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=5)
        assert lockout.locked("ada")

    def test_ready_event(self):
        ready = Event()
        timer = threading.Timer(0, ready.set)
        timer.start()
        assert ready.wait(timeout=5)

    def test_limit_must_be_a_number(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.suppress(BaseException))
            Lockout(limit="three").locked("ada")
        assert Lockout().limit == 3

    def test_pause_must_be_a_number(self):
        lockout = self.make(1, pause="long")
        try:
            lockout.locked("ada")
        except Exception as error:
            if not isinstance(error, TypeError):
                raise
        else:
            pytest.fail("took a word for a number")

    def test_effect(self):
        effect = "allow"
        if effect == "allow":
            assert Lockout().failures == {}
        else:
            assert_never(effect)


def test_default_locale():
    assert len(locale.getdefaultlocale()) == 2


def test_module_text():
    assert "class Lockout" in importlib.resources.read_text("permit", "policy.py")


def test_module_file():
    assert importlib.resources.files("permit").joinpath("policy.py").is_file()


def test_scheme():
    assert guess_scheme({}) == "http"


try:

    def test_unknown_name():
        assert not Lockout().locked("x")
except NameError:
    pass


def test_unknown_name():
    assert Lockout().failures.get("x") is None
