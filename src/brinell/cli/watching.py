"""``--watch``: the page that shows a run as it happens. What cannot be had is said, and the run goes on without it."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

from brinell.cli import say
from brinell.core.judgement import Judgement
from brinell.core.plan import LoadSpec, Plan
from brinell.live.page import RunPage

Arguments = ParamSpec("Arguments")


def begin(plan: Plan, *, browser: bool) -> RunPage | None:
    """Serve the page, say where, and open it if asked to; None if there is no port to be had."""
    try:
        page = RunPage(plan.name, [step.id for step in plan.steps], thresholds=_thresholds(plan))
    except OSError as error:
        say.note(f"no page to watch: no port on 127.0.0.1 could be had ({error.strerror or error})")
        return None
    say.note(f"Watch it at {page.url}")
    if browser and not _opened(page.url):
        say.note("No browser could be started; open the address yourself.")
    return page


def _thresholds(plan: Plan) -> dict[str, dict[str, float]]:
    return {step.id: dict(step.spec.thresholds) for step in plan.steps if isinstance(step.spec, LoadSpec)}


def both(first: Callable[Arguments, None], second: Callable[Arguments, None] | None) -> Callable[Arguments, None]:
    """Return what tells both, the first alone where there is no second."""
    if second is None:
        return first

    def tell(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        first(*args, **kwargs)
        second(*args, **kwargs)

    return tell


def end(page: RunPage | None, judgement: Judgement, report: Path) -> None:
    """Show the verdict and hand the report to whoever watches, if there is one: why not has been said."""
    if page is not None:
        try:
            text = report.read_text(encoding="utf-8")
        except OSError:
            page.finish(judgement, "", None)
        else:
            page.finish(judgement, say.near(report), text)


def give_up(page: RunPage | None) -> None:
    """End without a verdict."""
    if page is not None:
        page.close()


def _opened(url: str) -> bool:
    """Open a browser that has a window of its own: one that takes the terminal would take it from the run."""
    try:
        chosen = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(chosen) is webbrowser.GenericBrowser:  # its subclasses run in the background
        return False
    return chosen.open(url)
