"""The page that shows a run as it happens: a shell that holds the style and the script, and the part that is sent anew.

Pure, like all reports: what there is to show comes in, text goes out. Everything is escaped, as in ``report.html``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from brinell.core.capacity_judgement import Capacity
from brinell.reports import html
from brinell.reports.load_figures import Figures

_SCRIPTS = ("page.js", "chart.js", "live.js")


class StepNow(NamedTuple):
    """A step of the plan: ``state`` is waiting, running, done, interrupted or failed; ``share`` is 0 to 1."""

    name: str
    state: str
    text: str = ""
    share: float | None = None


class ScenarioNow(NamedTuple):
    """A load scenario: a sentence about it, its numbers now (name, value, aside), its figures once there are any."""

    name: str
    sentence: str
    numbers: list[tuple[str, str, str]]
    figures: Figures | None


class SearchNow(NamedTuple):
    """A search for the breaking point: its steps so far, and a sentence about where it stands."""

    capacity: Capacity
    sentence: str


class RunNow(NamedTuple):
    """A run as it stands. ``verdict`` and ``report`` (where the report lies) are empty until it has ended."""

    name: str
    elapsed: str
    steps: list[StepNow]
    scenarios: list[ScenarioNow]
    notes: list[str]
    verdict: str = ""
    verdict_class: str = ""
    clause: str = ""
    report: str = ""
    earlier: int = 0  # scenarios that are not shown any more
    searches: Sequence[SearchNow] = ()


def shell(name: str) -> str:
    """Return the page without its content. It may talk to where it came from, and to nothing else."""
    style, script = html.file("page.css"), "".join(html.file(part) for part in _SCRIPTS)
    return (
        html.environment()
        .get_template("live.html")
        .render(
            name=name,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
        )
    )


def policy() -> str:
    """Return the Content Security Policy of the shell. The final report, opened from it, runs under it too."""
    scripts = " ".join(f"'{html.source_hash(text)}'" for text in ("".join(map(html.file, _SCRIPTS)), html.script()))
    style = f"'{html.source_hash(html.file('page.css'))}'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src {style}; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def fragment(run: RunNow) -> str:
    """Return the content as it stands now."""
    return html.environment().get_template("live_run.html").render(run=run)
