"""A Python file of the project's, imported in one of our own processes: flows, and codecs."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from typing import Any


class BadFile(Exception):  # noqa: N818 - the reason a file will not do
    """A file of the project's cannot be used."""


def imported(file: Path, root: Path, name: str) -> dict[str, Any]:
    """Import ``file`` as the module ``name``, with its folder and the project's in front of the path; return what it
    defines. BadFile, with what it raised and where.
    """
    if not file.is_file():
        raise BadFile(f"there is no file {file.name} in {file.parent.name or root.name}")
    for folder in (root, file.parent):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise BadFile(f"{file.name} is no Python file: its name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - it may raise anything, SystemExit included
        raise BadFile(f"importing {file.name} failed with {type(error).__name__}: {error}{_where(error)}") from None
    return vars(module)


def _where(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}:{error.lineno})"
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "importlib" not in one.filename]
    frames = [one for one in frames if one.filename != __file__]
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
