from unittest.mock import Mock

import pytest


class Expectations:
    def __init__(self, audit):
        self._audit = audit

    def recorded(self, what, who):
        assert (what, who) in [call.args for call in self._audit.record.call_args_list]

    def silent(self):
        return not self._audit.record.called


@pytest.fixture
def audit():
    return Mock(spec=["record"])


@pytest.fixture
def expect(audit):
    return Expectations(audit)
