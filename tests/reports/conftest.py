"""The builders of judgements, as fixtures: tests are not a package, so they cannot import them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def _module(file):
    name = f"brinell_test_{Path(file).stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(file))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def build():
    """Return the module ``judgements.py``: ``realistic()``, ``hostile()``, ``many()``, ``judgements()``."""
    return _module("judgements.py")


@pytest.fixture(scope="session")
def kinds():
    """Return the module ``kinds.py``: ``cache()``, ``chat()``, ``search()``, ``limit()``, ``drill()``, ``two()``."""
    return _module("kinds.py")
