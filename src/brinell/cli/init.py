"""``brinell init``: look at the project and write a ``brinell.toml`` that runs as it is."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path
from typing import Annotated

import typer

from brinell.cli import say
from brinell.cli.template import counted, render
from brinell.config import source
from brinell.config.compose import read_settings
from brinell.core.errors import UsageError
from brinell.subject.discover import Facts, look

EXAMPLES = """
brinell init              this folder
brinell init ../shop      another one
brinell init --force      write it anew
"""


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The project's root.")] = Path(),
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing brinell.toml.")] = False,
) -> int:
    """Look at a project and write a commented brinell.toml that runs as it is.

    It reads files: pytest settings, packages, ASGI and WSGI applications, OpenAPI, Procfile, compose file,
    Dockerfile, .env.example. It runs nothing and imports nothing of yours.
    """
    if not directory.is_dir():
        raise UsageError(f"there is no folder {directory}", hint="brinell init DIR, with the project's root")
    root = directory.resolve()
    file = root / source.FILE
    if file.is_dir():
        source.read(root)  # which says what to do about it
    if file.exists() and not force:
        raise UsageError(f"{file} is there already", hint="brinell init --force writes it anew")
    _refuse_second_place(root)
    facts = look(root)
    text = render(facts)
    read_settings(source.Source(root, source.parse(text, file), file, "", tuple(text.splitlines())))
    _write(file, text)
    say.table(_found(facts))
    say.out(f"\nWrote {say.near(file)}.")
    there = "" if root == Path.cwd() else f"cd {say.near(root)} && "
    say.next_steps([
        (f"{there}brinell plan", "see what a run would do"),
        (f"{there}brinell run", "do it"),
    ])  # fmt: skip
    return 0


def _write(file: Path, text: str) -> None:
    """Write the whole file or nothing: half a configuration would be read as one."""
    target = file.resolve()  # of a link, what it leads to
    draft = target.with_name(f".{target.name}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        hint = "free some space, and try again" if error.errno == errno.ENOSPC else f"chmod u+w {say.near(file.parent)}"
        raise UsageError(f"cannot write {file}: {error.strerror}", hint=hint) from None


def _refuse_second_place(root: Path) -> None:
    pyproject = root / source.PYPROJECT
    if source.tool_table(pyproject, strict=True) is not None:
        raise UsageError(
            f"{pyproject} has [tool.brinell] already, and a project has one configuration",
            hint="brinell plan shows what it does; remove that table to start anew",
        )


def _found(facts: Facts) -> list[list[str]]:
    """What was found, and what was not, one row each."""
    suite, app, command = facts.suite, facts.app, facts.command
    places = ", ".join(suite.testpaths or suite.folders) or "."
    place = f"{app.framework}, {app.target} ({app.file.relative_to(facts.root)}:{app.line})" if app else "none found"
    ready = f"{facts.ready.path} ({facts.ready.file.relative_to(facts.root)}:{facts.ready.line})" if facts.ready else ""
    return [
        ["Product code", ", ".join(facts.packages) or "none found"],
        ["Tests", f"{counted(suite.files)} in {places}" if suite.files else "none found"],
        ["pytest settings", suite.settings or "none found"],
        ["Application", place],
        ["Command", f"{command.line} (from {command.where})" if command else "none found"],
        ["Ready path", ready or "none found"],
        ["OpenAPI", facts.openapi or "none found"],
        ["Environment", facts.environment_file or "no .env.example"],
        ["Needs", f"{', '.join(facts.backing)} ({facts.backing_file})" if facts.backing else "nothing that was found"],
    ]
