"""A child's own place for temporary files. PYTEST_DONT_REWRITE."""

import os
import shutil
import stat
import tempfile
from contextlib import nullcontext, suppress
from typing import Optional


def new_folder(parent: Optional[str] = None) -> str:
    """Make an empty folder; whoever outlives the child removes it."""
    return tempfile.mkdtemp(prefix="brinell-", dir=parent)


def move_in(config, folder, shared=None):
    """Make TMPDIR, ``tempfile`` and pytest's ``tmp_path`` use ``folder``, which exists; all but the last ``shared``."""
    temporary = os.path.join(shared or folder, "tmp")
    with suppress(FileExistsError) if shared else nullcontext():
        os.mkdir(temporary, 0o700)
    os.environ["TMPDIR"] = temporary
    tempfile.tempdir = None
    factory = getattr(config, "_tmp_path_factory", None)
    with suppress(Exception):  # a pytest without tmp_path, or one that keeps it elsewhere
        basetemp = os.path.join(folder, "pytest")
        os.mkdir(basetemp, 0o700)
        factory._basetemp = type(config.rootpath)(os.path.realpath(basetemp))  # noqa: SLF001 - there is no other way


def remove(folder: str) -> None:
    """Remove it with all that is in it, folders that a test made unreadable included."""
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.isdir(folder):
        with suppress(OSError):
            os.chmod(folder, stat.S_IRWXU)
        for path, folders, _ in os.walk(folder):
            for inner in (os.path.join(path, name) for name in folders):
                if not os.path.islink(inner):
                    with suppress(OSError):
                        os.chmod(inner, stat.S_IRWXU)
        shutil.rmtree(folder, ignore_errors=True)
