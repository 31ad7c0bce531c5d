"""``report.html``: one file that needs no network and opens at once. All of it is rendered here but the list of all
tests and the charts' cross-hair. Everything printed goes through ``plain`` and Jinja's autoescape; a Content Security
Policy names the one script and the one style sheet by their hashes, so that nothing else could run.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache, partial
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from brinell.core.judgement import Judgement
from brinell.core.redact import one_line, plain
from brinell.reports import (
    cache_chart,
    capacity_chart,
    figures,
    html_time,
    html_view,
    outline,
    outline_cache,
    outline_capacity,
    outline_drills,
    outline_limits,
    outline_socket,
    outline_stages,
    outline_traffic,
    outline_trust,
)
from brinell.reports.drill_chart import returned
from brinell.reports.drill_figures import drill_figures
from brinell.reports.html_data import data
from brinell.reports.load_figures import figures_of

_SCRIPTS = ("page.js", "chart.js", "tests.js")


def html(judgement: Judgement) -> str:
    """Return the page."""
    style, code = file("page.css"), script()
    word, clause = outline.sentence(judgement)
    page = environment().get_template("page.html")
    return page.render(
        j=judgement,
        word=word,
        clause=clause,
        advice=outline.ADVICE,
        data=data(judgement),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(code),  # noqa: S704 - our own file
        style_hash=source_hash(style),
        script_hash=source_hash(code),
        traffic_columns=outline_traffic.COLUMNS,
        cache_head=outline_cache.HEAD,
        socket_columns=outline_socket,
        capacity_head=outline_capacity.HEAD,
        drill_columns=outline_drills.COLUMNS,
        limits=outline_limits.limits(judgement),
        limit_columns=outline_limits.COLUMNS,
        drill_measured=partial(outline_drills.measured, judgement),
        **html_view.view(judgement),
        **html_time.view(judgement),
    )


def script() -> str:
    """Return the page's one script."""
    return "".join(file(name) for name in _SCRIPTS)


@cache
def environment() -> jinja2.Environment:
    """Return the environment that all pages are made with: it escapes, neutralises and caps whatever is printed."""
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_neutral,
    )
    made.filters.update(
        latency=figures.latency,
        seconds=figures.seconds,
        percent=figures.percent,
        size=figures.size,
        cores=figures.cores,
        exact=figures.exact,
        count_of=figures.count,
        plural=figures.plural,
        ratio=lambda value: figures.exact(round(value, 2)),
        share_of=lambda part, whole: figures.percent(part / whole) if whole else figures.MISSING,
        moment=_moment,
        line=lambda text: one_line(str(text), 500),
        name=_name,
        prose=_prose,
        capped=lambda text: plain(text[: html_view.MOST_TEXT * 4], html_view.MOST_TEXT),
        detail_lines=html_view.detail_lines,
        sentence=lambda text: text[:1].upper() + text[1:],
        rates=outline.rates,
        steadiness=outline_stages.steadiness,
        stages=outline_stages.stages,
        workers=outline.workers,
        speed_up=outline.speed_up,
        thresholds=outline.thresholds,
        errors=outline.errors,
        error_when=outline.error_when,
        error_texts=outline.error_texts,
        trust_words=outline_trust.words,
        trust_why=outline_trust.why,
        often=outline_trust.share,
        factor_rates=outline_trust.rates,
        samples=html_view.samples,
        capacity_axis=outline_capacity.axis,
        capacity_facts=outline_capacity.facts,
        capacity_limited=outline_capacity.limited,
        capacity_rows=outline_capacity.rows,
        capacity_times=capacity_chart.times,
        capacity_throughput=capacity_chart.throughput,
        traffic_title=outline_traffic.title,
        traffic_facts=outline_traffic.facts,
        cache_facts=outline_cache.facts,
        cache_rows=outline_cache.rows,
        hit_course=cache_chart.hit_course,
        socket_facts=outline_socket.facts,
        socket_times=outline_socket.times,
        socket_rooms=outline_socket.rooms,
        attempts=outline_socket.attempts,
        stock=outline_socket.stock,
        limit_facts=outline_limits.facts,
        limit_rows=outline_limits.rows,
        drill_title=outline_drills.title,
        drill_rules=outline_drills.rules,
        drill_instants=outline_drills.instants,
        drill_figures=drill_figures,
        returned=returned,
        figures=figures_of,
    )
    return made


@cache
def file(name: str) -> str:
    """Return one of the files that pages are made of."""
    return resources.files("brinell.reports").joinpath("templates", name).read_text(encoding="utf-8")


def _template(name: str) -> str:
    return file(name)


def source_hash(text: str) -> str:
    """Return the source expression of an inline element's text for a Content Security Policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _neutral(value: Any) -> Any:
    """Make plain and cap whatever an expression prints, before it is escaped; our own markup is printed as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return plain(value[: html_view.MOST_TEXT * 4], html_view.MOST_TEXT)
    return value


def _name(identity: str) -> Markup:
    """Return a path or node id that may break at its joints, rather than anywhere."""
    parts = re.split(r"(?<=[/_])|(?<=::)", one_line(identity, 500))
    return Markup("<wbr>").join(parts)


def _prose(text: str) -> Markup:
    """Return our own sentences with what stands between backticks as code; the rest as it is."""
    pieces = outline.segments(one_line(text, 2000))
    return Markup("").join(Markup("<code>{}</code>").format(piece) if is_code else piece for is_code, piece in pieces)


def _moment(iso: str) -> str:
    """Return an ISO time in UTC for reading: ``2026-11-21 01:45 UTC``; anything else as it is."""
    date, t, time = iso.partition("T")
    return f"{date} {time[:5]} UTC" if t and time.endswith("Z") else iso
