"""Records of a scenario with a document, to what was exercised and whether answers keep to it."""

from __future__ import annotations

from brinell.checks.traffic import traffic
from brinell.core.evidence import MemoryEvidence
from brinell.core.load_records import Exemplar, LoadSlice
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec, Plan, Step
from brinell.core.traffic_records import AnswersJudged, LeftOut, TrafficRead
from brinell.core.verdicts import Reason, Verdict

STEP = Step("load:api", "load", LoadSpec(name="api", shape={}, openapi="/openapi.json"))
READ = TrafficRead(
    form="openapi", source="/openapi.json", version="3.1.0", title="Things", operations=("GET /a", "GET /b"), requests=4
)


def ended(operation, outcome="ok", count=1):
    return LoadSlice(0, 0, operation, outcome, count, ((1,), (count,)), ((), ()), 1, 0)


def judged(read, *records):
    part = traffic(MemoryEvidence(Plan("p", "/p", (STEP,)), [StepStarted(STEP.id), read, *records]))
    assert all(not finding.required for finding in part.findings)
    return part.traffic[0], {one.id.removeprefix("load.api."): one for one in part.findings}


def replaced(**fields):
    import msgspec

    return msgspec.structs.replace(READ, **fields)


def test_all_of_it_exercised_and_right():
    numbers, findings = judged(
        READ, ended("GET /a"), ended("GET /b", "status-500"), AnswersJudged(0, 0, {"GET /a": (1, 2, 0)})
    )
    assert numbers.exercised == ("GET /a", "GET /b")
    assert numbers.not_exercised == ()
    assert (numbers.looked, numbers.known, numbers.unseen) == (1, 2, 0)
    assert {name: one.verdict for name, one in findings.items()} == {"coverage": Verdict.PASS, "contract": Verdict.PASS}


def test_what_was_never_sent_or_answered_is_named():
    read = replaced(operations=("GET /a", "GET /b", "PUT /b"), linked=("PUT /b",), left=(LeftOut("GET /c", "no id"),))
    numbers, findings = judged(read, ended("GET /a", "timeout"))
    assert {one.operation: one.why for one in numbers.not_exercised} == {
        "GET /c": "no id",
        "GET /a": "it was sent and never answered",
        "GET /b": "the run ended before its turn came",
        "PUT /b": "no answer before it gave what it needs",
    }
    coverage = findings["coverage"]
    assert (coverage.verdict, coverage.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert "0 of 4 operations" in coverage.title
    assert findings["contract"].reason is Reason.NOT_EXERCISED


def test_answers_that_break_the_document_are_counted_and_cited():
    wrong = Exemplar("GET /a", "check", 1, 1, 1, 2, detail="status 200: $.id: wrong")
    numbers, findings = judged(READ, ended("GET /a", "check", 7), wrong, ended("GET /b"))
    contract = findings["contract"]
    assert contract.verdict is Verdict.FAIL
    assert contract.detail == "GET /a (7 times): status 200: $.id: wrong"
    assert contract.evidence == ("load:api#3",)
    assert numbers.broken == (LeftOut("GET /a", "status 200: $.id: wrong"),)
    assert "GET /a" in numbers.exercised


def test_what_was_seen_beforehand_counts_too():
    _, findings = judged(replaced(broken=(LeftOut("GET /a", "$: no"),)), ended("GET /a"), ended("GET /b"))
    assert findings["contract"].detail == "GET /a: $: no"


def test_too_little_compared_is_no_pass():
    counts = AnswersJudged(0, 0, {"GET /a": (10, 0, 90)})
    _, findings = judged(READ, ended("GET /a"), ended("GET /b"), counts)
    assert (findings["contract"].verdict, findings["contract"].reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    assert "90 of 100" in findings["contract"].title


def test_what_the_subject_refuses_although_the_document_allows_it():
    _, findings = judged(replaced(refused=(LeftOut("GET /a", "422"),)), ended("GET /a"))
    assert (findings["refused"].verdict, findings["refused"].detail) == (Verdict.FAIL, "GET /a: 422")


def test_long_lists_are_cut_and_say_so():
    left = tuple(LeftOut(f"GET /{number}", "why") for number in range(50))
    _, findings = judged(replaced(left=left), ended("GET /a"), ended("GET /b"))
    assert findings["coverage"].detail.endswith("and 30 more")


def test_scenarios_without_a_document_have_none():
    part = traffic(MemoryEvidence(Plan("p", "/p", (STEP,)), [StepStarted(STEP.id), ended("GET /a")]))
    assert (part.traffic, part.findings) == (None, ())
