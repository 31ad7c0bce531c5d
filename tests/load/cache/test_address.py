from __future__ import annotations

import pytest

from brinell.config.compose import slug
from brinell.load.cache.address import name_of


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("shop.cache:users", "shop.cache-users"),
        ("shop:make()", "shop-make"),
        ("http://127.0.0.1:8000/users/{key}", "users"),
        ("/items?id={key}", "items-id"),
        ("/{key}", ""),
        ("redis://127.0.0.1", "redis-127.0.0.1-6379"),
        ("memcached://localhost:1", "memcached-localhost-1"),
    ],
)
def test_a_scenario_is_called_by_its_target(target, name):
    assert slug(name_of(target)) == name
