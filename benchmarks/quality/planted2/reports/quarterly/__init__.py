"""Reports of sales: rows in, text, CSV, or HTML out."""

import csv
import html
import io
import locale
import statistics
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Sale:
    day: date
    region: str
    amount: float


@dataclass
class Report:
    title: str
    sales: list = field(default_factory=list)

    @classmethod
    def read(cls, title, text):
        rows = csv.DictReader(io.StringIO(text))
        try:
            sales = [Sale(date.fromisoformat(r["day"]), r["region"], float(r["amount"])) for r in rows]
        except KeyError as error:
            raise ValueError(f"no column {error}") from None
        return cls(title, sales)

    def by_region(self):
        sums = defaultdict(float)
        for sale in self.sales:
            sums[sale.region] += sale.amount
        return dict(sorted(sums.items()))

    def quarter(self, number):
        return Report(self.title, [s for s in self.sales if (s.day.month - 1) // 3 + 1 == number])

    @property
    def mean(self):
        return statistics.fmean(s.amount for s in self.sales) if self.sales else float("nan")

    def language(self):
        return (locale.getdefaultlocale()[0] or "en")[:2]


class Renderer:
    def render(self, report):
        raise NotImplementedError


class Text(Renderer):
    def render(self, report):
        rows = report.by_region()
        width = max(map(len, rows), default=0)
        lines = [report.title, "=" * len(report.title)]
        lines += [f"{region:{width}} {amount:10.2f}" for region, amount in rows.items()]
        return "\n".join(lines) + "\n"


class Csv(Renderer):
    def render(self, report):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["region", "amount"])
        writer.writerows(report.by_region().items())
        return out.getvalue()


class Html(Renderer):
    def render(self, report):
        rows = "".join(f"<tr><td>{html.escape(r)}<td>{a:.2f}" for r, a in report.by_region().items())
        return f"<h1 lang={report.language()}>{html.escape(report.title)}</h1><table>{rows}</table>"


RENDERERS = {"text": Text, "csv": Csv, "html": Html}


def render(report, kind="text"):
    try:
        renderer = RENDERERS[kind]
    except KeyError:
        raise ValueError(f"unknown kind {kind!r}") from None
    return renderer().render(report)


def write_later(report, path, kind="text", done=None):
    """Writes in a thread of its own; calls done with the path."""

    def write():
        path.write_text(render(report, kind), encoding="utf-8")
        if done:
            done(path)

    thread = threading.Thread(target=write)
    thread.start()
    return thread
