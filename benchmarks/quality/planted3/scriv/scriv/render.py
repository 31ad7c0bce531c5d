"""Letters from templates."""

from __future__ import annotations

import logging
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined

log = logging.getLogger("scriv")

TEMPLATES = {
    "letter": "Dear {{ name }},\n\n{{ body | wrapped }}\n\n{{ sender }}\n",
    "note": "{{ body | shout }}\n",
    "list": "{% for item in items %}{{ loop.index }}. {{ item }}\n{% endfor %}",
}


@dataclass
class Style:
    width: int = 40
    bullet: str = "-"


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def environment(style: Style | None = None, extra: dict[str, str] | None = None) -> Environment:
    style = style or Style()
    made = Environment(loader=DictLoader(TEMPLATES | (extra or {})), undefined=StrictUndefined, keep_trailing_newline=True)
    made.filters["wrapped"] = lambda text: textwrap.fill(text, style.width)
    made.filters["shout"] = lambda text: text.upper() + "!"
    return made


def compiled_many(count: int = 400) -> Environment:
    """An environment with many templates, each compiled: dear."""
    extra = {f"t{at}": "{% if a %}{{ a }}{% else %}{% for b in c %}{{ b }}{% endfor %}{% endif %}" + str(at) for at in range(count)}
    made = environment(extra=extra)
    for name in extra:
        made.get_template(name)
    return made


class Mailbox:
    def __init__(self, folder: Path, deliver=None) -> None:
        self.folder, self.deliver = folder, deliver

    def send(self, template: str, subject: str, **values) -> Path:
        text = environment().get_template(template).render(**values)
        if len(text) > 500:
            log.warning("long letter: %s", subject)
        target = self.folder / f"{slug(subject)}.txt"
        target.write_text(text)
        if self.deliver:
            self.deliver(subject, text)
        return target
