"""The command line as a whole: which commands there are, and what every way of ending one exits with.

A command's module is imported only when that command is asked for, so ``brinell --help`` stays fast; its one line of
help therefore stands here. A module ``brinell.cli.<name>`` has the function ``command`` and the text ``EXAMPLES``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from brinell import __version__
from brinell.cli import bug, say
from brinell.core.errors import BrinellError, UsageError, nearest
from brinell.core.redact import is_utf8
from brinell.core.verdicts import Exit

COMMANDS = {
    "demo": "See it work on the built-in backend, in about a minute.",
    "init": "Look at this project and write a brinell.toml.",
    "plan": "Print what a run would do, without doing it.",
    "run": "Do all brinell.toml asks for: ready or not, and why.",
    "suite": "Run the tests and sort failures into bugs, by urgency.",
    "flaky": "Say of every test whether it can be trusted.",
    "isolate": "Find out what one test depends on.",
    "property": "Say what Hypothesis tests cost, and should cost.",
    "load": "Press on a running service; measure honest latency.",
    "capacity": "Find the highest load at which thresholds hold.",
    "websocket": "Thousands of connections, broadcasts, limits of them.",
    "cache": "Ask a cache as a workload would: how often it hits.",
    "drill": "End, kill, crowd or race a service under load.",
    "judge": "Judge a run again, with other thresholds if you like.",
    "report": "Show a run's summary and write its reports again.",
    "bless": "Make a run the baseline later ones are compared with.",
    "compare": "Put two runs side by side.",
    "runs": "List the runs there are.",
    "doctor": "Say what this machine allows, and what enables the rest.",
}
_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
_COMPLETION = "_BRINELL_COMPLETE"  # set by the shell's completion script
_REFUSED = {
    errno.ENOSPC: ("cannot write standard output or a file: No space left on device", "free some space, and try again"),
    errno.EDQUOT: ("cannot write standard output or a file: Disk quota exceeded", "free some space, and try again"),
    errno.EROFS: ("cannot write a file: Read-only file system", "give a writable folder with --out"),
    errno.EACCES: ("cannot use a file: Permission denied", "make it yours to read and write, or give another one"),
    errno.ENAMETOOLONG: ("a file's name is too long", "give a shorter one"),
    errno.EMFILE: ("this process may not open more files", "ulimit -n 1024, and try again"),
    errno.ENFILE: ("this machine may not open more files", "end something else first, and try again"),
}
TAKES_MORE = ("suite", "flaky", "isolate", "property")  # commands that pass on what follows "--"


class LazyGroup(TyperGroup):
    """A group that knows its commands by name and help alone, and imports the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {
            name: TyperCommand(name, help=text, short_help=text, rich_markup_mode=None)
            for name, text in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Return name, command and the arguments left, with the command's module imported."""
        asked = args[0]
        if asked not in COMMANDS and not asked.startswith("-") and not ctx.resilient_parsing:
            close = nearest(asked, list(COMMANDS))
            raise UsageError(
                f"there is no command '{asked}'; there are {', '.join(COMMANDS)}",
                hint=f"did you mean brinell {close}?" if close else "brinell --help",
            )
        name, _, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name else None, rest


def _load(name: str) -> Any:
    with _one_blas_thread():
        module = import_module(f"brinell.cli.{name}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    epilog = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in module.EXAMPLES.strip().splitlines())
    app.command(name, epilog=epilog)(module.command)
    return typer.main.get_command(app)


@contextlib.contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Keep numpy, imported within, from starting a thread for every core: nothing here multiplies matrices.

    Where a user may start few processes, OpenBLAS would end this one. The subject's environment stays as it was.
    """
    if _BLAS_THREADS in os.environ:
        yield
        return
    os.environ[_BLAS_THREADS] = "1"
    try:
        yield
    finally:
        del os.environ[_BLAS_THREADS]


_app = typer.Typer(
    name="brinell",
    cls=LazyGroup,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "\b\nExamples:\n"
        "  brinell demo                                  see it work on the built-in backend\n"
        "  brinell init && brinell run                   examine this project\n"
        "  brinell suite                                 only the tests, no configuration needed\n"
        "  brinell load http://127.0.0.1:8000/ --rate 500\n"
        "\b\nRUN is a path, an id, a unique prefix of one, or latest (the default).\n"
        "Exit: 0 pass, 1 fail, 2 your input, 3 not enough proved, 4 test infrastructure, 70 our bug, 130 interrupted."
    ),
)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if asked:
        say.out(f"brinell {__version__}")
        raise typer.Exit


@_app.callback(invoke_without_command=True)
def _bare(
    ctx: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", "-V", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> int:
    """Brinell: production hardening for Python backends. Press with a known force, read the dent."""
    if ctx.invoked_subcommand is not None:
        return Exit.PASS
    with _one_blas_thread():
        status = import_module("brinell.cli.status")  # only bare `brinell` needs it
    return int(status.command())


def main() -> None:
    """Run the command line and exit."""
    _open_closed_streams()
    code = run(sys.argv[1:])
    with contextlib.suppress(UsageError):  # it is said already, and what cannot be written must not trouble the exit
        say.flush()
    sys.exit(code)


def _open_closed_streams() -> None:
    """Put the null device where the caller closed a standard stream (``>&-``).

    Otherwise the next file that is opened (the journal, say) would get its number, and be printed into.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False, encoding="utf-8"))  # noqa: SIM115 - a descriptor, for the life of the process


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code; no exception but a second Ctrl-C comes out of it."""
    try:
        _look_where_we_stand()
        _look_at(argv)
        head, tail = _split(argv)
        result = typer.main.get_command(_app).main(head, prog_name="brinell", standalone_mode=False, obj=tail)
        say.flush()
    except SystemExit as ended:
        # Shell completion ends so, and so does typer when nobody reads the help it is printing: that is no failure.
        return int(ended.code or 0) if _COMPLETION in os.environ else Exit.PASS
    except BrinellError as error:
        say.error(str(error), getattr(error, "hint", None))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        say.error("interrupted")
        return Exit.INTERRUPTED
    except OSError as error:
        return _refused(error) if error.errno in _REFUSED else _bug(error)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no raw traceback reaches the user
        return _usage(error) if hasattr(error, "format_message") else _bug(error)
    return result if isinstance(result, int) else Exit.PASS


def _look_where_we_stand() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:
        raise UsageError("the folder you stand in is gone", hint="cd somewhere else, and try again") from None


def _refused(error: OSError) -> int:
    """The machine does not allow it or ran out of something, and no part of ours had a better word for that."""
    what, remedy = _REFUSED[error.errno or 0]
    say.error(f"{what}{f': {error.filename}' if error.filename else ''}", remedy)
    return Exit.USAGE


def _look_at(argv: Sequence[str]) -> None:
    for word in argv:
        if not is_utf8(word):
            raise UsageError(f"the argument '{word}' is not UTF-8, and a run is kept as such", hint="rename the file")


def _split(argv: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Part the arguments at ``--``: what follows is pytest's."""
    words = list(argv)
    if "--" not in words:
        return words, ()
    at = words.index("--")
    command = next((word for word in words[:at] if not word.startswith("-")), "")
    if command not in TAKES_MORE:
        raise UsageError(
            f"'--' and what follows it is for pytest, and brinell {command} does not run pytest",
            hint="brinell suite -- -k login",
        )
    return words[:at], tuple(words[at + 1 :])


def _usage(error: Any) -> int:
    """Tell a mistake in the arguments: typer's own words, in our form, with our exit code."""
    path = error.ctx.command_path if getattr(error, "ctx", None) else "brinell"
    say.error(error.format_message(), f"{path} --help")
    return Exit.USAGE


def _bug(error: Exception) -> int:
    say.error(bug.told(error))
    return Exit.INTERNAL


if __name__ == "__main__":
    main()
