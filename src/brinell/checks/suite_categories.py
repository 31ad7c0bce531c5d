"""Which category a test belongs to: the project's own words first, then markers, then folders.

1. ``[suite] categories``: a path glob or ``@marker``, first match in the table's order;
2. a marker that names a category, the nearest to the test first;
3. a folder below the tests that names one, the innermost first;
4. ``property`` for what the Hypothesis plugin marked; 5. ``other``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

OTHER = "other"
PROPERTY = "property"
_PLUGIN = "hypothesis"  # as a marker it is the plugin's, as a folder the project's
_WORDS = {
    "unit": "unit",
    "integration": "integration",
    "functional": "functional",
    "e2e": "e2e",
    "end_to_end": "e2e",
    "endtoend": "e2e",
    "acceptance": "acceptance",
    "system": "system",
    "smoke": "smoke",
    "api": "api",
    "contract": "contract",
    "regression": "regression",
    "property": PROPERTY,
    "property_based": PROPERTY,
    "hypothesis": PROPERTY,
    "performance": "performance",
    "perf": "performance",
    "benchmark": "performance",
    "load": "load",
    "security": "security",
    "slow": "slow",
}
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_AFFIX = re.compile(r"^tests?_|_?tests?$")


class Categories:
    """Sorts tests; ``prefix`` is where pytest's rootdir lies below the project, so that both views of a path match."""

    def __init__(self, own: Mapping[str, str], prefix: str = "") -> None:
        self._own = dict(own)
        self._globs = {name: glob(pattern) for name, pattern in own.items() if not pattern.startswith("@")}
        self._prefix = PurePosixPath(prefix)
        self._of_path: dict[str, tuple[frozenset[str], str]] = {}

    def of(self, path: str, markers: tuple[str, ...]) -> str:
        """Return the category of a test in ``path`` (as its node id has it) with these markers."""
        if path not in self._of_path:
            self._of_path[path] = (self._matching(path), _of_folders(path))
        matching, of_folders = self._of_path[path]
        for name, pattern in self._own.items():
            if name in matching or (pattern.startswith("@") and pattern[1:] in markers):
                return name
        by_marker = (_WORDS[mark] for mark in markers if mark in _WORDS and mark != _PLUGIN)
        return next(by_marker, "") or of_folders or (PROPERTY if _PLUGIN in markers else OTHER)

    def _matching(self, path: str) -> frozenset[str]:
        views = (path, str(self._prefix / path))
        return frozenset(
            name for name, pattern in self._globs.items() if any(pattern.fullmatch(view) for view in views)
        )


def glob(pattern: str) -> re.Pattern[str]:
    """Compile a path glob: ``*`` and ``?`` within one segment, ``**`` across any number, a folder for all below it."""
    parts = []
    for part in re.split(r"(\*\*/?|\*|\?)", pattern.removeprefix("./").rstrip("/")):
        match part:
            case "**":
                parts.append(".*")
            case "**/":
                parts.append("(?:.*/)?")
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case _:
                parts.append(re.escape(part))
    return re.compile("".join(parts) + "(?:/.*)?", re.DOTALL)


def _of_folders(path: str) -> str:
    folders = [part.lower().replace("-", "_") for part in PurePosixPath(path).parts[:-1]]
    roots = [place for place, folder in enumerate(folders) if folder in _TEST_FOLDERS]
    below = folders[roots[0] + 1 :] if roots else folders
    for folder in reversed(below):
        word = _WORDS.get(folder) or _WORDS.get(_AFFIX.sub("", folder))
        if word:
            return word
    return ""
