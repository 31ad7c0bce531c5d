"""What the page's script gets: the tests as columns and the columns of the load scenarios, as JSON that cannot end its
element or be taken for markup.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from markupsafe import Markup

from brinell.core.judgement import Judgement, TestEntry
from brinell.core.redact import plain
from brinell.reports import outline
from brinell.reports.drill_figures import drill_data
from brinell.reports.load_figures import data_of

_MOST_NAME = 400
_PATH = re.compile(r"[^\[]*?::")
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def data(judgement: Judgement) -> Markup:
    """Return the JSON of a judgement's page."""
    loads = [*judgement.load, *judgement.websocket]
    pictures = [*(data_of(load) for load in loads), *(drill_data(drill) for drill in judgement.drills)]
    return inert({"tests": _tests(judgement), "load": pictures})


def inert(content: Any) -> Markup:
    """Return JSON, with ``< > &`` and the separators U+2028 and U+2029 as escapes. Numbers not finite are null."""
    text = json.dumps(_finite(content), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(_ESCAPES))  # noqa: S704 - inert: a data block without a character of markup


def _tests(judgement: Judgement) -> dict[str, Any] | None:
    """Return columns of equal length; repeated words (file, outcome, category, bug) are indices into lists."""
    if judgement.suite is None:
        return None
    bugs = outline.bug_of_test(judgement)
    words: dict[str, dict[str, int]] = {name: {} for name in ("files", "outcomes", "categories", "trusts", "bugs")}
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for test in judgement.suite.tests:
        identity = plain(test.id, _MOST_NAME)
        path = _PATH.match(identity)
        file = path[0] if path else ""
        bug = bugs.get(test.id)
        columns["file"].append(_index(words["files"], file))
        columns["name"].append(identity[len(file) :])
        columns["outcome"].append(_index(words["outcomes"], plain(outline.shown_outcome(test), 40)))
        columns["category"].append(_index(words["categories"], plain(test.category, 80)))
        columns["trust"].append(_index(words["trusts"], plain(test.trust, 40)))
        columns["bug"].append(_index(words["bugs"], plain(bug.id, 80)) if bug else -1)
        columns["reruns"].append(test.reruns)
        columns["reason"].append(_note(test))
        for phase in ("setup", "call", "teardown"):
            seconds = getattr(test.seconds, phase)
            columns[phase].append(None if seconds is None else round(seconds * 1000, 2))
    rank = [outline.OUTCOMES.index(word) if word in outline.OUTCOMES else 9 for word in words["outcomes"]]
    return {**columns, **{name: list(found) for name, found in words.items()}, "rank": rank}


def _note(test: TestEntry) -> str:
    """Say in a word or two what else there is to know about a test."""
    down = f"{plain(test.outcome, 40)}, then its teardown failed" if test.teardown_error else ""
    return "; ".join(filter(None, (down, plain(test.reason, 200))))


_COLUMNS = ("file", "name", "outcome", "category", "trust", "bug", "reruns", "reason", "setup", "call", "teardown")


def _index(words: dict[str, int], word: str) -> int:
    return words.setdefault(word, len(words))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
