from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.against_records import PartName
from brinell.core.carriers import LEAST_SHARE, carriers, explained

FIXTURE = PartName("fixture", "db", "conftest.py")
IMPORT = PartName("import", "shop", "shop.py")
START = PartName("phase", "start of pytest")
TESTS = [PartName("test", f"t.py::test_{n}") for n in range(20)]


def pairs(n=10, noise=0.002, seed=0, **more):
    """Two sides of ``n`` runs: each part takes 0.1 s, and on the new side what ``more`` says by the part's name."""
    chance = np.random.default_rng(seed)
    sides = []
    for is_new in (False, True):
        side = []
        for _ in range(n):
            run = {}
            for part in (FIXTURE, IMPORT, START, *TESTS):
                wall_s, cpu_s = more.get(part.name, (0.0, 0.0)) if is_new else (0.0, 0.0)
                run[part] = (
                    0.1 + wall_s + abs(chance.normal(0, noise)), 0.1 + cpu_s + abs(chance.normal(0, noise)),
                )  # fmt: skip
            side.append(run)
        sides.append(side)
    return sides


@pytest.mark.parametrize("cpu_s", [1.0, 0.0])
def test_the_part_that_grew_is_named_with_its_share(cpu_s):
    (found,) = carriers(*pairs(db=(1.0, cpu_s)), whole_s=1.0)
    assert (found.kind, found.name, found.file) == ("fixture", "db", "conftest.py")
    assert found.share == pytest.approx(1, abs=0.05)
    assert found.seconds.low < 1.0 < found.seconds.high
    assert explained([found]) == pytest.approx(1, abs=0.05)


def test_several_share_it_largest_first():
    found = carriers(*pairs(db=(0.3, 0.3), shop=(0.6, 0.6)), whole_s=0.9)
    assert [one.name for one in found] == ["shop", "db"]
    assert explained(found) == pytest.approx(1, abs=0.05)


def test_what_is_spread_over_all_tests_is_theirs_together():
    found = carriers(*pairs(**{test.name: (0.05, 0.05) for test in TESTS}), whole_s=1.0)
    assert {one.name for one in found} == {"tests of t.py", "tests, all together"}
    assert explained(found) == pytest.approx(1, abs=0.05)


def test_what_the_whole_does_not_show_nobody_carries():
    assert carriers(*pairs(), whole_s=1.0) == ()
    assert carriers([], [], whole_s=1.0) == ()
    assert carriers(*pairs(db=(1.0, 1.0)), whole_s=0) == ()


def test_what_is_only_on_one_side_took_no_time_on_the_other():
    old, new = pairs()
    for run in new:
        run[PartName("fixture", "added", "conftest.py")] = (0.5, 0.5)
    (found,) = carriers(old, new, whole_s=0.5)
    assert found.name == "added"


@given(st.integers(1, 15), st.floats(-2, 2), st.integers(0, 5))
def test_who_carries_has_a_share_worth_the_name(n, whole_s, seed):
    for one in carriers(*pairs(n, seed=seed, db=(0.2, 0.2)), whole_s=whole_s):
        assert one.share >= LEAST_SHARE
