"""``junit.xml``: the dialect of pytest's own junitxml (schema ``xunit2``), which GitHub, GitLab and Jenkins read.

What pytest counts twice (a test that passed and whose teardown failed) is one test case with an ``error``; expected
failures are skipped ones, as pytest has it. Valid XML 1.0 whatever the tests print.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from brinell.core.judgement import Bug, FlakyTest, Judgement, SuiteReport, TestEntry
from brinell.core.redact import plain
from brinell.reports import outline

_MOST_MESSAGE = 1000
_MOST_BODY = 16_000
# Everything XML 1.0 does not allow, plus the non-characters that some parsers refuse.
_NOT_XML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")


def junit(judgement: Judgement) -> str:
    """Return the suite as JUnit XML; empty where no suite ran."""
    suite = judgement.suite
    if suite is None:
        return ""
    bugs = outline.bug_of_test(judgement)
    flaky = {one.test: one for one in judgement.flaky}
    cases = [_case(test, bugs.get(test.id), flaky.get(test.id)) for test in suite.tests]
    totals = _totals(suite)
    attributes = " ".join(f'{name}="{value}"' for name, value in totals.items())
    overall = attributes.partition(" skipped=")[0]  # Jenkins' schema knows no skipped there
    time = f'time="{suite.execution_time_seconds or 0:.3f}"'
    name = _attribute(judgement.run.name)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f"<testsuites name={name} {overall} {time}>",
        f"<testsuite name={name} {attributes} {time} timestamp={_attribute(suite.timestamp)}>",
        "<properties>",
        *(_property(key, value) for key, value in _facts(judgement)),
        "</properties>",
        *cases,
        "</testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _totals(suite: SuiteReport) -> dict[str, int]:
    """Count the elements written below, so that the attributes never contradict them."""
    outcomes = [test.outcome for test in suite.tests]
    return {
        "tests": len(outcomes),
        "failures": outcomes.count("failed"),
        "errors": sum(test.outcome == "error" or test.teardown_error for test in suite.tests),
        "skipped": outcomes.count("skipped") + outcomes.count("xfailed"),
    }


def _facts(judgement: Judgement) -> list[tuple[str, str]]:
    run = judgement.run
    return [("brinell.run", run.id), ("brinell.verdict", judgement.verdict.value), *sorted(run.fingerprint.items())]


def _case(test: TestEntry, bug: Bug | None, flaky: FlakyTest | None) -> str:
    module, name = _split(test.id)
    phases = (test.seconds.setup, test.seconds.call, test.seconds.teardown)
    seconds = sum(phase for phase in phases if phase is not None)
    head = f'<testcase classname={_attribute(module)} name={_attribute(name)} time="{seconds:.4f}"'
    inner = _properties(test, bug, flaky) + _outcome(test, bug)
    return f"{head}>{inner}</testcase>" if inner else f"{head}/>"


def _split(identity: str) -> tuple[str, str]:
    """Split a node id as pytest's junitxml does: dotted module and classes, then the test with its parameters."""
    bare, bracket, rest = identity.partition("[")
    path, *names = bare.split("::")
    parameters = bracket + rest
    module = path.removesuffix(".py").replace("/", ".")
    if not names:
        return "", module + parameters
    return ".".join([module, *names[:-1]]), names[-1] + parameters


def _properties(test: TestEntry, bug: Bug | None, flaky: FlakyTest | None) -> str:
    """Return what is said beside an outcome; that a test can't be trusted is said here and changes no outcome."""
    found = [("brinell.id", test.id)] if bug or flaky else []
    if bug:
        found += [("brinell.bug", bug.id), ("brinell.severity", bug.severity.value), ("brinell.owner", bug.owner.value)]
    if flaky:
        known = {
            "trust": flaky.verdict,
            "confirmed": str(flaky.confirmed).lower(),
            "cause": flaky.cause or "",
            "reproducer": flaky.reproducer or "",
        }
        found += [(f"brinell.{name}", value) for name, value in known.items() if value]
    if test.reruns:
        found.append(("brinell.reruns", str(test.reruns)))
    return f"<properties>{''.join(_property(*pair) for pair in found)}</properties>" if found else ""


def _outcome(test: TestEntry, bug: Bug | None) -> str:
    message = bug.error if bug else test.reason
    body = "\n\n".join(filter(None, (bug.excerpt or bug.error, f"{bug.severity} {bug.id}: {bug.title}"))) if bug else ""
    inner = ""
    match test.outcome:
        case "failed":
            inner = _element("failure", message or "failed", body)
        case "error":
            inner = _element("error", message or "failed on setup or teardown", body)
        case "skipped":
            inner = _element("skipped", test.reason, "", kind="pytest.skip")
        case "xfailed":
            inner = _element("skipped", test.reason or "expected failure", "", kind="pytest.xfail")
    if test.teardown_error:
        known = "" if inner else message
        inner += _element("error", known or "failed on teardown", body if known else "")
    return inner


def _element(tag: str, message: str, body: str, kind: str = "") -> str:
    attributes = f" type={_attribute(kind)}" if kind else ""
    return f"<{tag}{attributes} message={_attribute(message)}>{_text(body)}</{tag}>"


def _property(name: str, value: str) -> str:
    return f"<property name={_attribute(name)} value={_attribute(value)}/>"


def _attribute(value: str) -> str:
    """Quote; line breaks become references, for a parser folds them to spaces otherwise."""
    return quoteattr(_allowed(value, _MOST_MESSAGE), {"\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def _text(value: str) -> str:
    return escape(_allowed(value, _MOST_BODY))


def _allowed(value: str, most: int) -> str:
    return _NOT_XML.sub("\ufffd", plain(value[: most * 4], most))
