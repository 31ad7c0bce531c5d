from __future__ import annotations

import pytest

from brinell.live.console import look_at


@pytest.mark.parametrize(
    ("terminal", "environ", "color", "redraw"),
    [
        (True, {"TERM": "xterm"}, True, True),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False, True),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, True, True),
        (True, {"TERM": "dumb"}, False, False),
        (True, {}, False, False),
        (False, {"TERM": "xterm"}, False, False),
        (False, {"FORCE_COLOR": "1"}, True, False),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        (False, {"FORCE_COLOR": "0"}, False, False),
    ],
)
def test_what_a_stream_can_show(screen, terminal, environ, color, redraw):
    found = look_at(screen(terminal=terminal), environ)
    assert (found.color, found.redraw) == (color, redraw)


@pytest.mark.parametrize(("columns", "width"), [("40", 40), ("0", 80), ("wide", 80), ("", 80)])
def test_columns_of_the_environment(screen, monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", "80")
    assert look_at(screen(), {"COLUMNS": columns}).width == width


def test_a_closed_stream_is_nobodys(screen):
    stream = screen()
    stream.close()
    stream.isatty = lambda: (_ for _ in ()).throw(ValueError("closed"))
    assert not look_at(stream, {"TERM": "xterm"}).redraw
