"""Two runs side by side as a page of its own: one file, no network, complete without a script like ``report.html``."""

from __future__ import annotations

from markupsafe import Markup

from brinell.core.comparison import Comparison, pressed
from brinell.core.judgement import Judgement
from brinell.core.verdicts import Verdict
from brinell.reports import html, outline_compare
from brinell.reports.capacity_overlay import both_searches
from brinell.reports.html_data import inert
from brinell.reports.load_overlay import overlay
from brinell.reports.outline_capacity import axis

_SCRIPTS = ("page.js", "chart.js")
_MOST = 50


def comparison_html(c: Comparison, a: Judgement, b: Judgement) -> str:
    """Return the page; ``c`` is what ``compare(a, b)`` found."""
    style, code = html.file("page.css"), "".join(html.file(name) for name in _SCRIPTS)
    before, after = pressed(a), pressed(b)
    drawn = {name: overlay(before[name], after[name]) for name in c.load_changes}
    sections = list(outline_compare.sections(c))
    searches = _searches(a, b)
    scenarios = [
        {"section": one, "drawn": drawn.get(one.scenario), "search": searches.get(one.search)} for one in sections
    ]
    loads = [found.data if (found := drawn.get(one.scenario)) else {} for one in sections]
    verdicts = {verdict.value: verdict for verdict in Verdict}
    page = html.environment().get_template("compare.html")
    return page.render(
        c=c,
        word="worse" if c.worse else "the same" if c.verdict.a == c.verdict.b else "better",
        verdict=verdicts.get(c.verdict.b or "", Verdict.UNKNOWN).value,
        scenarios=scenarios,
        head=outline_compare.HEAD,
        most=_MOST,
        data=inert({"tests": None, "load": loads}),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(code),  # noqa: S704 - our own file
        style_hash=html.source_hash(style),
        script_hash=html.source_hash(code),
    )


def _searches(a: Judgement, b: Judgement) -> dict[str, tuple[str, Markup]]:
    """Return the pictures of searches of both runs, by name: what their levels are, and the picture."""
    later = {one.name: one for one in b.capacity}
    both = {one.name: (one, later[one.name]) for one in a.capacity if one.name in later}
    found = {name: (axis(one), both_searches(one, other)) for name, (one, other) in both.items()}
    return {name: drawn for name, drawn in found.items() if drawn[1]}
