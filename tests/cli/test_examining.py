"""What commands share: options after their own, a run to go on with, and nothing where there is no plan."""

from __future__ import annotations

import inspect
from typing import Annotated

import pytest
import typer

from brinell.cli import options, session
from brinell.cli.examining import examining, shown, shown_and_exported
from brinell.core.errors import UsageError
from brinell.core.plan import Plan


def _of(output_of, asked):
    @examining(output_of)
    def command(ctx: typer.Context, *, number: Annotated[int, typer.Option("--number")] = 1) -> Plan | None:
        """Count."""
        asked.append((ctx.command.name, number))

    return command


def _typed(command, *words):
    app = typer.Typer(rich_markup_mode=None)
    app.command("count")(command)
    return typer.main.get_command(app).main(list(words), prog_name="count", standalone_mode=False)


@pytest.mark.parametrize(("output_of", "also"), [(shown, False), (shown_and_exported, True)])
def test_own_options_come_first_and_help_stays_the_functions(output_of, also):
    command = _of(output_of, [])
    names = list(inspect.signature(command).parameters)
    assert names[:3] == ["ctx", "number", "resume"]
    assert ("export" in names) is also
    assert (names[-1], command.__doc__) == ("quiet", "Count.")


def test_nothing_to_carry_out_is_success_and_every_option_arrives():
    asked = []
    assert _typed(_of(shown, asked), "--number", "7", "--quiet", "--json") == 0
    assert asked == [("count", 7)]


def test_going_on_takes_no_option_of_the_plan(monkeypatch):
    asked = []
    with pytest.raises(UsageError, match="--number cannot change it"):
        _typed(_of(shown, asked), "--resume", "latest", "--number", "7")
    gone_on = []

    def resume(root, run, output):
        gone_on.append((root, run, output.quiet))
        return "done"

    monkeypatch.setattr(options, "here", lambda: "here")
    monkeypatch.setattr(session, "resume", resume)
    monkeypatch.setattr(session, "show", lambda done, _output: [done].count("done"))
    assert _typed(_of(shown, asked), "--resume", "latest", "--quiet") == 1
    assert gone_on == [("here", "latest", True)]
    assert not asked


def test_what_exports_cannot_be_is_said_before_the_plan_is_made():
    asked = []
    with pytest.raises(UsageError, match="--export"):
        _typed(_of(shown_and_exported, asked), "--export", "nonsense")
    assert not asked
