"""Projects with Hypothesis tests, examined by the real trial: pytest processes of this interpreter's Hypothesis."""

from __future__ import annotations

import sys

import pytest

from brinell.checks.property_tests import property_tests
from brinell.core.errors import Interrupted
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import Epoch, RunStarted, StepFinished, StepStarted
from brinell.core.plan import Plan, PropertySpec, Step
from brinell.core.property_facts import Facts
from brinell.suite.property.trial import PropertyTrial


class Examined:
    """What the trial left behind, and what the check makes of it."""

    def __init__(self, plan, records):
        self.plan = plan
        self.records = records
        self.facts = Facts(records)

    def of(self, kind, purpose=None):
        return [one for one in self.records if isinstance(one, kind) and purpose in (None, one.purpose)]

    @property
    def part(self):
        return property_tests(MemoryEvidence(self.plan, self.records))

    @property
    def tests(self):
        return {one.test.partition("::")[2]: one for one in self.part.property_tests or ()}

    def finding(self, name):
        return {one.id: one for one in self.part.findings}.get(f"property.{name}")


CI = (
    "CI", "__TOX_ENVIRONMENT_VARIABLE_ORIGINAL_CI", "TF_BUILD", "bamboo.buildKey", "BUILDKITE", "CIRCLECI", "CIRRUS_CI",
    "CODEBUILD_BUILD_ID", "GITHUB_ACTIONS", "GITLAB_CI", "HEROKU_TEST_RUN_ID", "TEAMCITY_VERSION",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _not_in_ci(monkeypatch):
    """Hypothesis loads another profile where it sees one of these."""
    for name in CI:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def examine_properties(tmp_path, guarded_room):
    """Examine a project; ``verify`` also runs the profiles. ``interrupt_when`` as ``FakeRoom`` has it."""
    rooms = []

    def run(root, *, verify=False, interrupt_when=None, python=sys.executable, **fields):
        given = {"effort_s": 0.3, "local": 30, "ci": 12, "test_timeout_s": 20.0, "coverage": False} | fields
        spec = PropertySpec(python=python, **given)
        last = PropertySpec(python=python, **(given | {"part": "verify"}))
        steps = (Step("property", "property", spec), Step("property:verify", "property", last))
        plan = Plan("p", str(root), steps[: 1 + verify])
        records = [Epoch("2026-01-01T00:00:00Z", 0, "", 1, "0"), RunStarted("digest", {})]
        for step in plan.steps:
            folder = tmp_path / f"run-{len(rooms)}"
            folder.mkdir()
            earlier = {"property": [one for one in records if not isinstance(one, (Epoch, RunStarted))]}
            room = guarded_room(step.spec, folder, root=root, interrupt_when=interrupt_when, earlier=earlier)
            rooms.append(room)
            state = "done"
            try:
                PropertyTrial().run(room)
            except Interrupted:
                state = "interrupted"
            records += [StepStarted(step.id), *room.records, StepFinished(step.id, state)]
        return Examined(plan, records)

    yield run
    for room in rooms:
        room.close()
