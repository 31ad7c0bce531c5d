from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core import clusters as module
from brinell.core.clusters import MOST_APART, Cluster, Unreliable, clusters, linked

SETS = st.lists(st.sets(st.integers(0, 12), min_size=1, max_size=4).map(tuple), max_size=3).map(tuple)


@st.composite
def unreliable(draw):
    some = draw(st.lists(st.integers(0, 500), unique=True, max_size=25))
    return [
        Unreliable(
            test,
            draw(SETS),
            tuple(draw(st.sets(st.sampled_from(["os.environ", "app.cache", "logging"]), max_size=2))),
            draw(st.sampled_from([None, "clock", "network"])),
            draw(st.floats(0, 1)),
            draw(st.floats(0, 1000)),
            draw(st.frozensets(st.integers(0, 9), max_size=6)),
            draw(SETS),
        )
        for test in some
    ]


def groups(tests):
    return [cluster.tests for cluster in clusters(tests)]


def apart(one, other):
    return 1 - len(one & other) / len(one | other)


@given(unreliable(), st.randoms(use_true_random=False))
def test_every_test_is_in_one_cluster_and_no_order_of_theirs_matters(tests, shuffled):
    found = clusters(tests)
    assert sorted(test for cluster in found for test in cluster.tests) == sorted(test.test for test in tests)
    assert all(list(cluster.tests) == sorted(cluster.tests) for cluster in found)
    again = list(tests)
    shuffled.shuffle(again)
    assert clusters(again) == found


@given(unreliable())
def test_the_tests_of_a_cluster_have_its_reason(tests):
    by_number = {test.test: test for test in tests}
    for cluster in clusters(tests):
        for test in map(by_number.__getitem__, cluster.tests):
            match cluster.kind:
                case "polluter":
                    assert any(cluster.reason in some for some in test.polluters)
                case "setter":
                    assert any(cluster.reason in some for some in test.setters)
                case "state":
                    assert cluster.reason in test.roots
                case "cause":
                    assert (cluster.reason, test.polluters, test.setters, test.roots) == (test.cause, (), (), ())
                case "runs":
                    assert len(cluster.tests) > 1
                    assert (test.polluters, test.setters, test.roots, test.cause) == ((), (), (), None)
                case "alone":
                    assert len(cluster.tests) == 1


@given(unreliable())
def test_nothing_that_shares_a_polluter_or_a_root_is_alone_while_the_other_is_too(tests):
    by_number = {test.test: test for test in tests}
    alone = [by_number[cluster.tests[0]] for cluster in clusters(tests) if len(cluster.tests) == 1]
    for one, other in combinations(alone, 2):
        assert not {p for some in one.polluters for p in some} & {p for some in other.polluters for p in some}
        assert not {p for some in one.setters for p in some} & {p for some in other.setters for p in some}
        assert not set(one.roots) & set(other.roots)


@given(unreliable())
def test_what_saves_most_time_comes_first(tests):
    by_number = {test.test: test for test in tests}
    found = clusters(tests)
    assert [one.seconds_saved for one in found] == sorted((one.seconds_saved for one in found), reverse=True)
    for cluster in found:
        members = [by_number[test] for test in cluster.tests]
        assert cluster.seconds_saved == max(member.probability * member.seconds for member in members)
        assert cluster.probability == max(member.probability for member in members)


def test_the_polluter_of_most_victims_takes_them_all():
    tests = [
        Unreliable(1, ((7,),)),
        Unreliable(2, ((7,), (8,))),
        Unreliable(3, ((8, 9),)),
        Unreliable(4, ((7, 8),)),
        Unreliable(5, ((8,),)),
        Unreliable(6, ((9,),)),
    ]
    # 8 decides on 2, 3, 4 and 5; of 7's and 9's only one each is left then, and alone they say who it was.
    assert clusters(tests) == [
        Cluster("polluter", 8, (2, 3, 4, 5), 0, 0),
        Cluster("polluter", 7, (1,), 0, 0),
        Cluster("polluter", 9, (6,), 0, 0),
    ]


def test_a_polluter_is_another_reason_than_a_setter():
    tests = [Unreliable(1, ((7,),)), Unreliable(2, setters=((7,),)), Unreliable(3, setters=((7,),))]
    assert [(one.kind, one.reason, one.tests) for one in clusters(tests)] == [
        ("setter", 7, (2, 3)),
        ("polluter", 7, (1,)),
    ]


def test_different_polluters_that_leak_the_same_are_one_cluster():
    tests = [Unreliable(1, ((7,),), ("app.cache",), "order"), Unreliable(2, ((8,),), ("app.cache",), "order")]
    assert clusters(tests) == [Cluster("state", "app.cache", (1, 2), 0, 0)]


def test_a_cause_joins_only_what_nothing_better_is_known_of():
    tests = [Unreliable(1, ((7,),), cause="order"), Unreliable(2, ((8,),), cause="order")]
    assert groups(tests) == [(1,), (2,)]
    assert clusters([Unreliable(1, cause="clock"), Unreliable(2, cause="network"), Unreliable(3, cause="clock")]) == [
        Cluster("cause", "clock", (1, 3), 0, 0),
        Cluster("cause", "network", (2,), 0, 0),
    ]


def test_tests_without_a_known_cause_join_where_they_fail_in_the_same_runs():
    a, b = frozenset({"monday", "friday"}), frozenset({"tuesday", "sunday"})
    tests = [
        Unreliable(number, failing_runs=runs) for number, runs in enumerate([a, b, a, b | {"friday"}, frozenset()])
    ]
    assert [(one.kind, one.tests) for one in clusters(tests)] == [("runs", (0, 2)), ("runs", (1, 3)), ("alone", (4,))]


def test_failing_together_once_or_nearly_always_proves_nothing():
    once, often = frozenset({1}), frozenset(range(9))
    assert groups([Unreliable(1, failing_runs=once), Unreliable(2, failing_runs=once)]) == [(1,), (2,)]
    assert groups([Unreliable(one, probability=0.9, failing_runs=often) for one in (1, 2)]) == [(1,), (2,)]


def test_time_saved_counts_a_run_once_however_many_fail_in_it():
    many = [Unreliable(number, ((50,),), probability=0.1, seconds=60) for number in range(40)]
    slow = Unreliable(45, cause="network", probability=0.2, seconds=60)
    found = clusters([*many, slow])
    assert [(one.reason, len(one.tests)) for one in found] == [("network", 1), (50, 40)]
    assert [one.seconds_saved for one in found] == pytest.approx([12, 6])


def by_definition(sets, sizes):
    """Average linkage as it is defined: the nearest two groups join, until they are too far apart."""
    found = [[place] for place in range(len(sets))]

    def mean(one, other):
        pairs = [(p, q) for p in one for q in other]
        whole = sum(sizes[p] * sizes[q] for p, q in pairs)
        return sum(sizes[p] * sizes[q] * apart(sets[p], sets[q]) for p, q in pairs) / whole

    tied = False
    while len(found) > 1:
        every = sorted((mean(one, other), place) for place, (one, other) in enumerate(combinations(found, 2)))
        if every[0][0] > MOST_APART + 1e-9:
            return found, tied
        tied |= len(every) > 1 and every[1][0] - every[0][0] < 1e-9
        one, other = list(combinations(found, 2))[every[0][1]]
        found = [group for group in found if group not in (one, other)] + [one + other]
    return found, tied


@pytest.mark.parametrize("seed", range(60))
def test_the_chain_joins_what_average_linkage_joins(seed):
    """These seeds draw no equal distances: with those the definition would leave a choice."""
    draw = random.Random(seed)  # noqa: S311 - reproducible, no secret
    cores = [draw.sample(range(400), 60) for _ in range(4)]
    sets = [
        frozenset([*draw.sample(draw.choice(cores), draw.randint(35, 60)), *range(400, 400 + n)]) for n in range(12)
    ]
    sizes = [draw.randint(1, 4) for _ in sets]
    expected, tied = by_definition(sets, sizes)
    assert not tied
    assert 1 < len(expected) < len(sets)
    assert sorted(linked(sets, sizes)) == sorted(sorted(group) for group in expected)


@given(st.lists(st.frozensets(st.integers(0, 6), min_size=1), max_size=9))
def test_equal_distances_too_leave_groups_of_which_the_mean_is_near(sets):
    found = linked(sets, [1] * len(sets))
    assert sorted(place for group in found for place in group) == list(range(len(sets)))
    for group in found:
        for place in group:
            assert len(group) == 1 or min(apart(sets[place], sets[q]) for q in group if q != place) <= MOST_APART + 1e-9


def test_planted_groups_are_found_again():
    draw = random.Random(7)  # noqa: S311 - reproducible, no secret
    truth, tests = {}, []
    for number in range(120):
        group = number % 6
        runs = {run for run in range(group * 30, group * 30 + 30) if draw.random() < 0.9} | {draw.randrange(180)}
        truth.setdefault(group, []).append(number)
        tests.append(Unreliable(number, probability=0.15, seconds=9, failing_runs=frozenset(runs)))
    assert sorted(groups(tests)) == sorted(tuple(group) for group in truth.values())


def test_beyond_the_bound_the_cheapest_stay_alone(monkeypatch):
    monkeypatch.setattr(module, "MOST_SETS", 2)
    runs = [frozenset({1, 2, 3}), frozenset({1, 2}), frozenset({1, 2, 3, 4})]
    tests = [
        Unreliable(number, probability=0.1, seconds=cost, failing_runs=some)
        for number, (some, cost) in enumerate(zip(runs, [1, 5, 3], strict=True))
    ]
    assert groups(tests) == [(1, 2), (0,)]


def test_a_thousand_different_sets_are_joined():
    draw = random.Random(3)  # noqa: S311 - reproducible, no secret
    tests = [
        Unreliable(number, failing_runs=frozenset(draw.sample(range(number % 50 * 40, number % 50 * 40 + 40), 36)))
        for number in range(1000)
    ]
    assert sorted(map(len, groups(tests))) == [20] * 50


@pytest.mark.parametrize(
    "bad",
    [
        [Unreliable(1), Unreliable(1)],
        [Unreliable(1, probability=1.5)],
        [Unreliable(1, probability=float("nan"))],
        [Unreliable(1, seconds=-1)],
        [Unreliable(1, seconds=float("inf"))],
    ],
)
def test_what_cannot_be_is_refused(bad):
    with pytest.raises(ValueError, match="test 1"):
        clusters(bad)
