"""``brinell compare``: two runs side by side."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from brinell.cli import options, say, session
from brinell.core.comparison import Comparison, compare
from brinell.core.errors import UsageError
from brinell.journal import runs
from brinell.live.console import look_at
from brinell.publish import load
from brinell.reports.comparison import comparison
from brinell.reports.comparison_html import comparison_html
from brinell.reports.comparison_markdown import comparison_markdown

EXAMPLES = """
brinell compare                 the two newest runs
brinell compare A               A and the newest
brinell compare A B             any two: paths, ids or unique prefixes
brinell compare A B --json      for scripts
brinell compare A B --markdown  for a pull request
brinell compare A B --html compare.html --open
"""


def command(
    a: Annotated[str | None, typer.Argument(metavar="A", help="The earlier run. Default: the one before B.")] = None,
    b: Annotated[str, typer.Argument(metavar="B", help="The later run.")] = "latest",
    *,
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it as Markdown, for a pull request.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write it as a page too, with both runs' charts.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="With --html: open the page in a browser.")] = False,
) -> int:
    """Put two runs side by side: verdicts, bugs, tests that changed, times, latencies.

    It shows differences and judges none of them: whether something got slower is a verdict that needs a blessed
    baseline (brinell bless) and comparable machines. Of load it says what could be noise, going by how much the
    seconds of either run differ from each other. Exits 0.
    """
    root = options.here()
    later = runs.find(root, b)
    earlier = runs.find(root, a) if a is not None else _before(root, later.name)
    before, after = load(earlier), load(later)
    found = compare(before, after)
    if open_ and html is None:
        raise UsageError("--open opens the page that --html writes", hint="--html compare.html --open")
    if json:
        say.out(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    elif markdown:
        say.out(comparison_markdown(found).rstrip("\n"))
    else:
        _show(found, later)
    if html is not None:  # last, so that a file that cannot be written costs nothing but itself
        _write(html, comparison_html(found, before, after))
        if open_:
            session.open_file(html)
    return 0


def _show(found: Comparison, later: Path) -> None:
    screen = look_at(sys.stdout, os.environ)
    say.out(comparison(found, width=screen.width, color=screen.color, encoding=screen.encoding).rstrip("\n"))
    steps = [("brinell runs", "list them all")]
    if runs.project_of(later) is not None:  # a demo's is gone
        steps.insert(0, (f"brinell bless {say.near(later)}", "make the later run the baseline"))
    say.next_steps(steps)


def _before(root: Path, later: str) -> Path:
    """Return the run before another one of the same project."""
    for entry in runs.listing(root):
        if entry.id < later and entry.verdict is not None:
            return entry.path
    raise UsageError("there is no earlier run to compare with", hint="brinell run makes one; or name two runs")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"--html {file}: {error.strerror}", hint="give a file you may write") from None
    say.note(f"Written: {say.near(file)}")
