"""A failure with what its key, owner and severity are made of: the root of its chain, and whose code it ends in."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from brinell.core.observation import Frame, Raised
from brinell.triage.chains import root_of, traceback_in
from brinell.triage.failure import Failure
from brinell.triage.masks import mask
from brinell.triage.names import Missing, missing_name
from brinell.triage.ownership import Layout, Place

_ASSERTIONS = frozenset({"AssertionError", "Failed", "failureException", "ComparisonFailure"})
_SETUP_FUNCTIONS = re.compile(
    r"(?:.*\.)?(setUp|tearDown|setUpClass|tearDownClass|setUpModule|asyncSetUp|setup_method|setup_class|setup_module|setup)$"
)
# A symptom that says "look at the other process": a server error, an exit status.
_SYMPTOM = re.compile(
    r"status|return_?code|exit_?code|retcode|<\w{0,40}Response\b|CalledProcessError|RemoteTraceback|SystemExit"
)
_SHOWN = re.compile(r"\b([A-Z]\w{2,100})\(('(?:[^'\\\n]|\\.){0,500}'|\"(?:[^\"\\\n]|\\.){0,500}\")?\)")
_NAMELESS = re.compile(r"(?:\.<locals>)?\.?<(?:lambda|listcomp|setcomp|dictcomp|genexpr)>$")


def function_of(frame: Frame) -> str:
    """Return the named function a frame is in: a lambda or a comprehension is a part of the function that holds it.

    (Python 3.12 gives most comprehensions no frame of their own; a bug keeps its id across that.)
    """
    name = frame.function
    while (outer := _NAMELESS.sub("", name)) not in {name, ""}:
        name = outer
    return name


@dataclass(frozen=True)
class Reading:
    """A failure with what was read out of it. ``raised`` is the root of its chain (or of a printed traceback that the
    failure is a symptom of: ``printed``); ``deepest`` the deepest project frame of that root, ``raising`` the last one.
    """

    failure: Failure
    raised: Raised | None
    printed: bool
    deepest: tuple[Frame, Place] | None
    raising: tuple[Frame, Place] | None
    missing: Missing | None
    declared: bool = False  # the exception is of a class that the product itself defines

    @property
    def product(self) -> tuple[Frame, Place] | None:
        """The deepest project frame, if product code is there and not a test."""
        return self.deepest if self.deepest is not None and self.deepest[1].is_product else None

    @property
    def is_assertion(self) -> bool:
        """Whether an assertion failed: an ``assert``, unittest's, ``pytest.fail``, or what a test's own code raises."""
        if self.raised is None or self.raised.type.rsplit(".", maxsplit=1)[-1] in _ASSERTIONS:
            return self.raised is not None
        frame, place = self.raising or (None, None)
        return frame is not None and place is not None and place.is_test and frame.text.startswith("raise ")

    @property
    def is_setup(self) -> bool:
        """Whether it failed before or after the test proper; unittest's ``setUp`` counts, pytest calls it ``call``."""
        if self.failure.phase in {"setup", "teardown", "collection"}:
            return True
        return self.setup_function is not None

    @property
    def setup_function(self) -> str | None:
        """The xunit set-up function of the test it failed in, if that is where it failed."""
        if self.deepest is None or not self.deepest[1].is_test:
            return None
        found = _SETUP_FUNCTIONS.match(self.deepest[0].function)
        return found[1] if found else None


def read_failure(failure: Failure, layout: Layout) -> Reading:
    """Return a failure with the facts that its key, owner and severity are made of."""

    def in_project(frame: Frame) -> bool:
        return layout.of(frame).in_project

    raised = root_of(failure.chain, in_project)
    printed = failure.kind == "process"
    if printed:
        raised = traceback_in(failure.longrepr)
    deepest = _deepest(raised, layout)
    if raised is not None and not printed and (deepest is None or not deepest[1].is_product):
        written = _printed(failure, raised, layout)
        if written is not None:
            raised, printed, deepest = written, True, _deepest(written, layout)
    last = raised.frames[-1] if raised is not None and raised.frames else None
    return Reading(
        failure=failure,
        raised=raised,
        printed=printed,
        deepest=deepest,
        raising=(last, layout.of(last)) if last is not None else None,
        missing=missing_name(raised) if raised is not None else None,
        declared=raised is not None and bool(raised.module) and layout.is_own_module(raised.module),
    )


def others_of(reading: Reading, layout: Layout) -> list[tuple[str, Raised | None, tuple[Frame, Place] | None]]:
    """Return what else failed in the same test, each thing once: where, the root of its chain, its deepest project
    frame. What has the same root as the failure itself is left out.
    """

    def in_project(frame: Frame) -> bool:
        return layout.of(frame).in_project

    found = []
    seen = {_likeness(reading.raised, reading.deepest)}
    for further in reading.failure.further:
        raised = root_of(further.chain, in_project)
        deepest = _deepest(raised, layout)
        likeness = _likeness(raised, deepest)
        if raised is None or likeness not in seen:
            found.append((further.where, raised, deepest))
        seen.add(likeness)
    return found


def _likeness(raised: Raised | None, deepest: tuple[Frame, Place] | None) -> tuple[str, ...]:
    said = (raised.type, mask(raised.message)) if raised is not None else ()
    return (*said, deepest[1].path, function_of(deepest[0])) if deepest is not None else said


def _deepest(raised: Raised | None, layout: Layout) -> tuple[Frame, Place] | None:
    for frame in reversed(raised.frames if raised is not None else ()):
        place = layout.of(frame)
        if place.in_project:
            return frame, place
    return None


def _printed(failure: Failure, raised: Raised, layout: Layout) -> Raised | None:
    """Return the product exception whose traceback was printed while a test saw only its symptom."""
    text = raised.frames[-1].text if raised.frames else ""
    if not _SYMPTOM.search(f"{raised.type} {text} {raised.message}"):
        return None
    for source in (raised.message, *(text for _, text in sorted(failure.sections.items()))):
        written = traceback_in(source)
        if written is not None:
            deepest = _deepest(written, layout)
            if deepest is not None and deepest[1].is_product:
                return written
    return None


def shown_exception(reading: Reading) -> tuple[str, str] | None:
    """Return type and masked message of the exception that a failed assertion shows: ``<Result ValueError('bad')>``.

    Test clients keep what the product raised and show it only so. One that the test itself writes down is no evidence.
    """
    if not reading.is_assertion or reading.raised is None or reading.product is not None:
        return None
    text = reading.deepest[0].text if reading.deepest is not None else ""
    found = _SHOWN.search(reading.raised.message)
    if found is None or found[1] in text:
        return None
    try:
        message = ast.literal_eval(found[2]) if found[2] else ""
    except (ValueError, SyntaxError):
        return None
    return found[1], mask(message)
