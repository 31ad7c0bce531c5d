"""The builder of judgements, as a fixture: tests are not a package, so they cannot import it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_NAME = "brinell_test_judgements"


@pytest.fixture(scope="session")
def build():
    """Return the module ``judgements.py``: ``realistic()``, ``hostile()``, ``many()``, ``judgements()``."""
    if _NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(_NAME, Path(__file__).with_name("judgements.py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[_NAME] = module
        spec.loader.exec_module(module)
    return sys.modules[_NAME]
