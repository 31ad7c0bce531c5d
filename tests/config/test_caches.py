from __future__ import annotations

import re
from pathlib import Path

import pytest

from brinell.config import caches, from_toml
from brinell.config.problems import Unfit
from brinell.core.errors import UsageError
from brinell.core.plan import CacheSpec

PAGE = (Path(__file__).parents[2] / "docs" / "CACHE.md").read_text(encoding="utf-8")
SHAPE = 'shape = { kind = "closed", duration = "1s" }\n'


def plan(folder, cache, rest=""):
    text = f'[[load]]\nname = "users"\ndriver = "cache"\n{SHAPE}{rest}\n[load.cache]\n{cache}\n'
    (folder / "brinell.toml").write_text(text)
    (step,) = from_toml(folder).steps
    return step


def test_every_key_of_the_table_is_described_and_every_described_key_exists():
    section = PAGE.split("## Keys")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)) == set(caches.keys())


def test_every_example_of_a_key_is_accepted(tmp_path):
    keys = caches.keys()
    for name, key in keys.items():
        lines = [key.example] if name == "target" else ['target = "shop:cache"', key.example]
        lines[0] = (
            'target = "http://127.0.0.1:9/users/{key}"' if name in {"hit", "counter", "update", "delete"} else lines[0]
        )
        lines += ['stampede = "get"'] if name == "loader" else []
        lines += ["value_bytes = [1, 2]"] if name == "value_sizes" else []
        plan(tmp_path, "\n".join(lines))


def test_a_table_becomes_a_specification(tmp_path):
    step = plan(
        tmp_path,
        'target = "shop.cache:cache"\nmix = { read = 9, delete = 1 }\nvalue_bytes = [10, 99]\nscan_keys = 7\n'
        'load_on_miss = false\nloader_s = "5ms"\nset_options = { ttl = 60 }',
        "thresholds = { hit_rate = 0.9, p95_ms = 5 }",
    )
    assert (step.needs_service, step.spec.url) == (False, None)
    assert step.spec.thresholds == {"hit_rate": 0.9, "p95_ms": 5}
    assert step.spec.cache == CacheSpec(
        target="shop.cache:cache",
        mix={"read": 9.0, "delete": 1.0},
        value_bytes=(10, 99),
        scanned=7,
        loads=False,
        loader_s=0.005,
        set_options={"ttl": 60},
    )


def test_an_endpoint_is_only_read_and_nothing_is_put_into_it(tmp_path):
    step = plan(tmp_path, 'target = "http://127.0.0.1:8000/users/{key}"\nhit = "X-Cache: HIT"', "headers = { A = 'b' }")
    spec = step.spec
    assert (spec.driver, spec.url, step.needs_service) == ("cache-http", "http://127.0.0.1:8000", False)
    assert (spec.cache.workload, spec.cache.prefill, spec.cache.probe) == ("ycsb-c", False, False)
    (tmp_path / "brinell.toml").write_text(
        f'[service]\ncommand = "shop"\n[[load]]\nname = "x"\ndriver = "cache"\n{SHAPE}'
        '[load.cache]\ntarget = "/users/{key}"\n'
    )
    (step,) = from_toml(tmp_path).steps
    assert (step.spec.url, step.needs_service) == (None, True)


@pytest.mark.parametrize(
    ("cache", "said"),
    [
        ('target = "/users"', "{key} stands once"),
        ('target = "ftp://h/{key}"', "module"),
        ('target = "http://u:p@h/{key}"', "no password"),
        ('target = "/users/{key}"', "missing: a scenario needs an address"),
        ('target = "http://127.0.0.1/{key}"\nworkload = "ycsb-a"', "only read"),
        ('target = "http://127.0.0.1/{key}"\nmix = { read = 1, update = 1 }', "only read"),
        ('target = "http://127.0.0.1/{key}"\nprefill = true', "belongs to an object"),
        ('target = "http://127.0.0.1/{key}"\nhit = "HIT"', "a rule is"),
        ('target = "a:b"\nhit = "X-Cache: HIT"', "belongs to an endpoint"),
        ('workload = "ycsb-b"', "target"),
        ('target = "shop.cache"', "a colon stands between"),
        ('target = "a:b"\nworkload = "ycsb-g"', "ycsb-f"),
        ('target = "a:b"\ndistribution = "zipfan"', "did you mean zipfian?"),
        ('target = "a:b"\nmix = { raed = 1 }', "did you mean read?"),
        ('target = "a:b"\nmix = { read = 0 }', "no operation has a share above 0"),
        ('target = "a:b"\nmix = { read = 1 }\nworkload = "ycsb-a"', "give one of both"),
        ('target = "a:b"\nkey = "user"', "{key} stands in it once"),
        ('target = "a:b"\nkeys = 0', "10000000"),
        ('target = "a:b"\nvalue_bytes = [9, 3]', "the smaller comes first"),
        ('target = "a:b"\nvalue_bytes = 9_000_000', "1048575"),
        ('target = "a:b"\nvalue_sizes = "zipf"', "all values have one size"),
        ('target = "a:b"\nloader = "a:b"\nset_options = { ttl = 1 }', "this is a function that loads"),
        ('target = "a:b"\nloader = "a:b"\nworkload = "ycsb-a"', "a function that loads is only called"),
        ('target = "a:b"\ncounter = "/metrics#loads"', "belongs to an endpoint"),
        ('target = "a:b"\nexpires_s = "soon"', "expires_s"),
        ('target = "http://127.0.0.1/{key}"\ncounter = "/metrics"', "after #, a name"),
        ('target = "http://127.0.0.1/{key}"\nupdate = "GET /{key} {stamp}"', "GET changes nothing"),
        ('target = "http://127.0.0.1/{key}"\ndelete = "DELETE /users"', "{key} stands in it"),
        ('target = "http://127.0.0.1/{key}"\nupdate = "PUT /{key} name=x"', "{stamp} stands in its body"),
        ('target = "a:b"\nmethods = { gte = "x" }', "did you mean get?"),
        ('target = "a:b"\nmethods = { get = "x y" }', "no name of a method"),
        ('target = "a:b"\nstampede = "a b"', "module"),
        ('target = "a:b"\ncapcity = 3', "capacity"),
    ],
)
def test_mistakes_name_the_key_and_what_would_do(tmp_path, cache, said):
    with pytest.raises(UsageError) as error:
        plan(tmp_path, cache)
    assert said in f"{error.value} {error.value.hint}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('driver = "cache"', "missing: which cache?"),
        ('driver = "cache"\nurl = "http://127.0.0.1:1"\n[load.cache]\ntarget = "a:b"', "has its own keys"),
        ('url = "http://127.0.0.1:1"\n[load.cache]\ntarget = "a:b"', 'belongs to driver = "cache"'),
        ('url = "http://127.0.0.1:1"\nthresholds = { hit_rate = 0.9 }', "no such threshold"),
        ('driver = "cache"\nthresholds = { hit_rte = 0.9 }\n[load.cache]\ntarget = "a:b"', "did you mean hit_rate?"),
    ],
)
def test_what_does_not_go_together(tmp_path, text, said):
    (tmp_path / "brinell.toml").write_text(f'[[load]]\nname = "x"\n{SHAPE}{text}\n')
    with pytest.raises(UsageError) as error:
        from_toml(tmp_path)
    assert said in str(error.value)


@pytest.mark.parametrize("given", [0, "0", "0s"])
def test_a_loader_may_cost_nothing(given):
    assert caches.loader_s(given) == 0.0
    with pytest.raises(Unfit):
        caches.loader_s("soon")
