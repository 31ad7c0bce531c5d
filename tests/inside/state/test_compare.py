"""Random structures, random mutations: a change is named exactly where there is one, and putting back leaves none."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from brinell_inside.state.compare import Comparison
from brinell_inside.state.graph import Graph

LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2) | st.just(1.5)
KEYS = st.integers(0, 3) | st.text("ab", max_size=1)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(st.integers(0, 5), max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


def exact(value):
    """The structure with types, so that 1, 1.0 and True differ, and the order of a dict does not count."""
    if type(value) is dict:
        return ("dict", frozenset((exact(key), exact(item)) for key, item in value.items()))
    if type(value) is set:
        return ("set", frozenset(map(exact, value)))
    if type(value) in (list, tuple):
        return (type(value).__name__, tuple(map(exact, value)))
    return (type(value).__name__, value)


def containers(value):
    found = [value] if type(value) in (list, dict, set) else []
    inner = value.values() if type(value) is dict else value if type(value) in (list, tuple) else ()
    for item in inner:
        found.extend(containers(item))
    return found


@st.composite
def mutated(draw):
    """A holder with a structure in it, remembered, then changed at random places."""
    holder = {"root": draw(TREES)}
    graph = Graph([holder])
    before = exact(holder)
    remembered = copy.copy(holder)
    for _ in range(draw(st.integers(0, 4))):
        mutate(draw, draw(st.sampled_from(containers(holder))))
    return holder, graph, before, remembered


def mutate(draw, target):
    if type(target) is list:
        action = draw(st.sampled_from(["append", "clear", "reverse", "same"]))
        if action == "append":
            target.append(draw(TREES))
        elif action != "same":
            getattr(target, action)()
    elif type(target) is set:
        target.symmetric_difference_update({draw(st.integers(0, 5))})
    elif target and "root" not in target and draw(st.booleans()):
        target.popitem()
    else:
        target["root" if "root" in target else draw(KEYS)] = draw(TREES)


@given(mutated())
def test_changes_exactly_where_the_structure_differs(case):
    holder, graph, before, _ = case

    changes = list(Comparison(graph).changes(holder, holder, "holder"))

    assert bool(changes) == (exact(holder) != before)


@given(mutated())
def test_putting_back_leaves_no_change(case):
    holder, graph, before, remembered = case

    graph.put_back(holder)

    assert list(Comparison(graph).changes(holder, holder, "holder")) == []
    assert graph.untouched()
    assert exact(holder) == before
    assert holder["root"] is remembered["root"]


@given(TREES)
def test_a_copy_is_the_same(tree):
    graph = Graph([tree])

    assert Comparison(graph).same(tree, copy.deepcopy(tree))
