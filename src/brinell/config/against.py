"""``--against``: the step that compares the suite with that of another state of the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brinell.core.errors import UsageError
from brinell.core.plan import AgainstSpec, Step, SuiteSpec

AGAINST = "against"


def against_step(suite: SuiteSpec, given: Mapping[str, Any]) -> Step:
    """Return the step that compares what ``suite`` runs. ``given``: fields of ``AgainstSpec``, None: not given."""
    if suite.recording is not None:
        raise UsageError("--against runs tests, and --from only reads a recording", hint="leave one of them away")
    spec = AgainstSpec(
        directory=suite.directory,
        python=suite.python,
        paths=suite.paths,
        args=suite.args,
        timeout_s=suite.timeout_s,
        **{name: value for name, value in given.items() if value is not None},
    )
    return Step(AGAINST, AGAINST, spec)
