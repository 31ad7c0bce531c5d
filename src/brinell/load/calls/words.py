"""Why there is nothing to call, in words for the user: one message and one hint for each reason."""

from __future__ import annotations

import re

from brinell.core.redact import one_line, redact
from brinell.load.calls.told import Refused

_HINTS = {
    "no-module": "a module of the project as it is imported from its folder (or from src): shop.cache:get_user",
    "no-function": "a function of that module, as it is written there",
    "not-callable": "name a function, or an object that can be called",
    "generator": "write a function that goes through it: def drain(): list(rows())",
    "arguments": "args = [7] and kwargs = { fresh = true } are passed, and before them what setup returned",
    "old-python": "name another interpreter with --python, or python under [project]",
    "import-error": "the module must be importable on its own: python -c 'import MODULE'",
    "no-cache": 'name an object with get and set, a mapping, or a function that makes one; methods = { get = "fetch" }',
    "cache-error": "it is tried once before the load, with keys and values as the scenario has them",
    "setup-error": "setup is called once in each worker, before the first call",
}

_MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]{1,80})'")


def refusal(refused: Refused) -> tuple[str, str]:
    """Return the message and the hint. Both hold the subject's own text, made plain."""
    hint = _HINTS.get(refused.why, "")
    if refused.near:
        hint = f"did you mean {one_line(redact(refused.near), 120)}?"
    elif missing := _MISSING.search(refused.message if refused.why == "import-error" else ""):
        hint = (
            f"install {missing[1]} where the project runs, or name that interpreter: --python .venv ([project] python)"
        )
    elif refused.why == "import-error" and refused.trace:
        lines = [line.strip() for line in refused.trace if "<frozen importlib" not in line]
        hint = one_line(redact(" | ".join(lines)), 400)
    return one_line(redact(refused.message), 600), hint
