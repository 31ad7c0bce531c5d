"""Texts that are filled in: ``{{name}}`` stands for a value."""

from __future__ import annotations

from importlib.resources import files


def template(name: str, **values: str) -> str:
    """Return the template called ``name``, filled in, without newlines at its end."""
    text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    parts = text.split("{{")
    filled = [parts[0]]
    for part in parts[1:]:
        key, _, rest = part.partition("}}")
        filled += [values[key], rest]
    return "".join(filled).rstrip("\n")
