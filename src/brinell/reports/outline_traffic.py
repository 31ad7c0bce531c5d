"""Words for traffic that a document described, the same in every report."""

from __future__ import annotations

from brinell.core.traffic_judgement import Traffic
from brinell.reports.figures import count, plural

_FORMS = {"openapi": "OpenAPI", "har": "HAR"}
COLUMNS = ("Operation", "Why not")


def title(traffic: Traffic) -> str:
    """Return the section's title."""
    return f"Traffic: {traffic.scenario}"


def facts(traffic: Traffic) -> list[str]:
    """Return what was read and what became of it, a sentence a line."""
    of = len(traffic.exercised) + len(traffic.not_exercised)
    form = f"{_FORMS.get(traffic.form, traffic.form)} {traffic.version}".strip()
    named = f"{traffic.title}, {traffic.source}" if traffic.title else traffic.source
    lines = [f"{len(traffic.exercised)} of {plural(of, 'operation')} exercised of {form} ({named})"]
    if traffic.form == "openapi":
        lines[0] += f", with {plural(traffic.prepared, 'prepared request')}"
        if traffic.linked:
            lines.append(f"{plural(len(traffic.linked), 'operation')} took what an earlier answer gave")
        lines.append(_answers(traffic))
    return lines


def _answers(traffic: Traffic) -> str:
    if not traffic.judged:
        return "answers were not compared with the document"
    told = f"{plural(traffic.looked, 'answer')} compared with the document, {count(traffic.known)} more the same as one"
    return f"{told}, {count(traffic.unseen)} not compared for want of time" if traffic.unseen else told
