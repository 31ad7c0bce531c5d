from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brinell.core.observation import Envelope, Further
from brinell.triage.failure import observe
from brinell.triage.group import group
from brinell.triage.ownership import layout_of

BOOM = ("src/shop/cart.py:30 Cart.add", "src/shop/price.py:12 net")


def test_one_root_in_many_tests_is_one_bug(suite):
    one = suite.raised("ValueError", "bad rate 3", "tests/test_a.py:4 test_a", *BOOM)
    other = suite.raised("ValueError", "bad rate 7", "tests/test_b.py:9 test_b", "src/shop/web.py:3 get", BOOM[1])
    (bug,) = suite.bugs(suite.failed("tests/test_a.py::test_a", one), suite.failed("tests/test_b.py::test_b[x]", other))
    assert bug.tests == ("tests/test_a.py::test_a", "tests/test_b.py::test_b[x]")
    assert bug.title == "ValueError in net (src/shop/price.py): bad rate 3"
    assert bug.why_grouped == (
        "ValueError with net (src/shop/price.py) as the deepest project function, and the same masked message"
    )


def test_a_moved_line_changes_nothing(suite):
    def at(line):
        error = suite.raised("ValueError", "bad", f"tests/test_a.py:{line} test_a", f"src/shop/price.py:{line} net")
        return suite.bugs(suite.failed("tests/test_a.py::test_a", error))[0].id

    assert at(3) == at(300)
    assert at(3).startswith("b1-")


def test_another_type_function_or_message_is_another_bug(suite):
    errors = [
        suite.raised("ValueError", "bad rate", BOOM[1]),
        suite.raised("KeyError", "bad rate", BOOM[1]),
        suite.raised("ValueError", "bad rate", "src/shop/price.py:12 gross"),
        suite.raised("ValueError", "no rate", BOOM[1]),
    ]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))) == 4


def test_one_raise_statement_is_one_bug_whatever_its_message_says(suite):
    at = suite.frame("src/shop/price.py:12 net", 'raise ValueError(f"no {thing} today")')
    errors = [suite.raised("ValueError", f"no {thing} today", at) for thing in ("milk", "bread")]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))) == 1


def test_a_helper_that_raises_what_it_is_told_does_not_hide_bugs(suite):
    at = suite.frame("src/shop/errors.py:12 fail", "raise ShopError(message)")
    errors = [suite.raised("ShopError", message, at) for message in ("no stock", "no address")]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))) == 2


def test_a_product_failure_in_set_up_and_in_the_call_is_one_bug(suite):
    error = suite.raised("ValueError", "bad", "tests/conftest.py:3 shop", BOOM[1])
    (bug,) = suite.bugs(
        suite.failed("tests/test_a.py::test_a", error, phase="setup", fixture="shop"),
        suite.failed("tests/test_b.py::test_b", suite.raised("ValueError", "bad", "tests/test_b.py:1 test_b", BOOM[1])),
        suite.failed("tests/test_c.py::test_c", error, phase="teardown", fixture="other"),
    )
    assert len(bug.tests) == 3


def test_a_broken_fixture_is_one_bug_whatever_it_says(suite):
    (bug,) = suite.bugs(
        *(
            suite.failed(
                f"tests/test_{n}.py::test_it",
                suite.raised("RuntimeError", f"try {word}", "tests/conftest.py:8 database"),
                phase="setup",
                fixture="database",
            )
            for n, word in enumerate(("once", "twice"))
        )
    )
    assert bug.title == "fixture 'database' fails: RuntimeError: try once"


def test_one_missing_module_is_one_bug_in_collection_and_in_calls(suite):
    error = suite.raised("ModuleNotFoundError", "No module named 'redis'", "tests/test_a.py:1 <module>")
    (bug,) = suite.bugs(
        suite.CollectError("tests/test_a.py", (error,)),
        suite.CollectError("tests/test_b.py", (error,)),
        suite.failed("tests/test_c.py::test_c", error),
    )
    assert bug.title == "module 'redis' cannot be found"
    assert bug.tests == ("tests/test_a.py", "tests/test_b.py", "tests/test_c.py::test_c")


def test_a_product_file_that_does_not_parse_is_one_bug(suite):
    places = ("tests/test_a.py:1 <module>", "src/shop/cart.py:3 <module>")  # the recording adds the second
    error = suite.raised("SyntaxError", "invalid syntax (cart.py, line 3)", *places)
    (bug,) = suite.bugs(*(suite.CollectError(f"tests/test_{n}.py", (error,)) for n in range(3)))
    assert bug.suspects[0].file == "src/shop/cart.py"


def test_equal_assertions_in_different_tests_are_different_bugs(suite):
    errors = [
        suite.raised("AssertionError", "assert 3 == 4", suite.frame(f"tests/test_a.py:{n} test_{n}", "assert f() == 4"))
        for n in range(2)
    ]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))) == 2


def test_assertions_about_one_function_stay_apart_and_point_at_each_other(suite):
    def wrong(name, got, expected, call):
        at = suite.frame(f"tests/test_a.py:3 {name}", f"assert {call} == {expected}")
        error = suite.raised("AssertionError", f"assert {got} == {expected}\n +  where {got} = {call}", at)
        return suite.failed(f"tests/test_a.py::{name}", error)

    sign, rounding = wrong("test_sign", 3, -3, "net(-3)"), wrong("test_rounding", 2, 3, "net(2.5)")
    alone = wrong("test_gross", 1, 2, "gross(1)")
    bugs = {bug.tests[0].rpartition("::")[2]: bug for bug in suite.bugs(sign, rounding, alone)}
    assert len(bugs) == 3  # a sign and a rounding are two defects, though of one function
    assert "The assertion of 1 other bug calls `net`, too" in bugs["test_sign"].root_cause
    assert "other bug" not in bugs["test_gross"].root_cause


def test_the_parameters_of_one_assertion_are_one_bug(suite):
    at = suite.frame("tests/test_a.py:3 test_a", "assert net(x) == y")
    errors = [suite.raised("AssertionError", f"assert {text}", at) for text in ("'a' == 3", "None == [1]")]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_a[{n}]", e) for n, e in enumerate(errors)))) == 1


def test_parameters_may_hold_what_separates_ids(suite):
    at = suite.frame("tests/[a]/test_a.py:3 test_a", "assert net(x) == y")
    names = ("test_a[b::c]", "test_a[[1]-d]", "test_a")
    tests = (suite.failed(f"tests/[a]/test_a.py::{name}", suite.raised("AssertionError", "", at)) for name in names)
    assert len(suite.bugs(*tests)) == 1


def test_a_shared_assertion_helper_does_not_hide_bugs(suite):
    helper = suite.frame("tests/tools.py:3 check", "assert response.ok")
    errors = [suite.raised("AssertionError", "assert False", f"tests/test_a.py:{n} test_{n}", helper) for n in range(2)]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))) == 2


def test_a_thing_that_all_messages_name_ties_tests(suite):
    message = "Cart.add() got an unexpected keyword argument 'count'"
    errors = [suite.raised("TypeError", message, f"tests/test_a.py:{n} test_{n}") for n in range(2)]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))) == 1


def test_none_without_an_attribute_is_no_such_thing(suite):
    message = "'NoneType' object has no attribute 'name'"
    errors = [suite.raised("AttributeError", message, f"tests/test_a.py:{n} test_{n}") for n in range(2)]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))) == 2


LOG = (
    "ERROR request failed\nTraceback (most recent call last):\n"
    '  File "{root}/src/shop/web.py", line 3, in get\n    return net()\n'
    '  File "{root}/src/shop/price.py", line 12, in net\n    x()\nValueError: bad rate 5\n'
)


def test_a_server_error_belongs_to_the_traceback_in_its_log(suite):
    status = suite.raised(
        "AssertionError", "assert 500 == 200", suite.frame("tests/test_a.py:3 test_a", "assert r.status_code == 200")
    )
    direct = suite.raised("ValueError", "bad rate 3", "tests/test_b.py:4 test_b", "src/shop/price.py:12 Rates.net")
    (bug,) = suite.bugs(
        suite.failed("tests/test_a.py::test_a", status, sections={"Captured log call": LOG.format(root=suite.ROOT)}),
        suite.failed("tests/test_b.py::test_b", direct),
    )
    assert bug.title == "ValueError in Rates.net (src/shop/price.py): bad rate 3"


def test_logs_tie_any_number_of_failures(suite):
    status = suite.raised(
        "AssertionError", "assert 500 == 200", suite.frame("tests/test_a.py:3 test_a", "assert r.status_code == 200")
    )
    logs = {"Captured stdout call": "noise", "Captured log call": LOG.format(root=suite.ROOT)}
    (bug,) = suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", status, sections=logs) for n in range(600)))
    assert len(bug.tests) == 600


def test_a_log_does_not_explain_an_assertion_about_something_else(suite):
    value = suite.raised(
        "AssertionError", "assert 3 == 4", suite.frame("tests/test_a.py:3 test_a", "assert net() == 4")
    )
    (bug,) = suite.bugs(
        suite.failed("tests/test_a.py::test_a", value, sections={"Captured log call": LOG.format(root=suite.ROOT)})
    )
    assert bug.suspects == ()


def test_a_refused_connection_ties_tests(suite):
    error = suite.raised(
        "ConnectionRefusedError",
        "[Errno 111] Connection refused",
        "tests/test_a.py:1 test",
        f"{suite.STDLIB}/socket.py:8 connect",
    )
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", error) for n in range(3)))) == 1


def test_two_missing_data_files_are_two_bugs(suite):
    frames = ("tests/test_a.py:1 test", f"{suite.STDLIB}/pathlib.py:8 open")
    said = "[Errno 2] No such file or directory"
    errors = [suite.raised("FileNotFoundError", f"{said}: '{suite.ROOT}/tests/{name}.json'", *frames) for name in "ab"]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))) == 2


def test_without_a_project_frame_the_whole_trace_counts(suite):
    plugin = f"{suite.SITE}/plugin/hook.py"
    errors = [
        suite.raised("Failed", "no async", f"{plugin}:{line} {name}") for line, name in ((1, "a"), (2, "a"), (3, "b"))
    ]
    assert len(suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))) == 2


def test_a_failure_of_which_only_text_is_known(suite):
    (bug,) = suite.bugs(
        suite.failed("tests/test_a.py::test_a", phase="crash", longrepr="worker 'gw0' crashed while running 'x'")
    )
    assert bug.severity == "P1"
    assert bug.root_cause is None


def test_a_test_that_fails_in_every_repeat_and_in_two_phases_is_in_one_bug(suite):
    error = suite.raised("ValueError", "bad", BOOM[1])
    found = suite.bugs(
        suite.failed("tests/test_a.py::test_a", suite.raised("KeyError", "1", BOOM[0]), phase="teardown", repeat=1),
        suite.failed("tests/test_a.py::test_a", error, repeat=0),
    )
    assert [bug.tests for bug in found] == [("tests/test_a.py::test_a",)]
    assert found[0].title.startswith("ValueError")


def test_what_else_failed_in_a_test_is_shown_once_and_within_a_bound(suite):
    first = suite.raised("ValueError", "bad 1", BOOM[1])
    again = suite.raised("ValueError", "bad 2", BOOM[1])
    others = [suite.raised("KeyError", f"'{n}'", f"src/shop/k.py:{n} f{n}") for n in range(7)]
    further = [Further("member 2 of 9", (again,)), Further("subtest (a)")]
    further += [Further(f"member {n + 3} of 9", (other, other)) for n, other in enumerate(others)]
    (bug,) = suite.bugs(
        suite.failed("tests/test_a.py::test_a", first, further=tuple(further), further_left_out=1000),
    )
    assert bug.error.splitlines() == [
        "ValueError: bad 1",
        "also (subtest (a)): failed",
        "also (member 3 of 9): KeyError: '0', src/shop/k.py:0 (f0)",
        "also (member 4 of 9): KeyError: '1', src/shop/k.py:1 (f1)",
        "also (member 5 of 9): KeyError: '2', src/shop/k.py:2 (f2)",
        "also (member 6 of 9): KeyError: '3', src/shop/k.py:3 (f3)",
        "and 1,003 more",
    ]


def test_a_lambda_or_a_comprehension_is_a_part_of_its_function(suite):
    inner = ("net.<locals>.<listcomp>", "net.<locals>.<lambda>.<locals>.<genexpr>", "net")
    errors = [suite.raised("ValueError", "x", f"src/shop/price.py:{n} {name}") for n, name in enumerate(inner)]
    (bug,) = suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))
    assert bug.title == "ValueError in net (src/shop/price.py): x"
    assert [(suspect.function, suspect.lines) for suspect in bug.suspects] == [("net", (0, 1, 2))]


def shown(suite, name, text="assert result.exit_code == 0", exception="RuntimeError('boom 7')"):
    message = f"assert 1 == 0\n +  where 1 = <Result {exception}>.exit_code"
    return suite.failed(
        f"tests/test_cli.py::{name}",
        suite.raised("AssertionError", message, suite.frame(f"tests/test_cli.py:3 {name}", text)),
    )


def test_an_assertion_that_shows_the_exception_belongs_to_it(suite):
    direct = suite.failed(
        "tests/test_z.py::test_z", suite.raised("RuntimeError", "boom 8", "tests/test_z.py:1 z", BOOM[1])
    )
    (bug,) = suite.bugs(shown(suite, "test_a"), shown(suite, "test_b"), direct)
    assert bug.title == "RuntimeError in net (src/shop/price.py): boom 8"
    assert bug.suspects[0].score == 1.0
    assert len(bug.tests) == 3


def test_a_shown_exception_that_two_places_raise_is_not_guessed(suite):
    direct = [
        suite.failed(f"tests/test_z.py::test_{n}", suite.raised("RuntimeError", "boom", f"src/shop/a.py:1 {n}"))
        for n in "fg"
    ]
    assert len(suite.bugs(shown(suite, "test_a", exception="RuntimeError('boom')"), *direct)) == 3


def test_assertions_that_show_the_same_exception_are_one_bug_without_a_suspect(suite):
    (bug,) = suite.bugs(shown(suite, "test_a"), shown(suite, "test_b"))
    assert bug.suspects == ()
    assert bug.title == "RuntimeError inside the product, seen by its tests only as shown: boom <number>"


def test_an_exception_that_the_test_writes_down_or_another_object_ties_nothing(suite):
    text = "assert result.exception == RuntimeError('boom 7')"
    assert len(suite.bugs(shown(suite, "test_a", text), shown(suite, "test_b", text))) == 2
    assert len(suite.bugs(*(shown(suite, name, exception="Decimal('3')") for name in ("test_a", "test_b")))) == 2


def test_a_process_that_died_of_product_code_is_that_bug(suite):
    tail = LOG.format(root=suite.ROOT).splitlines()
    (bug,) = suite.bugs(end=suite.SuiteEnded(1, 1.0, None, stderr_tail=("Plugin error", *tail)))
    assert bug.title == "ValueError in net (src/shop/price.py): bad rate 5"
    assert (bug.owner, bug.severity) == ("product", "P1")


def test_a_process_that_died_of_a_product_file_that_does_not_parse(suite):
    frames = (
        f'  File "{suite.SITE}/plugin.py", line 3, in <module>',
        f'  File "{suite.ROOT}/src/shop/cart.py", line 62',
    )
    tail = ("Traceback (most recent call last):", *frames, "    def x(", "         ^", "SyntaxError: never closed")
    (bug,) = suite.bugs(end=suite.SuiteEnded(1, 1.0, None, stderr_tail=tail))
    assert bug.suspects[0].file == "src/shop/cart.py"


_FUNCTIONS = st.sampled_from(
    [
        "src/shop/cart.py:1 add",
        "src/shop/price.py:2 net",
        "tests/test_a.py:3 test_a",
        "tests/conftest.py:4 db",
        "/x/y.py:5 z",
    ]
)


@st.composite
def failures(draw, suite):
    chain = [
        suite.raised(
            draw(st.sampled_from(["ValueError", "AssertionError", "ImportError"])),
            draw(
                st.sampled_from(
                    ["", "bad 1", "bad 2", "No module named 'x'", "assert 500 == 200", "<R ValueError('bad 3')>"]
                )
            ),
            *draw(st.lists(_FUNCTIONS, max_size=3)),
            link=draw(st.sampled_from(["", "cause", "context"])),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    phase = draw(st.sampled_from(["call", "setup", "teardown", "crash"]))
    fixture = draw(st.sampled_from([None, "db"])) if phase != "call" else None
    sections = draw(st.sampled_from([{}, {"Captured log call": LOG.format(root=suite.ROOT)}]))
    name = draw(st.integers(0, 30))
    return suite.failed(
        f"tests/test_{name % 3}.py::test_{name}", *chain, phase=phase, fixture=fixture, sections=sections
    )


@given(st.data())
def test_groups_are_a_partition_and_the_order_of_failures_does_not_matter(suite, data):
    found = data.draw(st.lists(failures(suite), unique_by=lambda test: test.id, max_size=8))
    shuffled = data.draw(st.permutations(found))
    one, other = suite.bugs(*found), suite.bugs(*shuffled)
    assert sorted(test for bug in one for test in bug.tests) == sorted(test.id for test in found)
    assert len({bug.id for bug in one}) == len(one)
    assert one == other


@given(st.data())
def test_groups_survive_moved_lines(suite, data):
    found = data.draw(st.lists(failures(suite), unique_by=lambda test: test.id, max_size=5))
    layout = layout_of(suite.plan(), suite.STARTED, ".", ["tests/test_a.py"])

    def ids(shift):
        tests = [_moved(test, shift) for test in found]
        observed = observe(Envelope(1, n, "suite", 0, n, test) for n, test in enumerate(tests))
        return [(one.key.id, one.tests) for one in group(observed.failures, layout)]

    assert ids(0) == ids(data.draw(st.integers(1, 500)))


def _moved(test, shift):
    from msgspec.structs import replace

    chain = tuple(
        replace(error, frames=tuple(replace(frame, line=frame.line + shift) for frame in error.frames))
        for error in test.chain
    )
    return replace(test, chain=chain)
