from __future__ import annotations

import shlex
import sys

import pytest

from brinell_inside import load_door


def test_without_the_tool_it_says_for_which_interpreter_to_install_it(monkeypatch):
    monkeypatch.setattr(load_door, "_TOOL", "brinell_that_is_not_here")
    with pytest.raises(pytest.fail.Exception) as raised:
        load_door.open_door(None)
    assert "No module named 'brinell_that_is_not_here'" in str(raised.value)
    assert f"{shlex.quote(sys.executable)} -m pip install" in str(raised.value)
