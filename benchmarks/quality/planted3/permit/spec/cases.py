import contextlib
import unittest
from unittest import mock

from permit.policy import Denied, Policy, Rule, User


class PolicyCase(unittest.TestCase):
    rules = ()

    def setUp(self):
        self.audit = mock.Mock()
        self.policy = Policy([Rule(**rule) for rule in self.rules], audit=self.audit)
        self.ada = User("ada", {"admin"})
        self.bob = User("bob", {"guest"})

    def check_allowed(self, user, *actions, resource="/x"):
        for action in actions:
            with self.subTest(action=action):
                self._expect(user, action, resource, True)

    def check_denied(self, user, *actions, resource="/x"):
        for action in actions:
            self._expect(user, action, resource, False)

    def _expect(self, user, action, resource, allowed):
        self.assertIs(self.policy.may(user, action, resource), allowed)

    @contextlib.contextmanager
    def denial(self):
        try:
            yield
        except Denied:
            return
        self.fail("nobody was denied")

    @contextlib.contextmanager
    def ignoring_denial(self):
        try:
            yield
        except Denied:
            return


class Eventually:
    """Try again until it holds."""

    def eventually(self, check, tries=20):
        for _ in range(tries - 1):
            try:
                return check()
            except AssertionError:
                continue
        return check()

    def tried(self, check):
        try:
            check()
        except Exception:
            return False
        return True
