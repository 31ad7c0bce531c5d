"""``brinell demo``: the built-in backend, examined exactly as ``brinell run`` examines any project."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from brinell.cli import options, say, session
from brinell.config import from_toml, source
from brinell.core.errors import UsageError
from brinell.core.judgement import Judgement
from brinell.core.verdicts import Exit
from brinell_reference import NotEmptyError, eject

EXAMPLES = """
brinell demo                    about a minute; leaves a report and nothing running
brinell demo --open             and opens the report
brinell demo --eject shop       write the backend out as a project of yours; runs nothing
brinell demo --strict           exit with the verdict, as brinell run does
"""
_BEFORE = """\
The built-in backend is `noticeboard`: notes over HTTP, a database, a cache in two tiers, rooms over WebSockets. \
Brinell now does with it what `brinell run` does with any project: runs its tests, starts it, presses on it \
with 1,000 requests a second, fills a room with 100 WebSockets and tries one more, and asks its cache by itself. \
That takes about a minute; Ctrl-C ends it cleanly.
"""
_AFTER = """
What you saw
  The verdict is that of the worst finding that was required: nothing is averaged away.
  Response time counts from the moment a request was due, so a service that stalls cannot hide it; service time \
counts from the actual send. The generator says of itself whether it can be believed.
  Everything was written to one journal, and every report is made from that journal again whenever you like.
"""


def command(
    *,
    eject_to: Annotated[
        Path | None,
        typer.Option("--eject", metavar="DIR", help="Only write the backend into this folder, as a project."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with the verdict's code, not 0.")] = False,
    out: options.Out = None,
    json: options.Json = False,
    open_: options.Open = False,
    watch: options.Watch = False,
    no_browser: options.NoBrowser = False,
    quiet: options.Quiet = False,
) -> int:
    """See the whole thing work on the built-in backend, in about a minute.

    The backend goes into a temporary folder that is removed at the end; the run is kept in .brinell/runs of this
    folder. Exits 0 when the tour was completed. With --eject the backend is only written out, as a project in which
    brinell run does the same.
    """
    if eject_to is not None:
        return _eject_only(eject_to, quiet=quiet)
    output = session.Output(out=out, json=json, open=open_, quiet=quiet, watch=watch, browser=not no_browser)
    if not (json or quiet):
        say.prose(_BEFORE)
    with tempfile.TemporaryDirectory(prefix="brinell-demo-") as folder:
        project = _ejected(Path(folder) / "noticeboard")
        done = session.examine(from_toml(project), output, home=options.here())
    code = session.show(done, output, following=[])
    toured = _toured(done.judgement)
    if not (json or quiet):
        if toured == Exit.PASS:
            say.prose(_AFTER.rstrip())
        say.next_steps(
            [
                (f"brinell report {say.near(done.folder)} --open", "the report in a browser"),
                ("brinell demo --eject DIR", "the backend in a folder of yours, to play with"),
                ("brinell init", "in your own project"),
            ]
        )
    return code if strict or not done.whole else toured


def _eject_only(target: Path, *, quiet: bool) -> int:
    _ejected(target)
    if not quiet:
        say.out(f"The backend is in {say.near(target)}: its source, its tests and its brinell.toml.")
        say.next_steps(
            [(f"cd {say.near(target)} && brinell run", "examine it; then break something in src/ and again")]
        )
    return Exit.PASS


def _ejected(target: Path) -> Path:
    """Copy the backend out; its configuration gets this interpreter, which has what the backend needs."""
    try:
        eject(target)
    except NotEmptyError as error:
        raise UsageError(str(error), hint="brinell demo --eject DIR, with a folder that does not exist yet") from None
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}", hint="give a folder you may write") from None
    file = target / source.FILE
    text = file.read_text(encoding="utf-8")
    line = f"python = {say.as_json(sys.executable)}   # it has what the backend and its tests need"
    file.write_text(text.replace("[project]\n", f"[project]\n{line}\n", 1), encoding="utf-8")
    return target


def _toured(judgement: Judgement) -> int:
    """Return 0 if every step was carried out, whatever it found; else the run's own exit code."""
    complete = judgement.run.state == "complete" and set(judgement.run.steps.values()) == {"done"}
    return Exit.PASS if complete else judgement.exit_code or Exit.FAIL
