"""Writing a judgement and its reports where somebody waits for them: what could not be written is told, with the fix,
and takes nothing else with it.
"""

from __future__ import annotations

import errno
from pathlib import Path

from brinell.cli import bug, say
from brinell.core.judgement import Judgement
from brinell.publish import Published, publish

_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def publish_and_tell(folder: Path, judgement: Judgement, *, of_a_run: bool) -> Published:
    """Write the judgement and every report; say of each file that is not there why.

    ``of_a_run``: in its own folder, where another command can write them again.
    """
    found = publish(folder, judgement)
    again = "and try again"
    if of_a_run:
        again = f"then brinell {'report' if found.kept else 'judge'} {say.near(folder)} writes them"
    for number, one in enumerate(found.unwritten, 1):
        is_last = number == len(found.unwritten)
        if isinstance(one.error, OSError):
            say.error(refused(one.path, one.error), f"{remedy(one.error)}, {again}" if is_last else None)
        else:
            say.error(bug.told(one.error, f"{one.path.name} could not be made"))
    return found


def refused(path: Path, error: OSError) -> str:
    """Name a file that could not be written, with the system's reason and its name."""
    code = errno.errorcode.get(error.errno or 0, "")
    return f"cannot write {path}: {error.strerror or error}{f' ({code})' if code else ''}"


def remedy(error: OSError) -> str:
    """Say what would let it be written."""
    return "free some space" if error.errno in _ROOM else "make it writable, or give a folder with --out"
