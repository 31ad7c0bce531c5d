"""Log lines: one JSON object each, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_EXTRAS = ("request_id", "method", "route", "path", "status", "ms")
_EXCEPTION_CHARACTERS = 4000  # the end of a traceback is the part that matters


class OneLine(logging.Formatter):
    """Formats a record, its traceback included, as one line that nothing in it can break up."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)[-_EXCEPTION_CHARACTERS:]
        return json.dumps(line)


def configure_logs(level: str) -> None:
    """Write the package's log to standard error; other loggers are the server's business."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    package = logging.getLogger("noticeboard")
    package.handlers = [handler]
    package.propagate = False
    package.setLevel(level.upper())
