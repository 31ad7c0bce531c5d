"""The pairs that are written fail while the pollution is there, pass without it, and fail when it comes back."""

from __future__ import annotations

import pytest

from brinell.kit import seal
from brinell.kit.isolation_validation import NAME, isolation_validation, known_in

FILE = f"tests/hardening/{NAME}"
VICTIM, POLLUTER = "tests/test_shop.py::test_default_mode", "tests/test_shop.py::test_other_mode"
LEAKING = """
import os

def test_default_mode():
    assert os.environ.get("SHOP_MODE", "plain") == "plain"

def test_other_mode():
    os.environ["SHOP_MODE"] = "fancy"
    assert os.environ["SHOP_MODE"] == "fancy"
"""
CLEAN = LEAKING.replace(
    "def test_other_mode():\n    os.environ[", "def test_other_mode(monkeypatch):\n    monkeypatch.setenv("
)
CLEAN = CLEAN.replace('monkeypatch.setenv("SHOP_MODE"] = "fancy"', 'monkeypatch.setenv("SHOP_MODE", "fancy")')
STATE = (("os.environ['SHOP_MODE']", "environ"),)


@pytest.fixture
def guard(project, of):
    """The project while it leaks, and what was written for it."""
    project.write("test_shop.py", LEAKING)
    project.guard(NAME, isolation_validation(of.judgement(flaky=(of.victim(VICTIM, (POLLUTER,), state=STATE),))))
    return project


def fix_it(project):
    project.replace(f"hardening/{NAME}", "fixed=False", "fixed=True")


def test_what_is_known_and_not_fixed_is_expected_to_fail(guard):
    status, said = guard.pytest(FILE)
    assert (status, "1 xfailed" in said) == (0, True), said


def test_the_list_turns_red_once_it_is_fixed_so_that_somebody_says_so(guard):
    guard.write("test_shop.py", CLEAN)
    status, said = guard.pytest(FILE)
    assert (status, "XPASS(strict)" in said) == (1, True), said
    fix_it(guard)
    status, said = guard.pytest(FILE)
    assert (status, "1 passed" in said) == (0, True), said


def test_pollution_that_comes_back_fails_and_names_the_order(guard):
    fix_it(guard)
    status, said = guard.pytest(FILE)
    assert status == 1
    assert f"PollutedError: {VICTIM} fails after {POLLUTER}" in said
    assert "assert 'fancy' == 'plain'" in said


def test_state_that_leaks_fails_although_no_test_minds(guard):
    guard.replace("test_shop.py", '== "plain"', "in (None, 'plain', 'fancy')")
    fix_it(guard)
    status, said = guard.pytest(FILE)
    assert status == 1
    assert f"{POLLUTER} leaves state changed" in said
    assert "os.environ['SHOP_MODE']: not there -> 'fancy'" in said


def test_a_test_that_is_gone_fails_whatever_is_expected(guard):
    guard.replace("test_shop.py", "def test_other_mode", "def test_another_mode")
    status, said = guard.pytest(FILE)
    assert status == 1
    assert "was one renamed?" in said


def test_a_victim_that_fails_alone_is_no_victim(guard):
    guard.replace("test_shop.py", '== "plain"', '== "simple"')
    fix_it(guard)
    status, said = guard.pytest(FILE)
    assert status == 1
    assert "fails alone, too" in said


def test_state_of_a_module_that_only_the_polluter_imports_is_no_leak(project, of):
    (project.root / "rates.py").write_text("TABLE = {'NL': 21}\n")
    project.write("test_shop.py", "def test_one(): pass\ndef test_two():\n    import rates\n    assert rates.TABLE\n")
    names = ("tests/test_shop.py::test_one", "tests/test_shop.py::test_two")
    found = of.victim(names[0], (names[1],), state=(("rates.TABLE['NL']", "module-attribute"),))
    project.guard(NAME, isolation_validation(of.judgement(flaky=(found,))))
    fix_it(project)
    status, said = project.pytest(FILE, "-p", "no:cacheprovider")
    assert status == 0, said
    (project.root / "tests" / "test_shop.py").write_text(
        "import rates\ndef test_one(): pass\ndef test_two():\n    rates.TABLE['NL'] = 9\n"
    )
    status, said = project.pytest(FILE)
    assert (status, "rates.TABLE['NL']: 21 -> 9" in said) == (1, True), said


def test_polluters_that_only_work_together_run_together(project, of):
    project.write(
        "test_shop.py",
        "SEEN = set()\ndef test_v(): assert len(SEEN) < 2\ndef test_a(): SEEN.add(1)\ndef test_b(): SEEN.add(2)\n",
    )
    v, a, b = (f"tests/test_shop.py::test_{name}" for name in "vab")
    project.guard(NAME, isolation_validation(of.judgement(flaky=(of.victim(v, (a, b), (b, a)),))))
    status, said = project.pytest(FILE)
    assert (status, "2 xfailed" in said) == (0, True), said


def test_ids_of_any_text_give_a_file_that_runs(project, of):
    odd = ["a'b", 'c"d', "e\\n", "ü-\u202e", "'''\"\"\"", "{{run}}", "x y"]
    project.write(
        "test_shop.py",
        "import pytest\nSEEN = []\n"
        f"@pytest.mark.parametrize('n', range({len(odd)}), ids={odd!r})\ndef test_p(n): SEEN.append(n)\n"
        "def test_v(): assert not SEEN\n",
    )
    names = project.pytest("--collect-only", "-q", "tests/test_shop.py")[1].splitlines()
    *polluters, v = [name for name in names if name.startswith("tests/test_shop.py::")]
    assert len(polluters) == len(odd)
    text = isolation_validation(of.judgement(flaky=(of.victim(v, *((one,) for one in polluters)),)))
    assert known_in(text) == len(odd)
    project.guard(NAME, text)
    status, said = project.pytest(FILE)
    assert (status, f"{len(odd)} xfailed" in said) == (0, True), said


def test_the_next_run_keeps_what_was_said_and_forgets_nothing(of):
    before = isolation_validation(of.judgement(flaky=(of.victim(VICTIM, (POLLUTER,), state=STATE),)))
    said = before.replace("fixed=False", "fixed=True")
    assert seal.state(said) == "ours"
    nothing_new = isolation_validation(of.judgement(), said)
    assert "fixed=True" in nothing_new
    assert 'lambda: os.environ["SHOP_MODE"]' in nothing_new
    more = isolation_validation(of.judgement(flaky=(of.victim("tests/test_b.py::test_b", (POLLUTER,)),)), nothing_new)
    assert known_in(more) == 2
    assert isolation_validation(of.judgement(flaky=(of.victim(VICTIM, (POLLUTER,)),)), said).count("fixed=True") == 1


def test_many_polluters_cost_no_more_than_a_team_waits_for(of):
    polluters = [(f"t.py::p{n}",) for n in range(60)]
    one = of.judgement(flaky=(of.victim("t.py::v", *polluters),))
    assert known_in(isolation_validation(one)) == 40
    many = of.judgement(flaky=tuple(of.victim(f"t.py::v{n}", *polluters[:2]) for n in range(50)))
    text = isolation_validation(many)
    assert known_in(text) == text.count("certain=True") == 50


def test_what_has_a_secret_in_its_id_cannot_be_run_by_it_and_is_left_out(of):
    hidden = "t.py::t[token=[redacted]]"
    assert (
        isolation_validation(of.judgement(flaky=(of.victim("t.py::v", (hidden,)), of.victim(hidden, ("t.py::p",)))))
        == ""
    )


def test_without_a_victim_there_is_no_file(of):
    assert isolation_validation(of.judgement(flaky=(of.flaky("t.py::t", "nondeterministic"),))) == ""
