"""``performance_baseline.json``: the suite's part of the judgement, verbatim, under the names CI pipelines know.

Where only property tests were examined, it has their targets and no more.
"""

from __future__ import annotations

import msgspec

from brinell.core.judgement import Judgement


def baseline_json(judgement: Judgement) -> str:
    """Return ``judgement.suite`` as JSON; empty where neither a suite ran nor property tests were measured."""
    told = judgement.property_summary
    if judgement.suite is None and told is None:
        return ""
    content: object = judgement.suite
    if judgement.suite is None and told is not None:
        content = {
            "timestamp": judgement.run.started,
            "target_property_test": told.targets.slow_tier_seconds,
            "property_test_targets": told.targets,
            "targets_verified": told.verified,
            "verification_timestamp": told.verification_timestamp,
        }
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n"
