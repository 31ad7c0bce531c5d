"""Which cached keys depend on a note?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noticeboard.cache.entry import Span


class SpanIndex:
    """Keys by the span they depend on.

    Nearly all spans are a single note (a dictionary look-up) and few are wide (pages; they are walked through).
    """

    def __init__(self) -> None:
        self._single: dict[int, set[str]] = {}
        self._wide: dict[str, Span] = {}

    def add(self, key: str, span: Span) -> None:
        """Remember the key, which must not be known."""
        if span.low == span.high:
            self._single.setdefault(span.low, set()).add(key)
        else:
            self._wide[key] = span

    def remove(self, key: str, span: Span) -> None:
        """Forget the key, which was added with this span."""
        if span.low == span.high:
            keys = self._single[span.low]
            keys.remove(key)
            if not keys:
                del self._single[span.low]
        else:
            del self._wide[key]

    def covering(self, note_id: int) -> list[str]:
        """Return the keys whose span covers the note."""
        wide = [key for key, span in self._wide.items() if span.covers(note_id)]
        return [*self._single.get(note_id, ()), *wide]

    def __len__(self) -> int:
        return len(self._wide) + sum(len(keys) for keys in self._single.values())
