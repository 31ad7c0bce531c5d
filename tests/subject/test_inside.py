from __future__ import annotations

import pytest

from brinell.core.errors import BrinellError
from brinell.subject.inside import inside


def test_programs_for_the_projects_interpreter_are_found():
    assert inside("launch.py").is_file()
    assert inside("calls/launch.py").parent.name == "calls"


def test_what_is_not_there_is_said():
    with pytest.raises(BrinellError, match=r"brinell_inside/nothing\.py is not where it was installed"):
        inside("nothing.py")
