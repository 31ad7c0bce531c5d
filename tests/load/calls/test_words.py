"""What a user is told who named nothing that can be called."""

from __future__ import annotations

from brinell.load.calls.told import Refused
from brinell.load.calls.words import refusal

FRAMES = (
    'File "<frozen importlib._bootstrap>", line 690, in _load_unlocked',
    'File "/p/shop.py", line 3, in <module>',
    "import cachetools",
)


def test_a_package_that_is_not_there_is_to_be_installed_or_another_interpreter_named():
    said = "importing shop failed with ModuleNotFoundError: No module named 'cachetools' at shop.py:3 in <module>"
    message, hint = refusal(Refused("import-error", said, "", FRAMES))
    assert message == said
    assert (
        hint == "install cachetools where the project runs, or name that interpreter: --python .venv ([project] python)"
    )


def test_of_another_error_the_projects_own_frames_are_shown():
    _, hint = refusal(Refused("import-error", "importing shop failed with ZeroDivisionError: x", "", FRAMES))
    assert hint == 'File "/p/shop.py", line 3, in <module> | import cachetools'
    assert refusal(Refused("import-error", "importing shop failed"))[1].startswith("the module must be importable")


def test_who_mistyped_is_told_what_comes_near():
    assert refusal(Refused("no-module", "there is no module shopp", "shop"))[1] == "did you mean shop?"
