"""Builders of suite records, as a fixture: tests are not a package, so they cannot import them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import (
    CollectError,
    Epoch,
    Frame,
    Phase,
    Raised,
    SeenTest,
    StepFinished,
    StepStarted,
    SuiteEnded,
    SuiteStarted,
)
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.triage.check import triage

ROOT = "/home/dev/shop"
SITE = f"{ROOT}/.venv/lib/python3.12/site-packages"
STDLIB = "/usr/lib/python3.12"
STARTED = SuiteStarted(
    argv=("pytest",),
    interpreter=f"{ROOT}/.venv/bin/python",
    chosen_because=".venv",
    rootdir=ROOT,
    cwd=ROOT,
    prefix=f"{ROOT}/.venv",
    stdlib=(STDLIB,),
    site=(SITE,),
)


def plan(*, source=("src/shop",), root=ROOT, name="shop"):
    return Plan(name=name, root=root, steps=(Step("suite", "suite", SuiteSpec()),), source=source)


def frame(spec, text=""):
    """``src/shop/cart.py:12 Cart.total``, relative to the project unless absolute or ``<generated>``."""
    where, function = spec.split(" ")
    file, line = where.rsplit(":", 1)
    return Frame(file if file[0] in "/<" else f"{ROOT}/{file}", function, int(line), text)


def raised(kind, message="", *frames, link=""):
    return Raised(
        kind, message, "builtins", tuple(one if isinstance(one, Frame) else frame(one) for one in frames), link=link
    )


def failed(identity, *chain, phase="call", **more):
    """A failed test; ``chain`` as reported first."""
    outcome = "failed" if phase in {"call", "crash"} else "error"
    return SeenTest(
        id=identity, outcome=outcome, phases={phase: Phase("failed", 0.01)}, failed_phase=phase, chain=chain, **more
    )


def passed(identity):
    return SeenTest(id=identity, outcome="passed", phases={"call": Phase("passed", 0.01)})


def evidence(*records, end=None, before=(), after=(), started=STARTED, **options):
    everything = [Epoch("2026-03-01T12:00:00Z", 0, "boot", 1, "0.1"), *before, StepStarted("suite"), started]
    everything += [*records, end or SuiteEnded(1, 1.0, 1.0), StepFinished("suite"), *after]
    return MemoryEvidence(plan(**options), everything)


def bugs(*records, **options):
    return triage(evidence(*records, **options)).bugs


@pytest.fixture(scope="session")
def suite():
    """Return builders: ``failed``, ``raised``, ``frame``, ``evidence``, ``bugs`` and the paths of the project."""
    return SimpleNamespace(
        ROOT=ROOT, SITE=SITE, STDLIB=STDLIB, STARTED=STARTED, plan=plan, frame=frame, raised=raised, failed=failed,
        passed=passed, evidence=evidence, bugs=bugs, CollectError=CollectError, SuiteEnded=SuiteEnded,
    )  # fmt: skip
