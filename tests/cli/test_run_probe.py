from __future__ import annotations

import pytest

from brinell.cli.run import _probed
from brinell.core.errors import UsageError
from brinell.core.plan import Plan, ServiceSpec


def test_the_service_of_the_run_is_started_with_the_probe():
    plan = Plan(name="shop", root="/srv/shop", steps=(), service=ServiceSpec(command="serve"))
    found = _probed(plan)
    assert found.service is not None
    assert found.service.probe
    assert found.digest != plan.digest


def test_without_a_service_there_is_nothing_to_look_into():
    with pytest.raises(UsageError, match="starts no service"):
        _probed(Plan(name="shop", root="/srv/shop", steps=()))
