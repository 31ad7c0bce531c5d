"""Whole runs on services whose bottleneck is planted (``benchmarks/vitals``): a few of them; the benchmark has all."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "vitals"


@pytest.fixture(scope="module")
def planted() -> ModuleType:
    spec = importlib.util.spec_from_file_location("planted_vitals", FOLDER / "planted.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["planted_vitals"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.prove
@pytest.mark.parametrize("name", ["sleep", "semaphore", "descriptors", "ok-sleep"])
def test_what_is_planted_is_named_and_nothing_else(planted, tmp_path, name):
    (plant,) = [one for one in planted.PLANTS if one.name == name]
    said, why = planted.examine(plant, tmp_path, seconds=4.0)
    full = said is not None and said.kind == "machine"  # where neighbours take every core, that is why
    assert planted.is_right(plant, said) or full, (said, why)
