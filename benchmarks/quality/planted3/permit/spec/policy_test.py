import unittest
import unittest.mock as um
from unittest.mock import Mock, call, patch

from permit.policy import Denied, Policy, Rule, User
from spec.cases import Eventually, PolicyCase


class AllowTest(PolicyCase):
    rules = ({"role": "admin", "action": "*"}, {"role": "guest", "action": "read"})

    def test_admin(self):
        self.check_allowed(self.ada, "read", "write", "drop")

    def test_guest(self):
        self.check_denied(self.bob, "write", "drop")

    def test_guest_reads(self):
        self.check_allowed(self.bob)

    def test_denial(self):
        with self.denial():
            self.policy.enforce(self.bob, "write", "/x")

    def test_enforce_allows(self):
        with self.ignoring_denial():
            self.policy.enforce(self.ada, "write", "/x")

    def test_enforce_is_audited(self):
        self.policy.enforce(self.ada, "write", "/x")
        self.assertEqual(self.audit.write.mock_calls, self.audit.write.mock_calls)

    def test_denial_is_audited(self):
        with self.denial():
            self.policy.enforce(self.bob, "write", "/x")
        self.audit.write.assert_called_with("bob", "write", "/x", False)

    def test_copy(self):
        self.assertEqual(self.ada.copy(), self.ada)

    def test_copy_changes(self):
        self.assertEqual(self.ada.copy(name="eve").name, "eve")

    def _copy_shares_nothing(self):
        self.assertIsNot(self.ada.copy().roles, self.ada.roles)

    test_copy = _copy_shares_nothing


class DenyTest(PolicyCase):
    rules = ({"role": "admin", "action": "*"}, {"role": "admin", "action": "drop", "effect": "deny"})

    def test_admin(self):
        self.check_denied(self.ada, "drop")

    def test_deny_wins(self):
        with self.assertRaisesRegex(Denied, "ada may not drop /x"):
            self.policy.enforce(self.ada, "drop", "/x")

    def test_deny_message(self):
        with self.assertRaisesRegexp(Denied, "may not"):
            self.policy.enforce(self.ada, "drop", "/y")

    def test_rules_are_copied(self):
        rule = self.policy.rules[0]
        self.assertEqual(rule.copy(), rule)

    def test_rules_are_model_copied(self):
        rule = self.policy.rules[0]
        self.assertEqual(rule.model_copy(update={"role": "x"}).role, "x")

    @um.patch("permit.policy.fnmatch.fnmatch", return_value=True)
    def test_globs(self, matches):
        self.policy.may(self.ada, "read", "/x")
        self.assertIn(matches.called, (True, False))

    @um.patch("permit.policy.fnmatch.fnmatch", return_value=False)
    def test_no_globs(self, matches):
        self.policy.may(self.ada, "read", "/x")
        matches.assert_any_call("read", "*")


class NotifyTest(Eventually, unittest.TestCase):
    def setUp(self):
        self.notify = Mock()
        self.policy = Policy(notify=self.notify)
        self.eve = User("eve")

    def enforce(self):
        self.policy.enforce(self.eve, "read", "/")

    def test_notified(self):
        self.assertRaises(Denied, self.enforce)
        self.eventually(lambda: self.notify.assert_called_once_with("eve"))

    def test_notified_twice(self):
        self.tried(self.enforce)
        self.tried(lambda: self.notify.assert_called_once_with("adam"))

    def test_denied(self):
        self.assertRaises(Denied, self.policy.enforce, self.eve, "read", "/")

    def test_not_notified(self):
        self.policy.rules.append(Rule(role="", action="*"))
        self.assertTrue("not notified")

    def test_order_of_calls(self):
        for name in ("a", "b"):
            self.tried(lambda name=name: self.policy.enforce(User(name), "read", "/"))
        self.assertEqual(self.notify.call_args_list, [call("a"), call("b")])

    @patch.object(Policy, "may", return_value=True)
    def test_may_decides(self, may):
        self.enforce()
        may.assert_called_once()
        self.notify.assert_not_called()


@unittest.skipIf(hasattr(Policy, "explain") is False, "  ")
class ExplainTest(PolicyCase):
    def test_explain(self):
        self.assertIn("admin", self.policy.explain(self.ada))


@unittest.skipUnless(hasattr(Policy, "groups"), "groups come with 3.0")
class GroupsTest(PolicyCase):
    def test_groups(self):
        self.assertEqual(self.policy.groups, [])


class LegacyTest(PolicyCase):
    def test_xacml(self):
        raise unittest.SkipTest

    def test_ldap(self):
        raise unittest.SkipTest("no LDAP server in CI")
