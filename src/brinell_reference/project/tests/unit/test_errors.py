from __future__ import annotations

import pickle

import pytest

from noticeboard.errors import TABLE, Problem


@pytest.mark.parametrize("kind", TABLE)
def test_every_kind_can_be_raised(kind):
    problem = Problem(kind)
    assert 400 <= problem.status < 600
    assert str(problem) == problem.title
    assert ("Retry-After" in problem.headers) == (problem.status == 503)


def test_details_and_headers():
    problem = Problem("overloaded", "detail", headers={"Retry-After": "9", "X": "y"})
    assert str(problem) == problem.detail == "detail"
    assert problem.headers == {"Retry-After": "9", "X": "y"}


def test_an_unknown_kind_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        Problem("unheard-of")


def test_problems_can_cross_processes():
    # Test runners send what was raised from one process to another.
    again = pickle.loads(pickle.dumps(Problem("not-found", "detail")))  # noqa: S301 - its own
    assert (again.kind, again.detail) == ("not-found", "detail")
