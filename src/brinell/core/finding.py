"""One thing that was checked: what, whether it is required, what came out and on which evidence."""

from __future__ import annotations

import msgspec

from brinell.core.verdicts import Owner, Reason, Severity, Verdict


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A check's word on one thing. ``evidence`` holds observation ids: ``source#seq`` of journal records.

    ``reason`` is set exactly when the verdict is unknown. ``owner`` is whose failure it is (None: not a failure, or
    product); only when every failed required finding is owned by infrastructure does the run exit with 4.
    """

    id: str
    check: str
    required: bool
    verdict: Verdict
    title: str
    detail: str = ""
    reason: Reason | None = None
    severity: Severity | None = None
    owner: Owner | None = None
    evidence: tuple[str, ...] = ()
    runbook: str | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown without a reason, and a reason without an unknown."""
        if (self.verdict is Verdict.UNKNOWN) != (self.reason is not None):
            raise ValueError(f"finding {self.id}: a reason belongs to an unknown verdict and to no other")
