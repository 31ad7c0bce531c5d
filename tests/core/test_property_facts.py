"""Which tests have a number of examples of their own, and what they get today."""

from __future__ import annotations

import pytest

from brinell.core.property_facts import Facts
from brinell.core.property_records import PropertyObserved, PropertyRun, PropertyStarted


def seen(*pairs, own=100):
    """Facts of a test that declared so many examples under profiles that said so many."""
    runs = [PropertyRun("look", "t", "passed", ran=1, declared=said, profile_examples=of) for of, said in pairs]
    return Facts([PropertyStarted("look", hypothesis="6.170.0", examples=own), *runs])


@pytest.mark.parametrize(
    ("facts", "pinned", "now"),
    [
        (seen((10, 10), (200, 200)), None, 100),
        (seen((10, 17), (200, 17)), 17, 17),
        (seen((10, 20), (200, 400)), None, 200),
        (seen((10, 10), (200, 200), own=300), None, 300),
        (seen((10, 17)), 17, 17),
        (seen((10, 10)), None, 100),
        (seen((10, 10), (200, 10)), 10, 10),
    ],
)
def test_pinned_and_now(facts, pinned, now):
    assert facts.pinned("t") == pinned
    assert facts.now("t") == now


@pytest.mark.parametrize(
    ("new_lines", "files", "last"), [(((1, 5), (7, 1)), 2, 7), (((1, 5),), 1, None), ((), 0, None)]
)
def test_saturation_is_the_last_example_with_new_lines(new_lines, files, last):
    facts = seen((10, 10))
    facts.add(PropertyObserved("cover", "t", {"passed": 50}, new_lines=new_lines, lines=6, files=files))
    assert facts.saturation("t") == last


def test_only_runs_of_the_same_size_verify_together():
    facts = Facts(
        PropertyRun("ci", "t", "passed", ran=ran, call_s=took) for ran, took in ((50, 9.0), (25, 1.0), (25, 3.0))
    )
    assert facts.verified_s("t", "ci") == (25, 2.0)
    assert facts.verified_s("t", "local") is None
