"""The files a judgement is rendered to. A report returns the empty string where it does not apply to the run."""

from __future__ import annotations

from brinell.core.roles import Report
from brinell.reports.baseline_json import baseline_json
from brinell.reports.html import html
from brinell.reports.junit import junit
from brinell.reports.markdown import markdown
from brinell.reports.markdown_property import property_page
from brinell.reports.triage_markdown import triage_markdown

REPORTS: dict[str, Report] = {
    "report.html": html,
    "report.md": markdown,
    "bug_triage_report.md": triage_markdown,
    "property_tests.md": property_page,
    "junit.xml": junit,
    "performance_baseline.json": baseline_json,
}
