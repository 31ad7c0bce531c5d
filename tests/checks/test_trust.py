from __future__ import annotations

import shlex

import msgspec
import pytest

from brinell.checks.suite_report import suite_report
from brinell.checks.trust import trust
from brinell.core.evidence import MemoryEvidence
from brinell.core.examination import Confirmation, Exam, ExamStarted, FixTried, Left, LeftState
from brinell.core.observation import Choice, Phase, SeenTest, StepFinished, StepStarted, SuiteEnded, SuiteStarted
from brinell.core.plan import ExamineSpec, Plan, Step, SuiteSpec
from brinell.core.trust import SEED_RUNS
from brinell.core.verdicts import Exit, Owner, Reason, Verdict
from brinell.judge import judge
from brinell.rosters.checks import CHECKS

NAMES = (
    "victim", "late_victim", "p", "p2", "both", "healer", "brittle", "selfish", "hashy", "tokyo", "doubtful", "quiet",
    "other_p", "crowded", "setter",
)  # fmt: skip
IDS = tuple(f"tests/t.py::test_{name}" for name in NAMES)
NUMBER = {name: number for number, name in enumerate(NAMES)}
V, LATE, P = IDS[:3]
STARTED = ExamStarted(IDS, forks=True, rootdir="/p")
ENGINE = LeftState(
    "shop.db.ENGINE", "shop.db.ENGINE", "module-attribute", "None", "<Engine sqlite://>", "rebound", restorable=True
)
WEAK = LeftState("random.state", "random.state", "rng", weak=True)
ITEMS = LeftState("shop.registry.ITEMS", "shop.registry.ITEMS", "module-attribute", "[]", "['a']", "mutated")
TZ = LeftState("os.environ['TZ']", "os.environ['TZ']", "environ", "absent", "'UTC'")


def numbers(names):
    return tuple(NUMBER[name] for name in names.split())


def exam(names, outcomes, purpose="pair", **more):
    return Exam(purpose, numbers(names), outcomes, **more)


def fresh(purpose, names, outcomes, **more):
    tests = numbers(names)
    return Confirmation(purpose, ("pytest", "-p", "no:randomly", *(IDS[t] for t in tests)), tests, outcomes, **more)


def alone(*, but=()):
    """Everything alone, twice, and in default order, passing; ``but`` speaks for itself."""
    usual = [name for name in NAMES if name not in but]
    return [
        *(exam(name, "p", "alone") for name in usual),
        *(exam(f"{name} {name}", "pp", "twice") for name in usual),
        exam(" ".join(NAMES), "p" * len(NAMES), "order"),
    ]


VICTIM = (
    exam("p victim", "pf", messages={"0": "AssertionError: engine is set"}), exam("p victim", "pf"),
    exam("p late_victim", "pf"), exam("p late_victim", "pf"),
    Left(NUMBER["p"], (ENGINE, WEAK)),
    exam("p victim", "pp", "proof", restored=("shop.db.ENGINE",)),
    exam("p late_victim", "pp", "proof", restored=("shop.db.ENGINE",)),
    exam("p healer victim", "ppp", "cleaner"),
    FixTried(NUMBER["victim"], numbers("p"), ("shop.db.ENGINE",), "@pytest.fixture\ndef engine(): ...", worked=True),
    fresh("alone", "victim", "p"),
    fresh("sequence", "p victim", "pf", message="AssertionError: engine is set"),
)  # fmt: skip
BOTH = (
    exam("p2 both", "pp"), exam("other_p both", "pp"), exam("p2 other_p both", "ppf", "sequence"),
    exam("p2 other_p both", "ppf", "sequence"), Left(NUMBER["p2"], (ITEMS,)), fresh("alone", "both", "p"),
    fresh("sequence", "p2 other_p both", "ppf"),
)  # fmt: skip
BRITTLE = (
    exam("brittle", "f", "alone"), exam("brittle", "f", "alone"), exam("setter brittle", "pp", "sequence"),
    fresh("alone", "brittle", "f"), fresh("sequence", "setter brittle", "pp"),
)  # fmt: skip
SELFISH = (
    exam("selfish", "p", "alone"), exam("selfish selfish", "pf", "twice"), exam("selfish selfish", "pf", "twice"),
    fresh("alone", "selfish", "p"), fresh("twice", "selfish selfish", "pf"),
)  # fmt: skip
HASHY = (
    *(exam("hashy", "f", "factor hash", factors={"hash": 3}) for _ in range(SEED_RUNS["hash"])),
    *(exam("hashy", "p", "factor hash", factors={"hash": 5}) for _ in range(SEED_RUNS["hash"])),
    fresh("factor", "hashy", "f", env={"PYTHONHASHSEED": "3"}),
)
TOKYO = (
    *(exam("tokyo", "f", "factor tz", factors={"tz": "Asia/Tokyo"}) for _ in range(12)),
    *(exam("tokyo", "p", "factor tz") for _ in range(12)),
)
DOUBTFUL = (
    exam("quiet doubtful", "pf"), exam("quiet doubtful", "pf"), fresh("alone", "doubtful", "p"),
    fresh("sequence", "quiet doubtful", "pp"),
)  # fmt: skip
LATENT = (Left(NUMBER["quiet"], (TZ, WEAK)), Left(-1, (ITEMS,)))
CONFLICT = (exam("crowded", "f", "conflict", messages={"13": "OSError: port in use"}),)
ALL = (*VICTIM, *BOTH, *BRITTLE, *SELFISH, *HASHY, *TOKYO, *DOUBTFUL, *LATENT, *CONFLICT)
NOT_USUAL = ("brittle", "selfish")


def evidence(*records, spec=None, started=STARTED, state="done", suite=(), root="/p"):
    steps = (
        *((Step("suite", "suite", SuiteSpec()),) if suite else ()),
        Step("deep", "examine", spec or ExamineSpec()),
    )
    ran = [StepStarted("suite"), SuiteStarted(("pytest",), "py", "asked"), *suite] if suite else []
    ran += [SuiteEnded(0, 1.0, None, summary={}), StepFinished("suite")] if suite else []
    begun = [StepStarted("deep"), *([started] if started else []), *records, StepFinished("deep", state)]
    return MemoryEvidence(Plan("p", root, steps), [*ran, *begun])


def whole(**how):
    return trust(evidence(*alone(but=NOT_USUAL), *ALL, **how))


def flaky(part):
    return {one.test.removeprefix("tests/t.py::test_"): one for one in part.flaky}


def titles(part, verdict, *, required=True):
    return [one.title for one in part.findings if one.verdict is verdict and one.required is required]


def finding(part, identity):
    return next((one for one in part.findings if one.id == identity), None)


def test_only_tests_that_are_not_simply_stable_are_listed_with_their_verdict():
    found = {name: one.verdict for name, one in flaky(whole()).items()}
    assert found == {
        "victim": "victim", "late_victim": "victim", "both": "victim", "brittle": "brittle", "doubtful": "victim",
        "selfish": "self-polluting", "hashy": "nondeterministic", "tokyo": "stable",
    }  # fmt: skip


def test_a_victim_is_told_with_polluter_state_healer_fixture_and_a_line_to_paste():
    one = flaky(whole())["victim"]
    assert (one.polluters, one.polluter_sets, one.cleaners) == ((P,), ((P,),), (IDS[5],))
    assert [(state.name, state.kind, state.before, state.proved) for state in one.leaked_state] == [
        ("shop.db.ENGINE", "module-attribute", "None", True)
    ]
    assert one.reproducer == f"pytest -p no:randomly {P} {V}"
    assert one.reproducer_outcome == ("it failed (AssertionError: engine is set); alone it passed")
    assert one.confirmed
    assert one.fixture.startswith("@pytest.fixture")
    assert one.message == "AssertionError: engine is set"


def test_a_conjunction_is_one_set_in_order():
    one = flaky(whole())["both"]
    assert one.polluter_sets == ((IDS[NUMBER["p2"]], IDS[NUMBER["other_p"]]),)
    assert [state.proved for state in one.leaked_state] == [False]


def test_the_failure_probability_of_an_order_dependent_test_is_its_share_of_whole_orders():
    orders = [exam("victim p", "pp", "order"), exam("p victim", "pf", "order"), exam("p victim", "pf", "order")]
    one = flaky(trust(evidence(*alone(), *VICTIM, *orders)))["victim"].failure_probability
    assert (one.failures, one.runs) == (1, 3), "pairs do not count, and an order counts once"
    assert one.low < 1 / 3 < one.high


def test_the_failure_probability_of_the_others_is_that_of_what_shows_them():
    found = flaky(whole())
    assert (found["selfish"].failure_probability.failures, found["selfish"].failure_probability.runs) == (2, 2)
    assert found["tokyo"].failure_probability.failures == 0
    assert found["hashy"].failure_probability is None, "it never failed with the hash seed of this run"
    assert "flaky[].failure_probability" in whole().not_measured


def test_a_test_that_always_fails_under_this_hash_seed_has_no_known_failure_probability():
    part = trust(evidence(*alone(but=("hashy",)), *(exam("hashy", "f", "alone") for _ in range(3)), *HASHY[:-1]))
    assert flaky(part)["hashy"].failure_probability is None
    assert "fails by it with p" not in finding(part, flaky(part)["hashy"].cluster).detail


def test_a_factor_is_told_with_both_rates_and_the_command():
    effect = flaky(whole())["hashy"].factors["hash"]
    assert (effect.level, effect.with_factor.failures, effect.without.failures) == (3, SEED_RUNS["hash"], 0)
    assert effect.command == f"PYTHONHASHSEED=3 pytest -p no:randomly {IDS[NUMBER['hashy']]}"
    assert flaky(whole())["tokyo"].factors["tz"].command is None


def test_a_line_to_paste_is_quoted_and_goes_to_the_rootdir():
    name = "tests/t.py::test_x[a b'; rm -rf ~]"
    started = ExamStarted((name, "tests/t.py::v"), forks=True, rootdir="/p/a pi")
    pair = Confirmation("sequence", ("pytest", name, "tests/t.py::v"), (0, 1), "pf", env={"TZ": "a b"})
    records = [
        Exam("alone", (1,), "p"),
        Exam("pair", (0, 1), "pf"),
        Confirmation("alone", ("pytest",), (1,), "p"),
        pair,
    ]
    line = flaky(trust(evidence(*records, started=started)))["tests/t.py::v"].reproducer
    assert shlex.split(line) == ["cd", "a pi", "&&", "TZ=a b", "pytest", name, "tests/t.py::v"]


def test_findings_are_reasons_and_not_tests():
    together = "tests/t.py::test_p2 and 1 other together leave shop.registry.ITEMS changed (not proved)"
    assert titles(whole(), Verdict.FAIL) == [
        "1 polluter, 2 victims: tests/t.py::test_p leaves shop.db.ENGINE changed",
        f"2 polluters, 1 victim: {together}",
        "1 brittle test: passing only after tests/t.py::test_setter",
        "1 self-polluting test: tests/t.py::test_selfish leaves something changed that is not known",
        "1 nondeterministic test: it depends on the hash seed",
    ]


def test_a_confirmed_cluster_fails_and_its_owner_is_undecided():
    part = whole()
    found = finding(part, flaky(part)["victim"].cluster)
    assert (found.verdict, found.required, found.owner) == (Verdict.FAIL, True, Owner.UNDECIDED)
    assert found.detail.splitlines() == [
        "victim: tests/t.py::test_victim",
        "victim: tests/t.py::test_late_victim",
        "1 of them confirmed in fresh processes, the others seen in forked children only",
        f"See it: pytest -p no:randomly {P} {V}",
    ]
    assert found.evidence
    assert all(at.startswith("deep#") for at in found.evidence)


def test_what_no_fresh_process_showed_is_not_decided():
    part = whole()
    one = flaky(part)["doubtful"]
    assert not one.confirmed
    assert one.reproducer_outcome == "it passed; alone it passed"
    found = finding(part, one.cluster)
    assert (found.verdict, found.reason, found.owner) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE, None)
    assert "a fresh process did not show it" in found.detail
    assert f"brinell isolate {one.test}," in found.detail


def test_a_whole_order_that_was_not_narrowed_down_names_no_polluter():
    order = " ".join(name for name in NAMES if name != "victim") + " victim"
    part = trust(evidence(*alone(), exam(order, "p" * 14 + "f", "order")))
    found = finding(part, flaky(part)["victim"].cluster)
    assert found.title == "1 victim: failing in some orders, after which test is not known"
    assert "not narrowed down" in found.detail


def test_the_identity_of_a_cluster_is_that_of_its_reason():
    one, other = (
        flaky(trust(evidence(*alone(), *records)))["victim"].cluster for records in (VICTIM, VICTIM[:2] + VICTIM[4:])
    )
    assert one == other


def test_victims_of_two_polluters_that_leave_the_same_state_are_one_cluster():
    second = (
        exam("p2 both", "pf"), exam("p2 both", "pf"), Left(NUMBER["p2"], (ENGINE,)),
        exam("p2 both", "pp", "proof", restored=("shop.db.ENGINE",)),
    )  # fmt: skip
    first = [one for one in VICTIM if NUMBER["late_victim"] not in getattr(one, "tests", ())]
    part = trust(evidence(*alone(), *first, *second))
    assert len({one.cluster for one in part.flaky}) == 1
    title = "2 polluters, 2 victims: tests/t.py::test_p and 1 other leave shop.db.ENGINE changed"
    assert titles(part, Verdict.FAIL) == [title]


def test_what_makes_most_runs_fail_comes_first_among_what_was_confirmed():
    orders = [exam("brittle setter", "fp", "order", seconds=2.0), exam("setter brittle", "pp", "order", seconds=2.0)]
    records = (*alone(but=("brittle",)), *VICTIM, *BRITTLE, *orders)
    part = trust(evidence(*records))
    assert [title.split(":")[0] for title in titles(part, Verdict.FAIL)] == ["1 brittle test", "1 polluter, 2 victims"]
    assert "fails by it with p = 0.33" in finding(part, flaky(part)["brittle"].cluster).detail


def test_pollution_is_told_with_its_victims_and_without_weak_changes():
    found = {(one.test, one.state): one for one in whole().pollution}
    assert set(found) == {
        (None, "shop.registry.ITEMS"), (P, "shop.db.ENGINE"), (IDS[NUMBER["p2"]], "shop.registry.ITEMS"),
        (IDS[NUMBER["quiet"]], "os.environ['TZ']"),
    }  # fmt: skip
    engine = found[P, "shop.db.ENGINE"]
    assert (engine.victims, engine.proved) == ((V, LATE), True)
    assert found[None, "shop.registry.ITEMS"].victims == ()


def test_a_weak_change_is_told_where_it_was_proved_to_hurt():
    proof = exam("p victim", "pp", "proof", restored=("random.state",))
    part = trust(evidence(*alone(), *VICTIM[:2], Left(NUMBER["p"], (WEAK,)), proof))
    assert [(one.state, one.victims) for one in part.pollution] == [("random.state", (V,))]


def test_what_advises_does_not_count():
    part = whole()
    assert "1 test passes here and would fail in another environment" in titles(part, Verdict.FAIL, required=False)
    conflict = finding(part, "deep.conflicts")
    assert (conflict.verdict, conflict.required) == (Verdict.FAIL, False)
    assert "test_crowded" in conflict.detail
    latent = finding(part, "deep.latent")
    assert (latent.verdict, latent.required) == (Verdict.UNKNOWN, False)
    assert "import and collection: shop.registry.ITEMS" in latent.detail


def test_latent_pollution_is_capped():
    left = [
        Left(number, (msgspec.structs.replace(TZ, name=f"os.environ[{n}]"),)) for n in range(5) for number in range(15)
    ]
    detail = finding(trust(evidence(*alone(), *left)), "deep.latent").detail
    assert "and 5 more" in detail
    assert len(detail.splitlines()) == 12


def test_factors_that_cannot_be_changed_here_are_said_with_the_reason():
    part = trust(evidence(*alone(), exam("p", "p", "factor clock", factors={"clock": 1}, unsupported={"clock": "no"})))
    found = finding(part, "deep.unsupported")
    assert (found.reason, found.detail, found.required) == (Reason.UNSUPPORTED, "clock: no", False)


def test_what_the_examination_left_out_by_itself_is_said():
    part = trust(evidence(*alone(), Choice("not tried: cpu", "the budget was spent: --budget gives more")))
    found = finding(part, "deep.choices")
    assert found.detail == "not tried: cpu: the budget was spent: --budget gives more"
    assert not found.required


def test_without_forks_it_says_why():
    started = msgspec.structs.replace(STARTED, forks=False, why_not="2 threads are alive after collection")
    found = finding(trust(evidence(*alone(), started=started)), "deep.no-fork")
    assert "2 threads are alive" in found.detail
    assert not found.required


def test_a_pass_says_what_could_still_be_missed():
    part = trust(evidence(*alone(), exam(" ".join(reversed(NAMES)), "p" * 15, "order")))
    [found] = part.findings
    assert (found.verdict, found.required) == (Verdict.PASS, True)
    assert found.title == "15 tests examined, 2 orders, each alone and twice; nothing differs"
    expected = "Each ran 5 times or more. One that fails 1 time in 200 by chance would have gone unseen with p = 0.98."
    assert found.detail == expected


def test_tests_that_always_fail_are_no_flakiness_and_no_pass():
    always = [exam("p", "f", "alone"), exam("p", "f", "alone")]
    records = [one for one in alone(but=("p",)) if one.purpose != "order"]
    part = trust(evidence(*records, *always))
    assert part.flaky == ()
    assert "1 of them failed each time" in finding(part, "deep.stable").detail


def test_a_budget_that_ended_early_is_no_pass():
    part = trust(evidence(*alone()[:20]))
    found = finding(part, "deep.coverage")
    assert (found.verdict, found.reason, found.required) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE, True)
    assert found.title == "the examination is not whole: of 15 tests 10 never ran twice in one process"
    assert "each alone" not in finding(part, "deep.stable").title
    nothing = trust(evidence())
    assert [(one.verdict, one.reason) for one in nothing.findings] == [(Verdict.UNKNOWN, Reason.NOT_EXERCISED)]


def test_only_the_tests_that_were_asked_for_get_a_verdict():
    part = whole(spec=ExamineSpec(tests=(V,)))
    assert set(flaky(part)) == {"victim"}
    nothing = whole(spec=ExamineSpec(tests=("tests/u.py",)))
    assert [(one.verdict, one.reason) for one in nothing.findings if one.required] == [
        (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    ]


@pytest.mark.parametrize(
    ("asked", "others"),
    [("tests", 7), ("tests/", 7), ("tests/t.py", 7), ("tests/t.py::test_victim", 0), ("test_victim", 0), ("t_vict", 0)],
)
def test_a_folder_a_file_or_a_test_may_be_asked_for(asked, others):
    found = flaky(whole(spec=ExamineSpec(tests=(asked,))))
    assert ("victim" in found, len(found)) == (True, others + 1)


def test_where_only_factors_were_asked_for_nothing_has_to_run_twice():
    records = [one for one in alone() if one.purpose != "twice"]
    part = trust(evidence(*records, spec=ExamineSpec(factors={"tz": "Asia/Tokyo"})))
    assert [(one.verdict, one.title) for one in part.findings] == [
        (Verdict.PASS, "15 tests examined, 1 order; nothing differs")
    ]


def test_without_an_examination_the_lists_are_not_measured():
    part = trust(MemoryEvidence(Plan("p", "/p", ()), []))
    assert (part.flaky, part.pollution, part.findings) == (None, None, ())
    assert set(part.not_measured) == {"flaky", "pollution"}
    assert set(trust(evidence(started=None)).not_measured) == {"flaky", "pollution"}


def test_the_judgement_fails_with_the_products_exit_code():
    found = judge(evidence(*alone(), *VICTIM), CHECKS)
    assert (found.verdict, found.exit_code) == (Verdict.FAIL, Exit.FAIL)
    assert [one.test for one in found.flaky] == [V, LATE]


# Tests that passed only when run again

PHASES = {"call": Phase("passed", 0.1)}


def retried(name, outcome="passed"):
    return [
        SeenTest(IDS[NUMBER[name]], "failed", PHASES, final=False),
        SeenTest(IDS[NUMBER[name]], outcome, PHASES, attempt=1),
    ]


def trusts(*records, suite):
    part = suite_report(evidence(*records, suite=suite))
    return {one.id.removeprefix("tests/t.py::test_"): (one.outcome, one.trust) for one in part.suite.tests}


def test_a_retried_test_has_the_word_of_clean_processes():
    suite = [*retried("victim"), *retried("quiet"), SeenTest(P, "passed", PHASES)]
    assert trusts(*alone(), *VICTIM, suite=suite) == {
        "victim": ("passed", "victim"), "quiet": ("passed", "retried"), "p": ("passed", "stable"),
    }  # fmt: skip
    found = finding(trust(evidence(*alone(), *VICTIM, suite=suite)), "suite.retried")
    assert (found.verdict, found.required) == (Verdict.FAIL, False)
    assert "tests/t.py::test_quiet: failed in none of" in found.detail


def test_a_retry_that_hid_a_failure_counts():
    always = [exam("p", "f", "alone"), exam("p", "f", "alone"), exam("p quiet", "fp")]
    found = finding(trust(evidence(*always, suite=retried("p"))), "suite.retried")
    assert (found.verdict, found.required) == (Verdict.FAIL, True)
    assert (
        found.title == "1 test that passed only when run again: 1 of them fail in every clean process, the retry hid it"
    )
    assert trusts(*always, suite=retried("p")) == {"p": ("passed", "retried")}


def test_an_outcome_is_confirmed_only_by_clean_processes_that_gave_the_same():
    failed = [SeenTest(P, "failed", PHASES)]
    always = [exam("p", "f", "alone"), exam("p", "f", "alone")]
    assert trusts(*always, suite=failed) == {"p": ("failed", "confirmed")}
    assert trusts(*alone(), suite=failed) == {"p": ("failed", "differed")}
    assert trusts(*always, suite=[SeenTest(P, "passed", PHASES)]) == {"p": ("passed", "differed")}
    assert trusts(suite=failed) == {"p": ("failed", "single-run")}
