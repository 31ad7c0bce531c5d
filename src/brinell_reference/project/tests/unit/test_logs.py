from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from noticeboard.logs import OneLine, configure_logs


def line(**extra):
    record = logging.LogRecord("noticeboard.x", logging.WARNING, "file.py", 1, "%s happened", ("this\nand that",), None)
    vars(record).update(extra)
    formatted = OneLine().format(record)
    assert "\n" not in formatted
    return json.loads(formatted)


def test_a_line():
    logged = line(status=503, request_id="id", unknown="never")
    assert logged.pop("time").endswith("+00:00")
    assert logged == {
        "level": "warning",
        "logger": "noticeboard.x",
        "message": "this\nand that happened",
        "request_id": "id",
        "status": 503,
    }


def test_a_traceback_stays_in_its_line_and_has_an_end():
    try:
        Path("x" * 10_000).read_text(encoding="utf-8")
    except OSError:
        logged = line(exc_info=sys.exc_info())
    assert len(logged["exception"]) == 4000
    assert logged["exception"].endswith("xxx'")


@pytest.fixture
def package_logger():
    package = logging.getLogger("noticeboard")
    before = package.handlers, package.propagate, package.level
    yield package
    package.handlers, package.propagate = before[:2]
    package.setLevel(before[2])


def test_configuring_twice_writes_once(package_logger, capsys):
    configure_logs("warning")
    configure_logs("warning")
    package_logger.info("unwanted")
    logging.getLogger("noticeboard.part").warning("wanted")
    assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["wanted"]
