"""``test_isolation_validation.py``: each victim after its polluters, in a fresh process, and the state between them."""

from __future__ import annotations

from brinell.core.judgement import FlakyTest, Judgement
from brinell.core.redact import MASK, one_line
from brinell.kit.kept_entries import Entry, entries, merged
from brinell.kit.seal import sealed
from brinell.kit.source_text import call, indented, text
from brinell.kit.state_expressions import expression
from brinell.kit.templates import template

NAME = "test_isolation_validation.py"
LONGEST_S = 120.0
MOST_PAIRS = 40  # each is a fresh process, half a second and more; one for each victim is written in any case
_ALWAYS = ("json", "os", "subprocess", "sys")


def isolation_validation(judgement: Judgement, before: str | None = None) -> str:
    """Return the file for a judgement, with the pairs of the one ``before``; "" where no pair is known.

    Of each victim the first set of polluters comes first: it is the one that fresh processes confirmed.
    """
    victims = [test for test in judgement.flaky if test.verdict == "victim" and test.polluter_sets]
    victims = [test for test in victims if MASK not in " ".join((test.test, *test.polluters))]  # no id to run them by
    kinds = {state.name: state.kind for test in victims for state in test.leaked_state}
    new = [_pair(test, rank) for rank in range(MOST_PAIRS) for test in victims if rank < len(test.polluter_sets)]
    new = new[: max(MOST_PAIRS, len(victims))]
    old = entries(before, "Pair")
    pairs = merged(new, old, ("victim", "polluters"))
    if not pairs:
        return ""
    names = dict.fromkeys(name for pair in pairs for name in _names(pair))
    read = {name: found for name in names if (found := expression(name, kinds.get(name, _kind(name))))}
    modules = sorted({*_ALWAYS, *(module for _, module in read.values() if module)})
    imports = [*(f"import {module}" for module in modules), "from pathlib import Path"]
    imports += ["from typing import NamedTuple"]
    lines = [f"{text(name)}: lambda: {source}," for name, (source, _) in read.items()]
    shown = [{**pair, "state": tuple(name for name in _names(pair) if name in read)} for pair in pairs]
    return sealed(
        template(
            NAME,
            run=one_line(f"run {judgement.run.id}", 80),
            longest_s=str(LONGEST_S),
            imports="\n".join(imports),
            state=indented(lines),
            pairs=indented([line for pair in shown for line in call("Pair", pair.items())]),
        ).replace("STATE = {\n\n}", "STATE = {}")
    )


def _pair(test: FlakyTest, rank: int) -> Entry:
    """Return a pair; only the first one's state was looked at, and only it was tried in fresh processes."""
    state = tuple(state.name for state in test.leaked_state) if rank == 0 else ()
    return {
        "victim": test.test,
        "polluters": test.polluter_sets[rank],
        "fixed": False,
        "state": state,
        "certain": test.confirmed and rank == 0,
    }


def _names(pair: Entry) -> tuple[str, ...]:
    state = pair.get("state", ())
    return tuple(name for name in state if isinstance(name, str)) if isinstance(state, tuple) else ()


def _kind(name: str) -> str:
    """Return the kind of a state whose file was written before, by its name; the name decides how it is read."""
    return "signal" if name.startswith("signal.SIG") else ""


def known_in(source: str) -> int:
    """Return how many pairs a file that was written here guards."""
    return len(entries(source, "Pair"))
