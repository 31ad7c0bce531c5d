"""A bug of our own, told in one line; its traceback is kept in a file."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

from brinell import __version__
from brinell.core.redact import one_line, redact


def told(error: Exception, what: str = "") -> str:
    """Return the line, with where the traceback is. ``what``: the part of the work that it spoiled."""
    trace = redact("".join(traceback.format_exception(error)))
    if os.environ.get("BRINELL_DEBUG") == "1":
        sys.stderr.write(trace)
        kept = "the traceback is above"
    else:
        try:
            with tempfile.NamedTemporaryFile(
                "w", prefix="brinell-bug-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
            ) as file:
                file.write(f"brinell {__version__}, Python {sys.version}\n{trace}")
            kept = f"the traceback is in {file.name}"
        except OSError:
            kept = "run it again with BRINELL_DEBUG=1 for the traceback"
    lead = f"{what}: " if what else ""
    return f"a bug in Brinell: {lead}{type(error).__name__}: {one_line(redact(str(error)), 200)}; {kept}"
