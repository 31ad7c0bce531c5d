from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.judgement import FactorEffect, LeakedState, Pollution, Probability
from brinell.core.verdicts import Verdict
from brinell.reports import outline, outline_trust
from brinell.reports.html import html
from brinell.reports.junit import junit
from brinell.reports.markdown import markdown
from brinell.reports.terminal import summary

ENGINE = LeakedState(name="shop.db.ENGINE", kind="module-attribute", before="None", after="1", proved=True)


def rate(failures, runs):
    return Probability(estimate=failures / runs, low=0.0, high=1.0, failures=failures, runs=runs)


def victim(build, *sets, **more):
    tests = tuple(test for one in sets for test in one)
    return build.flaky_test("b.py::test_v", polluter_sets=sets, polluters=tests, **more)


def test_a_victim_in_one_sentence(build):
    assert outline_trust.why(victim(build, ("a.py::test_p",), leaked_state=(ENGINE,))) == (
        "`test_v` fails only after `test_p`, which leaves `shop.db.ENGINE` changed."
    )


def test_conjunctions_alternatives_and_healers_are_told(build):
    several = victim(build, ("a.py::p", "a.py::q"), ("a.py::r",), cleaners=("a.py::h",))
    assert outline_trust.why(several) == (
        "`test_v` fails only after `p` and then `q` (or 1 other). In between, `h` heals it."
    )


def test_what_was_not_proved_or_not_confirmed_is_said(build):
    doubt = msgspec.structs.replace(ENGINE, proved=False)
    said = outline_trust.why(victim(build, ("a.py::p",), leaked_state=(doubt,), confirmed=False))
    assert "that this is the reason was not proved" in said
    assert said.endswith("Not confirmed: no fresh process showed it.")


def test_tests_that_would_look_alike_keep_their_files(build):
    said = outline_trust.why(victim(build, ("a.py::test_v",)))
    assert said == "`b.py::test_v` fails only after `a.py::test_v`."


@pytest.mark.parametrize(
    ("verdict", "more", "said"),
    [
        ("victim", {}, "`test_v` passes alone and fails in some orders."),
        ("brittle", {}, "`test_v` fails alone and passes in some orders."),
        ("brittle", {"setter_sets": (("a.py::s",),), "setters": ("a.py::s",)},
         "`test_v` fails alone and passes only after `s`."),
        ("self-polluting", {"leaked_state": (ENGINE,)},
         "`test_v` passes, and fails when it runs again in the same process: it leaves `shop.db.ENGINE` changed."),
        ("nondeterministic", {}, "`test_v` passes and fails under the same conditions; the cause was not found."),
        ("nondeterministic", {"cause": "cpu"},
         "`test_v` passes and fails under the same conditions; cause: share of the processor."),
        ("stable", {"cause": "tz"}, "`test_v` depends on the time zone."),
        ("something new", {}, "`test_v`: something new."),
    ],
)  # fmt: skip
def test_every_verdict_has_its_sentence(build, verdict, more, said):
    assert outline_trust.why(build.flaky_test("b.py::test_v", verdict, **more)) == said


def test_a_factor_is_told_with_both_rates(build):
    effect = FactorEffect(
        level={"at": "2024-02-29", "tz": "UTC"}, with_factor=rate(9, 10), without=rate(1, 10), command=None
    )
    one = build.flaky_test("b.py::test_v", "nondeterministic", factors={"clock": effect})
    assert outline_trust.why(one) == (
        "`test_v` depends on the clock: with at 2024-02-29, tz UTC, 9 of 10 runs failed, otherwise 1 of 10 runs."
    )


def test_a_moment_of_the_calendar_is_named():
    assert outline_trust.level({"moment": "leap-day", "at": "2028-02-29T10:17"}) == "leap-day (2028-02-29T10:17)"


def test_how_often_a_test_fails_says_of_which_runs(build):
    often = Probability(estimate=0.3, low=0.16563, high=0.46527, failures=12, runs=40)
    one = build.flaky_test("b.py::test_v", failure_probability=often)
    assert outline_trust.share(one) == "Failed in 12 of 40 orders: 30 %, between 16.5 % and 46.6 %"
    again = msgspec.structs.replace(one, verdict="self-polluting")
    assert outline_trust.share(again).startswith("Failed in 12 of 40 second runs")
    assert outline_trust.share(msgspec.structs.replace(one, verdict="stable")) == ""
    assert outline_trust.share(msgspec.structs.replace(one, failure_probability=None)) == ""


def test_tests_are_grouped_by_reason_in_the_judges_order_and_confirmed_ones_come_first(build):
    judgement = build.untrusted()
    first, *others = outline_trust.groups(judgement)
    assert (first.title, first.verdict) == (judgement.findings[0].title, Verdict.FAIL)
    assert len(first.tests) == 5
    assert others[0].verdict is Verdict.UNKNOWN
    assert {one.title for one in others[1:]} == {
        "fails when it runs twice", "passes only after other tests", "depends on where it runs",
    }  # fmt: skip
    assert sum(len(group.tests) for group in (first, *others)) == len(judgement.flaky)
    turned = msgspec.structs.replace(
        judgement, flaky=(msgspec.structs.replace(judgement.flaky[0], confirmed=False), *judgement.flaky[1:])
    )
    assert outline_trust.groups(turned)[0].tests[-1].test == judgement.flaky[0].test


def test_stable_tests_are_not_counted_as_unreliable(build):
    assert outline_trust.unreliable(build.untrusted()) == 8


def test_state_is_told_once_with_all_that_leave_it_and_what_hurts_comes_first(build):
    def left(test, state, *victims, proved=False):
        return Pollution(
            test=test, state=state, kind="environ", before="absent", after="1", victims=victims, proved=proved
        )

    judgement = msgspec.structs.replace(
        build.realistic(),
        pollution=(left(None, "A"), left("p", "B"), left("q", "B", "v", proved=True), left("r", "B", "v", "w")),
    )
    b, a = outline_trust.left_behind(judgement)
    assert (b.state, b.who, b.victims, b.proved) == ("B", ["p", "q", "r"], ["v", "w"], True)
    assert outline_trust.hurts(b) == "2 tests fail by it, proved"
    assert (a.who, outline_trust.hurts(a)) == (["import and collection"], "latent: no test was seen to fail by it")


@given(name=st.text(min_size=1, max_size=30), state=st.text(max_size=30))
def test_no_name_can_open_or_close_the_code_of_a_sentence(build, name, state):
    leaked = msgspec.structs.replace(ENGINE, name=state)
    said = outline_trust.why(victim(build, (name,), leaked_state=(leaked,)))
    pieces = outline.segments(said)
    assert len(pieces) > 1
    assert any("fails only after" in piece for is_code, piece in pieces if not is_code)


# In the reports


def test_the_terminal_shows_reasons_and_lines_to_copy(build):
    text = summary(build.untrusted(), width=60)
    assert "pytest tests/db/test_pool.py::test_p tests/db/test_pool.py::test_v\n" in text
    assert "and 3 more in report.md" in text
    assert '    monkeypatch.setattr(shop.db, "ENGINE", shop.db.ENGINE)\n' in text
    assert "`" not in text[text.index("Tests that cannot") : text.index("State left behind")]
    assert "and 8 more in report.md" in text[text.index("State left behind") :]


def test_a_command_in_several_lines_is_not_altered(build):
    one = next(one for one in build.untrusted().flaky if "\n" in (one.reproducer or ""))
    for report in (lambda judgement: summary(judgement, width=60), markdown):
        assert one.reproducer in report(build.untrusted())


def test_markdown_tells_the_first_tests_in_full_and_lists_the_others(build):
    text = markdown(build.untrusted())
    assert "## Tests that cannot be trusted" in text
    assert "```sh\npytest tests/db/test_pool.py::test_p tests/db/test_pool.py::test_v\n```" in text
    assert "```python\n@pytest.fixture" in text
    assert "| `tests/db/test_pool.py::test_other[3]` | victim | yes |" in text
    assert "| `hash seed 3` | 10 of 10 runs | 0 of 10 runs |" in text
    assert "## State left behind" in text


def test_html_has_both_sections_and_leads_to_them(build):
    page = html(build.untrusted())
    assert 'href="#trust"' in page
    assert '<h2 id="trust-h">Tests that cannot be trusted</h2>' in page
    assert '<h2 id="left-h">State left behind</h2>' in page
    assert "2 more for the same reason" in page


@pytest.mark.parametrize("report", [html, markdown, summary])
def test_without_an_examination_nothing_is_said_of_trust(build, report):
    assert "cannot be trusted" not in report(build.realistic())
    assert "State left behind" not in report(build.realistic())


def test_junit_says_it_beside_the_outcome_and_changes_none(build):
    judgement = build.untrusted()
    names = dict(zip((one.test for one in judgement.flaky), judgement.suite.tests, strict=False))
    flaky = tuple(msgspec.structs.replace(one, test=names[one.test].id) for one in judgement.flaky)
    text = junit(msgspec.structs.replace(judgement, flaky=flaky))
    assert text.count('name="brinell.trust" value="victim"') == 5
    assert 'name="brinell.reproducer" value="pytest tests/db/test_pool.py::test_p' in text
    plain = junit(msgspec.structs.replace(judgement, flaky=()))
    for word in ("<failure", "<error", "<skipped"):
        assert text.count(word) == plain.count(word)


def test_many_reasons_stay_bounded(build):
    judgement = build.untrusted()
    flaky = tuple(
        build.flaky_test(f"t.py::test_{n}", cluster=f"c{n}", message="x" * 5000, fixture="y" * 5000)
        for n in range(3000)
    )
    many = msgspec.structs.replace(judgement, flaky=flaky)
    assert len(markdown(many)) < 600_000
    assert len(html(many)) < 1_500_000
    assert len(summary(many).splitlines()) < 300
