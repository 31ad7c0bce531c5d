"""Words for who typed options, where a scenario's own would name a table that there is not."""

from __future__ import annotations

import pytest

from brinell.cli.in_options import Option, reworded
from brinell.core.errors import UsageError

OPTIONS = {
    "url": Option("URL"),
    "codec": Option("--codec"),
    "message": Option("--message"),
    "connections": Option("--connections"),
    "workers": Option("--workers"),
    "header": Option("--header"),
    "body": Option("--body"),
    "timeout": Option("--timeout"),
    "rate": Option("--rate"),
    "no_keep_alive": Option("--no-keep-alive", is_flag=True),
    "no_prefill": Option("--no-prefill", is_flag=True),
}
C = "brinell websocket"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("[[load]] rooms-a: codec = 'jsn': there are text, json", "--codec 'jsn': there are text, json"),
        ("[[load]] rooms-a: codec: mine.py has no class", "--codec: mine.py has no class"),
        ("[[load]]: codec: one cannot be made: TypeError: x", "--codec: one cannot be made: TypeError: x"),
        ("[[load]] a, request GET /b: body: {{x}} is not known", "--body: {{x}} is not known"),
        ("[[load]] a, request GET /b:c: headers: no", "--header: no"),
        ("[[load]] a: path: a path holds no spaces", "URL: a path holds no spaces"),
        ("[[load]] a: timeout_s = 5: too long", "--timeout 5: too long"),
        ("[[load]] a: shape: rate lies above 0", "--rate: rate lies above 0"),
        ("[[load]] a: keep_alive = false: HTTP/2 keeps", "--no-keep-alive: HTTP/2 keeps"),
        ("[[load]] a: prefill = true: no", "--no-prefill: no"),
        ("[[load]] a: 9 workers cannot share 8 connections", f"{C}: 9 workers cannot share 8 connections"),
        ("[[load]] a: nobody: knows that key", f"{C}: nobody: knows that key"),
        ("[[load]] a, request GET /b: nobody: knows", f"{C}: GET /b: nobody: knows"),
        ("--codec x: as it was", "--codec x: as it was"),
    ],
)
def test_keys_are_said_as_options(message, said):
    assert str(reworded(UsageError(message), OPTIONS, C)) == said


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("leave workers away", "leave --workers away"),
        ("connections = 9 or more", "--connections 9 or more"),
        ("leave it away", "leave it away"),
        ('did you mean "json"?', 'did you mean "json"?'),
        (None, None),
    ],
)
def test_so_are_those_of_the_fix(hint, said):
    assert reworded(UsageError("[[load]] a: codec: no", hint=hint), OPTIONS, C).hint == said


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["websocket", "ws://127.0.0.1:9/", "--codec", "mine.py:Other"], "error: --codec: mine.py has no class Other"),
        (["websocket", "ws://127.0.0.1:9/", "--message", "{{stamp"], "error: --message: {{stamp has no end"),
        (["websocket", "ws://127.0.0.1:9/{{rom}}"], "error: URL: nothing is called rom"),
        (["load", "http://127.0.0.1:9/", "--workers", "65"], "error: brinell load: 65 workers cannot share 64"),
        (["load", "http://127.0.0.1:9/", "--flows", "mine.py"], "error: --flows: mine.py has no flow"),
    ],
)
def test_from_the_command_line(brinell, here, argv, said):
    (here / "mine.py").write_text("")
    given = brinell(*argv)
    assert given.code == 2, given
    assert given.err.startswith(said)
    assert "[[load]]" not in given.err
