from __future__ import annotations

from itertools import count, product
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.suite import schedule
from brinell.suite.schedule import BOUND, MOST_CHUNKS, Chunk, ModuleLoad, chunks, cut, makespan, modules_of

WORKERS = st.integers(1, 9)
KNOWN = st.one_of(st.integers(0, 9).map(float), st.floats(0, 100))
SECONDS = st.one_of(st.none(), KNOWN)
ROUNDING = 1 + 1e-9


@st.composite
def suites(draw, seconds=SECONDS, most_modules=8, most_tests=12):
    tests = count()
    found = []
    for place in range(draw(st.integers(0, most_modules))):
        some = draw(st.lists(st.tuples(seconds, st.sampled_from(["", "", "TestA", "TestB"])), max_size=most_tests))
        numbers = tuple(next(tests) for _ in some)
        found.append(
            ModuleLoad(f"test_{place}.py", numbers, tuple(one for one, _ in some), tuple(name for _, name in some))
        )
    return found


def lengths(modules):
    return {
        test: one
        for module in modules
        for test, one in zip(module.tests, module.seconds, strict=True)
        if one is not None
    }


def optimum(seconds, workers):
    """The shortest makespan there is, by trying everything."""
    best = inf
    for worker_of in product(range(workers), repeat=len(seconds)):
        loads = [0.0] * workers
        for one, worker in zip(seconds, worker_of, strict=True):
            loads[worker] += one
        best = min(best, max(loads))
    return best


def module_of(modules):
    return {test: module.path for module in modules for test in module.tests}


@given(suites(), WORKERS)
def test_every_test_is_in_one_chunk(modules, workers):
    queue = chunks(modules, workers)
    tests = [test for chunk in queue for test in chunk.tests]
    assert sorted(tests) == [test for module in modules for test in module.tests]
    assert all(chunk.tests for chunk in queue)


@given(suites(), WORKERS)
def test_chunks_are_neighbours_of_one_module_in_its_order(modules, workers):
    of = module_of(modules)
    for chunk in chunks(modules, workers):
        assert len({of[test] for test in chunk.tests}) == 1
        assert list(chunk.tests) == list(range(chunk.tests[0], chunk.tests[0] + len(chunk.tests)))


@given(suites(), WORKERS)
def test_a_module_is_pulled_in_its_order_but_for_single_tests_that_are_long(modules, workers):
    of = module_of(modules)
    queue = chunks(modules, workers)
    third = sum(chunk.seconds for chunk in queue) / workers / 3
    short = [chunk for chunk in queue if len(chunk.tests) > 1 or chunk.seconds <= third]
    for module in modules:
        firsts = [chunk.tests[0] for chunk in short if of[chunk.tests[0]] == module.path]
        assert firsts == sorted(firsts)


@given(suites(KNOWN), WORKERS)
def test_it_ends_within_four_thirds_of_what_nobody_can_beat_or_its_last_chunk_is_fine(modules, workers):
    """The condition of the bound: within it of a lower bound, or pieces of a third of the mean load or one test."""
    queue = chunks(modules, workers)
    if not queue:
        return
    seconds = [chunk.seconds for chunk in queue]
    mean_load, longest = sum(seconds) / workers, max(lengths(modules).values())
    fine = all(len(chunk.tests) == 1 or chunk.seconds <= mean_load / 3 * ROUNDING for chunk in queue)
    assert makespan(seconds, workers) <= BOUND * max(mean_load, longest) * ROUNDING or fine


@given(suites(KNOWN.filter(bool), most_modules=3, most_tests=3), st.integers(1, 3))
def test_it_ends_within_four_thirds_of_the_optimum(modules, workers):
    tests = list(lengths(modules).values())[:7]
    modules = [
        ModuleLoad(path, some[: max(0, 7 - some[0])], seconds[: max(0, 7 - some[0])], classes[: max(0, 7 - some[0])])
        for path, some, seconds, classes in modules
        if some
    ]
    queue = chunks(modules, workers)
    assert makespan([chunk.seconds for chunk in queue], workers) <= BOUND * optimum(tests, workers) * ROUNDING


@given(suites(KNOWN), WORKERS)
def test_chunks_need_what_their_tests_need(modules, workers):
    recorded = lengths(modules)
    if not any(recorded.values()):
        recorded = dict.fromkeys(recorded, 1.0)
    for chunk in chunks(modules, workers):
        assert chunk.seconds == pytest.approx(sum(recorded[test] for test in chunk.tests))


def module(path, seconds, classes=None, first=0):
    numbers = tuple(range(first, first + len(seconds)))
    return ModuleLoad(path, numbers, tuple(seconds), tuple(classes or [""] * len(seconds)))


def test_modules_that_fit_stay_whole_and_long_ones_come_first():
    modules = [module("a", [1, 1]), module("b", [2, 2], first=2), module("c", [1, 2], first=4)]
    assert [chunk.tests for chunk in chunks(modules, 2)] == [(2, 3), (4, 5), (0, 1)]


def test_unknown_durations_count_as_the_mean_of_the_known_ones():
    modules = [module("a", [2, None, 4]), module("b", [nan, -1, inf, None], first=3)]
    assert chunks(modules, 2) == [Chunk((3, 4, 5, 6), 12.0), Chunk((0, 1, 2), 9.0)]
    assert [chunk.seconds for chunk in chunks([module("a", [None] * 4)], 1)] == [4.0]
    assert [chunk.seconds for chunk in chunks([module("a", [0.0] * 4)], 2)] == [2.0, 2.0]


def test_a_long_module_is_cut_between_classes_first():
    classes = ["TestA"] * 3 + ["TestB"] * 2 + [""] * 3
    queue = chunks([module("a", [1] * 8, classes)], 2)
    assert sorted(chunk.tests for chunk in queue) == [(0, 1, 2), (3, 4, 5, 6), (7,)]


def test_a_class_is_cut_where_it_alone_is_too_long():
    queue = chunks([module("a", [1] * 9, ["", *["TestA"] * 8])], 3)
    assert sorted(chunk.tests for chunk in queue) == [(0,), (1, 2, 3), (4, 5, 6), (7, 8)]
    assert makespan([chunk.seconds for chunk in queue], 3) == 3


def test_one_worker_gets_whole_modules():
    modules = [module("a", [1, 5]), module("b", [30, 2, 1], first=2)]
    assert [chunk.tests for chunk in chunks(modules, 1)] == [(2, 3, 4), (0, 1)]


def test_pieces_get_finer_only_as_far_as_needed():
    """Two halves would do for two workers; so there are two."""
    assert len(chunks([module("a", [1.0] * 100)], 2)) == 2


@given(st.lists(st.floats(0, 9), max_size=30), WORKERS)
def test_makespan_is_what_stepping_through_time_gives(seconds, workers):
    free_at = dict.fromkeys(range(workers), 0.0)
    for one in seconds:
        free_at[min(free_at, key=free_at.__getitem__)] += one
    assert makespan(seconds, workers) == max(free_at.values())


@pytest.mark.parametrize("shrinking", [1.0, 0.9999, 0.99, 0.0])
def test_a_queue_has_an_end(shrinking):
    """More modules than chunks there may be: the short ones go together, in their order."""
    many = MOST_CHUNKS + 4000
    modules = [module(f"m{number}", [shrinking**number], first=number) for number in range(many)]
    queue = chunks(modules, 2)
    assert sorted(test for chunk in queue for test in chunk.tests) == list(range(many))
    assert 1 < len(queue) <= MOST_CHUNKS
    assert all(list(chunk.tests) == sorted(chunk.tests) for chunk in queue)
    total = sum(chunk.seconds for chunk in queue)
    assert makespan([chunk.seconds for chunk in queue], 2) <= BOUND * max(total / 2, 1) * ROUNDING


@given(suites(most_tests=20), WORKERS)
def test_putting_together_loses_nothing_and_keeps_order(modules, workers):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "MOST_CHUNKS", 8)
        patch.setattr(schedule, "_ALONE", 3)
        patch.setattr(schedule, "_TAIL", 2)
        queue = chunks(modules, workers)
    assert len(queue) <= 8
    assert sorted(test for chunk in queue for test in chunk.tests) == [test for one in modules for test in one.tests]
    assert all(list(chunk.tests) == sorted(chunk.tests) for chunk in queue)


def test_nothing_needs_no_chunk_and_nobody_can_do_anything():
    assert chunks([], 2) == chunks([module("empty", [])], 2) == []
    for bad in (0, -1):
        with pytest.raises(ValueError, match="needs workers"):
            chunks([], bad)
        with pytest.raises(ValueError, match="needs workers"):
            makespan([], bad)
    with pytest.raises(ValueError, match="shorter"):
        chunks([ModuleLoad("a", (0, 1), (1.0,), ("", ""))], 2)


def test_node_ids_name_modules_and_classes():
    tests = ["a.py::f", "a.py::A::B::g[x::y[z]]", "b.py::h", "a.py::A::i", "c.txt"]
    assert modules_of(tests, {"b.py::h": 2.0, "gone": 3.0}) == [
        ModuleLoad("a.py", (0, 1), (None, None), ("", "A::B")),
        ModuleLoad("b.py", (2,), (2.0,), ("",)),
        ModuleLoad("a.py", (3,), (None,), ("A",)),
        ModuleLoad("c.txt", (4,), (None,), ("",)),
    ]


@given(st.lists(st.tuples(st.sampled_from("abc"), KNOWN), max_size=40), WORKERS)
def test_parts_of_a_module_stay_in_order_too(runs, workers):
    tests = [f"{path}.py::test_{number}" for number, (path, _) in enumerate(runs)]
    durations = {test: seconds for test, (_, seconds) in zip(tests, runs, strict=True)}
    queue = cut(tests, durations, workers)
    assert sorted(number for chunk in queue for number in chunk) == list(range(len(tests)))
    third = (sum(durations.values()) or len(tests)) / workers / 3
    for path in "abc":
        firsts = [
            chunk[0] for chunk in queue if runs[chunk[0]][0] == path and (len(chunk) > 1 or runs[chunk[0]][1] <= third)
        ]
        assert firsts == sorted(firsts)
