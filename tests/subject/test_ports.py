"""A port that outgoing connections do not take."""

from __future__ import annotations

import socket
from pathlib import Path

from brinell.subject.ports import lasting_port


def test_it_is_free_and_lies_below_those_of_connections(tmp_path: Path):
    told = tmp_path / "range"
    told.write_text("32768\t60999\n")
    port = lasting_port(told)
    assert port is not None
    assert 10_000 <= port < 32_768
    with socket.socket() as mine:
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        mine.bind(("127.0.0.1", port))


def test_where_the_system_does_not_say_there_is_none(tmp_path: Path):
    assert lasting_port(tmp_path / "absent") is None
    told = tmp_path / "range"
    for words in ("", "many\n", "1024\t65535\n"):
        told.write_text(words)
        assert lasting_port(told) is None
