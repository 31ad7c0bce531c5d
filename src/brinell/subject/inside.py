"""Where the programs lie that run in the project's own interpreter."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from brinell.core.errors import BrinellError


def inside(name: str) -> Path:
    """Return the file ``name`` of ``brinell_inside``. BrinellError where the installation is broken."""
    spec = importlib.util.find_spec("brinell_inside")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        found = Path(folder) / name
        if found.is_file():
            return found
    raise BrinellError(f"brinell_inside/{name} is not where it was installed: install Brinell again")
