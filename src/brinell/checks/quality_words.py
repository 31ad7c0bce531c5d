"""What each kind of weakness means: its severity, its title and what to do. One row for each pattern that is found.

``{name}``, ``{detail}``, ``{seconds}`` and ``{test}`` are the record's. P2 is a gap in what the suite checks, or
time it loses; P3 is the rest.
"""

from __future__ import annotations

from typing import NamedTuple

from brinell.core.verdicts import Severity


class Words(NamedTuple):
    """How one pattern is told."""

    severity: Severity
    title: str
    fix: str


_P2, _P3 = Severity.P2, Severity.P3
_SUPPRESS = "Install its plug-in in this environment, or remove the line."

WORDS: dict[tuple[str, str], Words] = {
    ("asserts-nothing", ""): Words(
        _P2,
        "{name} asserts nothing: it passes whatever comes out, as long as nothing raises",
        "Assert what the code gives or changes. Where not raising is the point, say so in its name or docstring.",
    ),
    ("asserts-nothing", "empty"): Words(
        _P2, "{name} is empty: it always passes", "Write it, or mark it pytest.mark.skip(reason=…) until it is."
    ),
    ("asserts-nothing", "compares"): Words(
        _P2,
        "{name} returns a comparison instead of asserting it: pytest ignores what a test returns",
        "Write assert in the place of return.",
    ),
    ("cannot-fail", "tuple"): Words(
        _P2, "a tuple is always true: assert {name}", "Remove the brackets: assert condition, message."
    ),
    ("cannot-fail", "constant"): Words(
        _P2, "this holds whatever the code does: {name}", "Assert something that the code under test decides."
    ),
    ("cannot-fail", "text"): Words(
        _P2, "a text that is not empty is always true: {name}", "Compare it with what is expected."
    ),
    ("cannot-fail", "object"): Words(
        _P2,
        "a function, class or generator is always true: assert {name}",
        "Call it; of a generator expression, say all(…) or any(…).",
    ),
    ("cannot-fail", "itself"): Words(
        _P2, "compared with itself: {name}", "Compare it with what is expected, or with what was meant."
    ),
    ("cannot-fail", "size"): Words(_P2, "a length is never below 0: {name}", "Say which length is expected, or > 0."),
    ("cannot-fail", "second-is-message"): Words(
        _P2, "the second argument is only a message: {name}", "assertEqual(a, b) compares; assertTrue does not."
    ),
    ("cannot-fail", "not-called"): Words(
        _P2, "named and not called, so it checks nothing: {name}", "Add the brackets and the expected arguments."
    ),
    ("cannot-fail", "uncalled"): Words(
        _P2, "a method that is not called is always true: assert {name}", "Call it: {detail}()."
    ),
    ("cannot-fail", "not-entered"): Words(
        _P2,
        "neither entered nor given a function to call, so it expects nothing: {name}",
        "Write with in front of it, and what is to raise or warn below.",
    ),
    ("cannot-fail", "thrown-away"): Words(
        _P2, "compared, and the result thrown away: {name}", "Write assert in front of it."
    ),
    ("cannot-fail", "mock"): Words(
        _P2,
        "{name} is no assertion: a mock makes an attribute of any such name, and it is true",
        "Write {detail}(…); with autospec=True a misspelt one raises.",
    ),
    ("cannot-fail", "coroutine"): Words(
        _P2, "a coroutine that nobody awaits is always true: {name}", "Await it, and assert what it gives."
    ),
    ("cannot-fail", "mock-attribute"): Words(
        _P2,
        "a mock makes up any attribute, and it is true: {name}",
        "Ask what was called, with assert_called_once_with(…) and the like; with spec=… a wrong name raises.",
    ),
    ("cannot-fail", "unreachable"): Words(
        _P2, "never reached, {detail}: {name}", "Move it before what ends the block, or remove it."
    ),
    ("cannot-fail", "behind-raises"): Words(
        _P2,
        "never reached: what is expected to raise (block of line {detail}) ends the block before: {name}",
        "Move it behind the with block.",
    ),
    ("cannot-fail", "swallowed"): Words(
        _P2,
        "its failure is caught at line {detail}, and nobody is told: {name}",
        "Catch only what the code under test raises, and assert outside of the try.",
    ),
    ("empty-loop", ""): Words(
        _P3,
        "all its assertions are in a loop over {name}: with nothing in it, nothing is checked",
        "Assert first how many there are; of zip, say strict=True.",
    ),
    ("not-collected", "init"): Words(
        _P2,
        "pytest does not collect {name}: a test class must not have {detail}",
        "Use a fixture or setup_method in the place of {detail}; if it is no test class, set __test__ = False.",
    ),
    ("not-collected", "class-name"): Words(
        _P2,
        "pytest does not collect {name}: its name fits no pattern of python_classes",
        "Call it Test…, or inherit from unittest.TestCase.",
    ),
    ("not-collected", "nested"): Words(
        _P2,
        "{name} stands within {detail}, which never calls it: it does not run",
        "Move it to the left, or call it.",
    ),
    ("not-collected", "main-guard"): Words(
        _P2, "{name} exists only when the file is run as a program, not for pytest", "Move it out of the if."
    ),
    ("not-collected", "conftest"): Words(
        _P2, "{name} stands in a conftest, where pytest collects no tests", "Move it to a test file."
    ),
    ("not-collected", "misspelt"): Words(
        _P2,
        "{name} looks like a test and is none: its name fits no pattern of python_functions",
        "Begin its name with {detail}.",
    ),
    ("not-collected", "file-name"): Words(
        _P2,
        "{name} has tests ({detail} is the first), and its name fits no pattern of python_files",
        "Rename the file to test_….py, or add its pattern to python_files.",
    ),
    ("not-collected", "function-name"): Words(
        _P2,
        "{name} looks like a test and is none: its name fits no pattern of python_functions",
        "Begin its name with {detail}, or add its pattern to python_functions.",
    ),
    ("not-collected", "folder"): Words(
        _P2,
        "this file has tests ({detail} is the first), and pytest does not enter folders called {name}",
        "Call the folder something else, or take it out of norecursedirs.",
    ),
    ("shadowed", ""): Words(
        _P2, "{name} is defined again at line {detail}: this one never runs", "Give one of the two another name."
    ),
    ("shadowed", "class"): Words(
        _P2,
        "class {name} is defined again at line {detail}: the tests of this one never run",
        "Give one of the two another name.",
    ),
    ("shadowed", "import"): Words(
        _P2,
        "{name} is imported, and taken at line {detail} by something else: the imported test never runs here",
        "Give one of the two another name.",
    ),
    ("shadowed", "taken"): Words(
        _P2, "{name} is given another value at line {detail}: this test never runs", "Give one of the two another name."
    ),
    ("broad-except", ""): Words(
        _P3,
        "catches {name} and goes on: what goes wrong here goes wrong unseen",
        "Catch the exception that is expected.",
    ),
    ("broad-except", "suppress"): Words(
        _P3, "suppresses {name}: what goes wrong here goes wrong unseen", "Suppress the exception that is expected."
    ),
    ("sleep", ""): Words(
        _P3,
        "sleeps {seconds}",
        "Wait for what it waits for: an event, a condition with a time-out; or give the code a clock it can be told.",
    ),
    ("sleep", "long"): Words(
        _P2,
        "sleeps {seconds}, every time",
        "Wait for what it waits for: an event, a condition with a time-out; or give the code a clock it can be told.",
    ),
    ("sleep", "polls"): Words(
        _P3,
        "waits while {name}, without a deadline: where that never changes, the suite hangs",
        "Give the loop a deadline and fail there, or wait for the event with a time-out.",
    ),
    ("sleep", "first"): Words(
        _P3,
        "sleeps {seconds} before it looks the first time: too long every time",
        "Look first, and sleep then.",
    ),
    ("no-reason", "skip"): Words(_P3, "skipped, and nobody says why", 'Say why: reason="…", with the issue\'s number.'),
    ("no-reason", "skipif"): Words(_P3, "skipped on a condition, and nobody says why", 'Say why: reason="…".'),
    ("no-reason", "xfail"): Words(
        _P3, "expected to fail, and nobody says why", 'Say why: reason="…", and strict=True to hear when it is fixed.'
    ),
    ("xpassed", ""): Words(
        _P3, "expected to fail, and passes", "Remove the mark; xfail_strict = true tells you the next time."
    ),
    ("unknown-option", "pytest"): Words(
        _P3, "pytest does not know the option {name} here: it has no effect", "Correct it or remove it."
    ),
    ("unknown-option", "nearest"): Words(
        _P3, "pytest does not know the option {name} here: it has no effect", "Is {detail} meant?"
    ),
    ("unknown-option", "plugin"): Words(
        _P3, "{name} belongs to {detail}, which is not installed here: it has no effect", _SUPPRESS
    ),
    ("unknown-option", "argument"): Words(
        _P2, "addopts has {name}, which nothing installed here knows: pytest refuses to start", _SUPPRESS
    ),
    ("unknown-option", "mark"): Words(
        _P3, "the mark {name} is registered nowhere", "Register it under markers, and set --strict-markers."
    ),
    ("unknown-option", "mark-nearest"): Words(
        _P3, "the mark {name} is registered nowhere", "Is {detail} meant? Otherwise register it under markers."
    ),
    ("unknown-option", "coverage"): Words(
        _P3, "coverage does not know {name}: it has no effect", "Correct it or remove it."
    ),
    ("unknown-option", "coverage-nearest"): Words(
        _P3, "coverage does not know {name}: it has no effect", "Is {detail} meant?"
    ),
    ("unknown-option", "not-read"): Words(
        _P3, "{name} is not read: {detail} comes first, and one file counts", "Keep the options in one of the two."
    ),
    ("unknown-option", "section"): Words(_P2, "[{name}] is not read in this file", "Call the section [{detail}]."),
    ("unknown-option", "broken"): Words(
        _P2, "the configuration of {name} cannot be read: {detail}", "Correct the file."
    ),
    ("missing-dependency", ""): Words(
        _P2, "{name} is imported, and nothing declares {detail}", "Add {detail} to {place}."
    ),
    ("missing-dependency", "absent"): Words(
        _P2,
        "{name} is imported, is not installed here, and nothing declares it",
        "Add {detail} to {place}.",
    ),
    ("missing-dependency", "conditional"): Words(
        _P3,
        "{name} is imported where a condition holds, and nothing declares {detail}",
        "Add {detail} to {place}.",
    ),
    ("missing-dependency", "transitive"): Words(
        _P3,
        "{name} is imported, and is there only because {bringer} needs it",
        "Add {detail} to {place}.",
    ),
}

PLURALS = {
    "asserts-nothing": ("test asserts nothing", "tests assert nothing"),
    "cannot-fail": ("assertion cannot fail", "assertions cannot fail"),
    "empty-loop": ("test checks nothing where a loop is empty", "tests check nothing where a loop is empty"),
    "not-collected": ("test or class of tests is never collected", "tests or classes of tests are never collected"),
    "shadowed": ("test is shadowed by another of its name", "tests are shadowed by others of their names"),
    "broad-except": ("broad except swallows what goes wrong", "broad excepts swallow what goes wrong"),
    "sleep": ("sleep in tests", "sleeps in tests"),
    "no-reason": ("skip or expected failure has no reason", "skips or expected failures have no reason"),
    "xpassed": ("test is expected to fail and passes", "tests are expected to fail and pass"),
    "unknown-option": ("option has no effect", "options have no effect"),
    "missing-dependency": ("test dependency is declared nowhere", "test dependencies are declared nowhere"),
    "deprecation": ("deprecation shows in the tests", "deprecations show in the tests"),
    "slow-fixture": ("fixture takes much of the suite's time", "fixtures take much of the suite's time"),
    "coverage-gap": ("module is below its coverage target", "modules are below their coverage target"),
}
